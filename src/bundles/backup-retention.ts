import type { BackupOrigin } from './backup-name.js';

interface Kept {
  readonly backup_id: string;
  readonly origin: BackupOrigin;
  readonly createdMs: number;
}

const HOUR_MS = 60 * 60 * 1000;
/** After a failure the next attempt comes no sooner. */
const RETRY_MS = 10 * 60 * 1000;

/** Backups on demand that are kept; scheduled ones have their setting, and what was put there is never removed. */
export const MAX_ON_DEMAND = 20;

/** The backups to remove, so that at most `limits` of each origin stay: the oldest. */
export function backupsToPrune(
  backups: readonly Kept[],
  limits: Readonly<Record<Exclude<BackupOrigin, 'external'>, number>>,
): string[] {
  const surplus = (origin: 'on_demand' | 'scheduled'): string[] => {
    const own = backups
      .filter((one) => one.origin === origin)
      .sort((left, right) => right.createdMs - left.createdMs);
    return own.slice(limits[origin]).map((one) => one.backup_id);
  };
  return [...surplus('on_demand'), ...surplus('scheduled')];
}

export interface ScheduleFacts {
  /** 0 = no backups are made by themselves. */
  readonly intervalHours: number;
  /** Milliseconds since the epoch; `null` when there is none yet. */
  readonly lastMs: number | null;
  readonly failedMs: number | null;
}

/** When the next scheduled backup is due, in milliseconds since the epoch; 0 = at once, `null` = never. */
export function nextBackupMs({ intervalHours, lastMs, failedMs }: ScheduleFacts): number | null {
  if (intervalHours === 0) return null;
  const regular = lastMs === null ? 0 : lastMs + intervalHours * HOUR_MS;
  return failedMs === null ? regular : Math.max(regular, failedMs + RETRY_MS);
}
