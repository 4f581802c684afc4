import { Injectable } from '@nestjs/common';
import { Interval } from '@nestjs/schedule';
import { Clock } from '../kernel/clock.js';
import { Logger } from '../kernel/logger.js';
import { RegistryService } from './registry.service.js';

const EACH_HOUR_MS = 3_600_000;

/** Purges the archive, each hour. */
@Injectable()
export class ArchiveRetentionService {
  private isPurging = false;

  constructor(
    private readonly registry: RegistryService,
    private readonly clock: Clock,
    private readonly logger: Logger,
  ) {}

  /** Why not async: a tick that waits may overlap the next and leaks its rejection. */
  @Interval('registry.archive-retention', EACH_HOUR_MS)
  tick(): void {
    void this.purge();
  }

  /** Never two at once; a failure is logged and tried again with the next tick. */
  async purge(): Promise<void> {
    if (this.isPurging) return;
    this.isPurging = true;
    try {
      const purged = await this.registry.purgeArchive(this.clock.now());
      if (purged > 0) this.logger.info({ purged }, 'archived services were purged');
    } catch (error) {
      this.logger.error({ err: error }, 'the archive could not be purged');
    } finally {
      this.isPurging = false;
    }
  }
}
