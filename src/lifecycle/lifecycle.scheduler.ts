import { Injectable } from '@nestjs/common';
import { Interval } from '@nestjs/schedule';
import { Logger } from '../kernel/logger.js';
import { LifecycleService } from './lifecycle.service.js';

const RESYNC_MS = 60_000;

/** Once a minute everything is looked at again, behind the events. The tick is synchronous; resyncs never overlap. */
@Injectable()
export class LifecycleScheduler {
  constructor(
    private readonly lifecycle: LifecycleService,
    private readonly logger: Logger,
  ) {}

  @Interval('lifecycle.resync', RESYNC_MS)
  tick(): void {
    this.lifecycle.resync().catch((error: unknown) => {
      this.logger.error({ err: error }, 'the lifecycle resync failed');
    });
  }
}
