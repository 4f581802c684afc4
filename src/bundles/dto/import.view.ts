import { ApiProperty } from '@nestjs/swagger';
import { PROBLEM_SCHEMA } from '../../kernel/problem.js';
import { IMPORT_OUTCOMES, type ImportOutcome } from '../import-outcome.js';
import { CONFLICT_POLICIES, PLAN_ACTIONS, type PlanAction } from '../import-plan.js';

const TEXT_OR_NULL = { type: String, nullable: true } as const;

function countsOf(names: readonly string[]): Record<string, { type: 'integer' }> {
  return Object.fromEntries(names.map((name) => [name, { type: 'integer' as const }]));
}

const PLAN_PROBLEM = {
  type: 'object',
  nullable: true,
  properties: {
    code: { type: 'string' },
    detail: { type: 'string' },
    errors: {
      type: 'array',
      items: {
        type: 'object',
        properties: {
          pointer: { type: 'string', description: 'Into what was sent' },
          detail: { type: 'string' },
        },
      },
    },
  },
} as const;

export class PlanItemView {
  @ApiProperty({ enum: ['service', 'template'] })
  kind!: 'service' | 'template';

  @ApiProperty({ description: 'As the bundle calls it; a template as id@revision' })
  name!: string;

  @ApiProperty({ enum: PLAN_ACTIONS, description: 'conflict: refused, `problem` says why' })
  action!: PlanAction;

  @ApiProperty()
  reason!: string;

  @ApiProperty({ ...TEXT_OR_NULL, format: 'uuid', description: 'Of the service that is here' })
  service_id!: string | null;

  @ApiProperty(TEXT_OR_NULL)
  renamed_to!: string | null;

  @ApiProperty({
    type: 'array',
    items: { type: 'object' },
    description: 'JSON Patch with what was there before in `from`; secrets as references',
  })
  diff!: readonly object[];

  @ApiProperty({ type: [String] })
  warnings!: readonly string[];

  @ApiProperty(PLAN_PROBLEM)
  problem!: object | null;
}

export class ImportPlanView {
  @ApiProperty({ description: 'Send it as `plan_hash` to apply exactly this plan' })
  plan_hash!: string;

  @ApiProperty({ enum: ['bundle', 'client_servers', 'server_json'] })
  format!: string;

  @ApiProperty({ enum: CONFLICT_POLICIES })
  conflict!: string;

  @ApiProperty()
  prune!: boolean;

  @ApiProperty({ description: 'Whether it may be applied: no item is a conflict' })
  applicable!: boolean;

  @ApiProperty({ type: 'object', properties: countsOf(PLAN_ACTIONS) })
  summary!: Readonly<Record<PlanAction, number>>;

  @ApiProperty({ type: [PlanItemView] })
  items!: readonly PlanItemView[];

  @ApiProperty({ type: [String], description: 'What the services will miss here' })
  warnings!: readonly string[];
}

export class ImportedServiceView {
  @ApiProperty()
  name!: string;

  @ApiProperty({ enum: PLAN_ACTIONS })
  action!: PlanAction;

  @ApiProperty({ format: 'uuid' })
  service_id!: string;

  @ApiProperty({ type: 'integer' })
  revision!: number;

  @ApiProperty({
    enum: IMPORT_OUTCOMES,
    description: 'failed: `problem` says why; a new service is kept in error',
  })
  outcome!: ImportOutcome;

  @ApiProperty()
  state!: string;

  @ApiProperty({ ...PROBLEM_SCHEMA, nullable: true } as never)
  problem!: object | null;
}

export class ImportReportView {
  @ApiProperty()
  plan_hash!: string;

  @ApiProperty({ type: 'integer', description: 'Store revision of the one commit' })
  store_revision!: number;

  @ApiProperty({ type: 'object', properties: countsOf(IMPORT_OUTCOMES) })
  summary!: Readonly<Record<ImportOutcome, number>>;

  @ApiProperty({
    type: 'array',
    items: {
      type: 'object',
      properties: {
        name: { type: 'string' },
        action: { type: 'string', enum: [...PLAN_ACTIONS] },
        renamed_to: { type: 'string', nullable: true },
      },
    },
  })
  templates!: readonly object[];

  @ApiProperty({ type: [ImportedServiceView] })
  services!: readonly ImportedServiceView[];

  @ApiProperty({ type: [String] })
  warnings!: readonly string[];
}
