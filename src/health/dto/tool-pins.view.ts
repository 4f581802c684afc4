import { ApiProperty } from '@nestjs/swagger';
import type { ToolPinning } from '../../config/service-config.js';
import type { JsonValue } from '../../kernel/json.js';
import type { ServiceDocument } from '../../registry/service.js';
import type { DiffStep } from '../../registry/revision-diff.js';
import type { ApprovalDocument } from '../tool-approvals.js';
import type { PinState } from '../tool-pinning.js';
import type { ToolChange } from '../tool-pins.js';

/** One step from the approved definition to the present one (as RFC 6902, with what was there before). */
export class ToolDiffStepView {
  @ApiProperty({ enum: ['add', 'remove', 'replace'] })
  op!: DiffStep['op'];

  @ApiProperty({ description: 'JSON Pointer into the definition.' })
  path!: string;

  @ApiProperty({ required: false, description: 'The approved value; absent: there was none.' })
  from?: JsonValue;

  @ApiProperty({ required: false, description: 'The present value; absent: there is none.' })
  value?: JsonValue;
}

/** One tool that is not as it was approved. */
export class ToolChangeView {
  @ApiProperty({ description: 'Name of the tool.' })
  tool!: string;

  @ApiProperty({ enum: ['added', 'removed', 'changed'] })
  change!: ToolChange['change'];

  @ApiProperty({ type: String, nullable: true, description: 'null: it was added.' })
  approved_sha256!: string | null;

  @ApiProperty({ type: String, nullable: true, description: 'null: it was removed.' })
  present_sha256!: string | null;

  @ApiProperty({
    type: [ToolDiffStepView],
    description: 'Steps from the approved definition to the present one.',
  })
  diff!: readonly DiffStep[];
}

/** The approved and the present tool definitions of a service. */
export class ToolPinsView {
  @ApiProperty({ format: 'uuid' })
  service_id!: string;

  @ApiProperty()
  name!: string;

  @ApiProperty({ enum: ['off', 'warn', 'block'], description: '`security.tool_pinning`.' })
  mode!: ToolPinning;

  @ApiProperty({ description: 'The revision that serves.' })
  revision!: number;

  @ApiProperty({
    enum: ['approved', 'changed', 'unapproved', 'unlisted'],
    description:
      'unapproved: nothing is approved yet (pinning is off, or the revision was not proven). unlisted: the tools were never listed.',
  })
  status!: 'approved' | 'changed' | 'unapproved' | 'unlisted';

  @ApiProperty({ type: String, nullable: true, description: 'SHA-256 of what is approved.' })
  pinned_hash!: string | null;

  @ApiProperty({
    type: String,
    nullable: true,
    description: 'SHA-256 of what was listed last: what an approval has to name.',
  })
  present_hash!: string | null;

  @ApiProperty({ type: String, format: 'date-time', nullable: true })
  approved_at!: string | null;

  @ApiProperty({ type: String, nullable: true, description: 'Id of the key, or system.' })
  approved_by!: string | null;

  @ApiProperty({
    type: String,
    enum: ['revision', 'operator'],
    nullable: true,
    description: 'revision: with the revision, by whoever made it. operator: afterwards.',
  })
  approved_with!: ApprovalDocument['source'] | null;

  @ApiProperty({ type: [ToolChangeView], description: 'Those that differ, no others.' })
  changes!: readonly ToolChange[];

  static of(doc: ServiceDocument, { mode, approval, present, changes }: PinState): ToolPinsView {
    return {
      service_id: doc.service_id,
      name: doc.spec.name,
      mode,
      revision: doc.revision,
      status: statusOf({ approval, present, changes }),
      pinned_hash: approval?.hash ?? null,
      present_hash: present?.hash ?? null,
      approved_at: approval?.approved_at ?? null,
      approved_by: approval?.approved_by ?? null,
      approved_with: approval?.source ?? null,
      changes,
    };
  }
}

function statusOf({ approval, present, changes }: Omit<PinState, 'mode'>): ToolPinsView['status'] {
  if (present === null) return 'unlisted';
  if (approval === null) return 'unapproved';
  return changes.length === 0 ? 'approved' : 'changed';
}
