import { Module } from '@nestjs/common';

/** Holds the dynamic controllers and nothing else, so that they can be counted, scanned and removed by themselves. */
@Module({})
export class EndpointHostModule {}
