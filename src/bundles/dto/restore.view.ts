import { ApiProperty } from '@nestjs/swagger';
import type { LostRecord } from '../backup-document.js';
import { IMPORT_OUTCOMES } from '../import-outcome.js';
import type { RestoredService } from '../restore-outcome.js';
import type { RestoreItem } from '../restore-plan.js';
import type { RestoreConflict, RestoreResult } from '../restore.service.js';
import { LostRecordView } from './backup.view.js';

const TEXT_OR_NULL = { type: String, nullable: true } as const;

export class RestoreItemView {
  @ApiProperty({ enum: ['service', 'template', 'route', 'approval', 'archive'] })
  kind!: RestoreItem['kind'];

  @ApiProperty({ type: String })
  id!: string;

  @ApiProperty(TEXT_OR_NULL)
  name!: string | null;

  @ApiProperty({
    enum: ['create', 'restore', 'update', 'archive', 'delete', 'unchanged', 'keep', 'skip'],
    description:
      'restore: it comes back from the archive. archive, delete: the backup does not have it. keep: as with keep_others. skip: as with skip_invalid',
  })
  action!: RestoreItem['action'];

  @ApiProperty(TEXT_OR_NULL)
  detail!: string | null;
}

export class RestoreConflictView {
  @ApiProperty({ type: String })
  name!: string;

  @ApiProperty({ type: String, description: 'Code of the problem it would be refused with' })
  code!: string;

  @ApiProperty({ type: String })
  detail!: string;
}

export class RestoredServiceView {
  @ApiProperty({ type: String, format: 'uuid' })
  service_id!: string;

  @ApiProperty({ type: String })
  name!: string;

  @ApiProperty({
    enum: IMPORT_OUTCOMES,
    description:
      'serving: it serves and is proven. stored: not started, as the backup says. pending: not finished within the wait. failed: what served before still serves',
  })
  outcome!: RestoredService['outcome'];

  @ApiProperty({ type: 'integer' })
  revision!: number;

  @ApiProperty({ type: String })
  state!: string;

  @ApiProperty({
    type: 'object',
    nullable: true,
    additionalProperties: true,
    description: 'The problem document of a failed activation',
  })
  problem!: object | null;
}

export class RestoreView {
  @ApiProperty({
    enum: ['planned', 'unchanged', 'restored', 'pending', 'incomplete'],
    description: 'incomplete: stored whole, but a service does not serve; see `services`',
  })
  outcome!: RestoreResult['outcome'];

  @ApiProperty({ type: String, description: 'As the manifest of the archive says' })
  backup_id!: string;

  @ApiProperty({ type: 'integer', description: 'The store revision that the backup is of' })
  backup_revision!: number;

  @ApiProperty({ type: 'integer', description: 'The store revision after it' })
  revision!: number;

  @ApiProperty({ type: [RestoreItemView] })
  items!: RestoreItem[];

  @ApiProperty({
    type: [RestoreConflictView],
    description: 'What a restore would be refused with; of a dry run only',
  })
  conflicts!: RestoreConflict[];

  @ApiProperty({ type: [RestoredServiceView] })
  services!: RestoredService[];

  @ApiProperty({ type: [LostRecordView], description: 'Records that the backup lacks' })
  lost!: LostRecord[];

  @ApiProperty({ type: 'integer', description: 'Oldest revisions that were too many to take' })
  history_left_out!: number;
}

export function restoreView(result: RestoreResult): RestoreView {
  const { outcome, manifest, revision, items, conflicts, services, lost } = result;
  return {
    outcome,
    backup_id: manifest.backup_id,
    backup_revision: manifest.store_revision,
    revision,
    items: [...items],
    conflicts: [...conflicts],
    services: [...services],
    lost: [...lost],
    history_left_out: result.historyLeftOut,
  };
}
