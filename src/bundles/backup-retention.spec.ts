import { describe, expect, it } from '@jest/globals';
import { backupsToPrune, nextBackupMs } from './backup-retention.js';

const HOUR = 3_600_000;
const one = (
  backup_id: string,
  origin: 'on_demand' | 'scheduled' | 'external',
  createdMs: number,
) => ({
  backup_id,
  origin,
  createdMs,
});

describe('backupsToPrune', () => {
  it('names the oldest beyond the limit of their origin, and never what was put there', () => {
    const backups = [
      one('s1', 'scheduled', 1),
      one('s3', 'scheduled', 3),
      one('s2', 'scheduled', 2),
      one('d1', 'on_demand', 1),
      one('d2', 'on_demand', 2),
      one('e1', 'external', 0),
      one('e2', 'external', 0),
    ];
    expect(backupsToPrune(backups, { on_demand: 1, scheduled: 2 })).toEqual(['d1', 's1']);
    expect(backupsToPrune(backups, { on_demand: 5, scheduled: 5 })).toEqual([]);
  });
});

describe('nextBackupMs', () => {
  it.each([
    [{ intervalHours: 0, lastMs: null, failedMs: null }, null],
    [{ intervalHours: 24, lastMs: null, failedMs: null }, 0],
    [{ intervalHours: 24, lastMs: 1000, failedMs: null }, 1000 + 24 * HOUR],
    [{ intervalHours: 24, lastMs: null, failedMs: 5000 }, 5000 + HOUR / 6],
    [{ intervalHours: 1, lastMs: 0, failedMs: 5 * HOUR }, 5 * HOUR + HOUR / 6],
    [{ intervalHours: 24, lastMs: 0, failedMs: 1000 }, 24 * HOUR],
  ])('of %j is %p', (facts, next) => {
    expect(nextBackupMs(facts)).toBe(next);
  });
});
