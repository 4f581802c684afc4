import { ApiProperty } from '@nestjs/swagger';
import type { ChainBreak, ChainVerdict } from '../../storage/record-store.js';

const TEXT_OR_NULL = { type: String, nullable: true } as const;
const COUNT = { type: 'integer' } as const;

export class AuditCommitView {
  @ApiProperty(COUNT)
  revision!: number;

  @ApiProperty()
  verb!: string;

  @ApiProperty(TEXT_OR_NULL)
  subject!: string | null;
}

export class AuditChangeView {
  @ApiProperty({ description: 'Kind of the record' })
  kind!: string;

  @ApiProperty()
  id!: string;

  @ApiProperty({ enum: ['put', 'delete'] })
  op!: string;
}

export class AuditEntryView {
  @ApiProperty({ enum: ['journal', 'attempts'], description: 'Which chain it is in' })
  chain!: string;

  @ApiProperty({
    ...COUNT,
    nullable: true,
    description:
      'Revision of the commit, or number of the attempt; null = counted in this minute and not written yet',
  })
  number!: number | null;

  @ApiProperty({ format: 'date-time' })
  at!: string;

  @ApiProperty({ ...TEXT_OR_NULL, format: 'date-time', description: 'Of the last one counted' })
  until!: string | null;

  @ApiProperty({ enum: ['done', 'failed', 'denied'] })
  outcome!: string;

  @ApiProperty({ description: 'Id of the key; `local`, `system`, `anonymous`' })
  actor!: string;

  @ApiProperty()
  source!: string;

  @ApiProperty({ description: 'What was done or asked for', example: 'service.update' })
  verb!: string;

  @ApiProperty({ ...TEXT_OR_NULL, description: 'Id of what it was done to' })
  subject!: string | null;

  @ApiProperty({ ...TEXT_OR_NULL, description: 'Name of the service, if it is one' })
  subject_name!: string | null;

  @ApiProperty({ ...TEXT_OR_NULL, description: 'Of the first one counted' })
  request_id!: string | null;

  @ApiProperty(TEXT_OR_NULL)
  reason!: string | null;

  @ApiProperty({ ...COUNT, description: 'How many requests the entry stands for' })
  count!: number;

  @ApiProperty({ ...TEXT_OR_NULL, description: 'Method and path template; null for commits' })
  route!: string | null;

  @ApiProperty({ ...COUNT, nullable: true, description: 'HTTP status; null for commits' })
  status!: number | null;

  @ApiProperty({ ...TEXT_OR_NULL, description: 'Of the problem that was answered' })
  code!: string | null;

  @ApiProperty(TEXT_OR_NULL)
  tool!: string | null;

  @ApiProperty({
    type: 'array',
    items: { type: 'object', additionalProperties: true },
    nullable: true,
    description: 'What changed, like RFC 6902 with `from` values; secrets are redacted',
  })
  diff!: readonly object[] | null;

  @ApiProperty({ type: [AuditChangeView], description: 'Records that were written or deleted' })
  changes!: readonly AuditChangeView[];

  @ApiProperty({
    type: [AuditCommitView],
    description:
      'Commits of a request that made several, or failed after one; they have no other entry',
  })
  commits!: readonly AuditCommitView[];

  @ApiProperty({ ...TEXT_OR_NULL, description: 'SHA-256 (hex) of the line in the chain' })
  hash!: string | null;
}

export class ChainPlaceView {
  @ApiProperty()
  file!: string;

  @ApiProperty({ ...COUNT, nullable: true, description: 'From 1; null where it was not counted' })
  line!: number | null;

  @ApiProperty({ ...COUNT, description: 'Where the line begins' })
  byte!: number;
}

export class AuditListView {
  @ApiProperty({ type: [AuditEntryView] })
  items!: readonly AuditEntryView[];

  @ApiProperty({
    ...TEXT_OR_NULL,
    description: 'null = that was all. A page may be short and still have one after it',
  })
  next_cursor!: string | null;

  @ApiProperty({
    type: [ChainPlaceView],
    description: 'Lines within this page that cannot be read; see `/audit/verify`',
  })
  damaged!: readonly ChainPlaceView[];
}

export class ChainLinkView {
  @ApiProperty(COUNT)
  number!: number;

  @ApiProperty()
  hash!: string;
}

export class ChainBreakView extends ChainPlaceView {
  @ApiProperty({ enum: ['unreadable', 'order', 'link', 'anchor', 'end', 'file'] })
  fault!: ChainBreak['fault'];

  @ApiProperty({ ...COUNT, nullable: true, description: 'Revision or number of the line' })
  number!: number | null;

  @ApiProperty()
  detail!: string;
}

export class ChainVerdictView {
  @ApiProperty()
  intact!: boolean;

  @ApiProperty(COUNT)
  records!: number;

  @ApiProperty(COUNT)
  files!: number;

  @ApiProperty({
    type: ChainLinkView,
    nullable: true,
    description: 'Last one that retention removed',
  })
  anchor!: ChainVerdict['anchor'];

  @ApiProperty({ type: ChainLinkView, nullable: true })
  first!: ChainVerdict['first'];

  @ApiProperty({ type: ChainLinkView, nullable: true, description: 'Worth keeping elsewhere' })
  last!: ChainVerdict['last'];

  @ApiProperty({ type: [ChainBreakView], description: 'The first 20, in order' })
  breaks!: readonly ChainBreakView[];

  @ApiProperty(COUNT)
  break_count!: number;
}

export class AuditVerdictView {
  @ApiProperty({ description: 'Both chains hold' })
  intact!: boolean;

  @ApiProperty({ format: 'date-time' })
  at!: string;

  @ApiProperty({ description: 'Milliseconds that it took' })
  duration_ms!: number;

  @ApiProperty({ type: ChainVerdictView, description: 'Every change: the journal of the store' })
  journal!: ChainVerdict;

  @ApiProperty({
    type: ChainVerdictView,
    description: 'What was denied, failed or done without a change',
  })
  attempts!: ChainVerdict;

  @ApiProperty({ ...COUNT, description: 'Attempts since the start that the disk did not take' })
  lost!: number;
}
