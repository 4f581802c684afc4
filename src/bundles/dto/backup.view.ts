import { ApiProperty } from '@nestjs/swagger';
import { BACKUP_KINDS, type BackupCounts, type LostRecord } from '../backup-document.js';
import type { BackupOrigin } from '../backup-name.js';
import type { CreatedBackup, DescribedBackup, ScheduleState } from '../backups.service.js';

const TEXT_OR_NULL = { type: String, nullable: true } as const;
const COUNT_OR_NULL = { type: 'integer', nullable: true } as const;
const TIME_OR_NULL = { type: String, format: 'date-time', nullable: true } as const;

export class LostRecordView {
  @ApiProperty({ enum: BACKUP_KINDS })
  kind!: string;

  @ApiProperty({ type: String })
  id!: string;
}

export class BackupView {
  @ApiProperty({ type: String, example: '20260801t031500000z-manual-0f3a9c21' })
  backup_id!: string;

  @ApiProperty({
    enum: ['on_demand', 'scheduled', 'external'],
    description: 'external: a file that was put into the directory; never removed by itself',
  })
  origin!: BackupOrigin;

  @ApiProperty({ type: String, description: 'Name of the archive in `services/backups`' })
  file!: string;

  @ApiProperty({ type: 'integer' })
  bytes!: number;

  @ApiProperty({ ...TEXT_OR_NULL, description: 'As the file beside it says; null without one' })
  sha256!: string | null;

  @ApiProperty({ type: String, format: 'date-time' })
  created_at!: string;

  @ApiProperty({ ...COUNT_OR_NULL, description: 'The store revision that all of it is of' })
  revision!: number | null;

  @ApiProperty({ ...TEXT_OR_NULL, description: 'Version of the gateway that made it' })
  product_version!: string | null;

  @ApiProperty(COUNT_OR_NULL)
  services!: number | null;

  @ApiProperty(COUNT_OR_NULL)
  templates!: number | null;

  @ApiProperty({
    type: 'object',
    nullable: true,
    additionalProperties: { type: 'integer' },
    description: 'Records by kind',
  })
  records!: BackupCounts | null;

  @ApiProperty({ ...TEXT_OR_NULL, description: 'Why it cannot be read, or null' })
  fault!: string | null;
}

export class CheckedBackupView extends BackupView {
  @ApiProperty({ type: Boolean, description: 'Every byte was read and is what was written' })
  verified!: boolean;

  @ApiProperty({
    type: [LostRecordView],
    description: 'Records whose files were damaged before the backup was made; it lacks them',
  })
  lost!: LostRecord[];
}

export class CreatedBackupView extends CheckedBackupView {
  @ApiProperty({ type: [String], description: 'Older backups that were removed for it' })
  pruned!: string[];
}

export class BackupScheduleView {
  @ApiProperty({ type: 'integer', description: '0 = none are made by themselves' })
  interval_hours!: number;

  @ApiProperty({ type: 'integer', description: 'Scheduled backups that are kept' })
  keep!: number;

  @ApiProperty(TIME_OR_NULL)
  last_at!: string | null;

  @ApiProperty({ ...TIME_OR_NULL, description: 'null = never' })
  next_at!: string | null;

  @ApiProperty({ ...TEXT_OR_NULL, description: 'Why the last one failed; null = it did not' })
  last_failure!: string | null;
}

export class BackupListView {
  @ApiProperty({ type: [BackupView], description: 'Newest first' })
  items!: BackupView[];

  @ApiProperty({ type: 'integer' })
  total!: number;

  @ApiProperty({ type: BackupScheduleView })
  schedule!: BackupScheduleView;
}

export function backupView(backup: DescribedBackup): BackupView {
  const { backup_id, origin, file, bytes, sha256, createdMs, manifest, fault } = backup;
  return {
    backup_id,
    origin,
    file,
    bytes,
    sha256,
    created_at: new Date(createdMs).toISOString(),
    revision: manifest?.store_revision ?? null,
    product_version: manifest?.product_version ?? null,
    services: manifest?.counts.service ?? null,
    templates: manifest?.counts.template ?? null,
    records: manifest?.counts ?? null,
    fault,
  };
}

export function checkedBackupView(
  backup: DescribedBackup & { readonly lost: readonly LostRecord[] },
): CheckedBackupView {
  return { ...backupView(backup), verified: true, lost: [...backup.lost] };
}

export function createdBackupView(backup: CreatedBackup): CreatedBackupView {
  return { ...checkedBackupView(backup), pruned: [...backup.pruned] };
}

export function backupListView(
  backups: readonly DescribedBackup[],
  schedule: ScheduleState,
): BackupListView {
  const { intervalHours, keep, lastMs, nextMs, lastFailure } = schedule;
  const timeOf = (ms: number | null): string | null =>
    ms === null ? null : new Date(ms).toISOString();
  return {
    items: backups.map(backupView),
    total: backups.length,
    schedule: {
      interval_hours: intervalHours,
      keep,
      last_at: timeOf(lastMs),
      next_at: timeOf(nextMs),
      last_failure: lastFailure,
    },
  };
}
