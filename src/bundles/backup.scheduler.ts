import { Injectable } from '@nestjs/common';
import { Interval } from '@nestjs/schedule';
import { BackupsService } from './backups.service.js';

const TICK_MS = 60_000;

/** Gives backups their ticks; what is due is decided by `nextBackupMs` on the clock port. */
@Injectable()
export class BackupScheduler {
  constructor(private readonly backups: BackupsService) {}

  @Interval('backups.tick', TICK_MS)
  tick(): Promise<void> {
    return this.backups.tick();
  }
}
