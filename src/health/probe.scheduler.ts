import { Injectable } from '@nestjs/common';
import { Interval } from '@nestjs/schedule';
import { HealthService } from './health.service.js';

const TICK_MS = 250;
const RESYNC_MS = 60_000;

/** Gives health its ticks. They are synchronous: what is due is decided by `CheckRounds` on the clock port. */
@Injectable()
export class ProbeScheduler {
  constructor(private readonly health: HealthService) {}

  @Interval('health.tick', TICK_MS)
  tick(): void {
    this.health.tick();
  }

  @Interval('health.resync', RESYNC_MS)
  resync(): void {
    this.health.resync();
  }
}
