import { Module } from '@nestjs/common';

/** Whole registries as documents: export, import, backup and restore. */
@Module({})
export class BundlesModule {}
