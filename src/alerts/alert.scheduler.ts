import { Injectable } from '@nestjs/common';
import { Interval } from '@nestjs/schedule';
import { AlertsService } from './alerts.service.js';

const TICK_MS = 1_000;
const RESYNC_MS = 60_000;

/** Gives alerts their ticks. They are synchronous: what is due is decided by `AlertBoard` on the clock port. */
@Injectable()
export class AlertScheduler {
  constructor(private readonly alerts: AlertsService) {}

  @Interval('alerts.tick', TICK_MS)
  tick(): void {
    this.alerts.tick();
  }

  @Interval('alerts.resync', RESYNC_MS)
  resync(): void {
    this.alerts.resync();
  }
}
