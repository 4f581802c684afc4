import { Module } from '@nestjs/common';

/** Who changed what, and who was refused: reads and verifies the chain that the store writes. */
@Module({})
export class AuditModule {}
