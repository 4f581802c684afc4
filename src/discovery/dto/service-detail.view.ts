import { ApiProperty } from '@nestjs/swagger';
import type { ServiceConfig } from '../../config/service-config.js';
import type { JsonObject } from '../../kernel/json.js';
import type { ServiceSpec } from '../../registry/service.js';
import { ServiceSpecView } from './service.view.js';

const OBJECT = { type: 'object', additionalProperties: true } as const;

export class RevisionSummaryView {
  @ApiProperty({ type: 'integer' })
  revision!: number;

  @ApiProperty({ enum: ['current', 'candidate', 'superseded', 'draft'] })
  outcome!: string;

  @ApiProperty({ type: String, description: 'Semver of the service at that revision' })
  version!: string;

  @ApiProperty({ type: Boolean, description: 'Kept whatever its age' })
  pinned!: boolean;

  @ApiProperty({ type: String, format: 'date-time' })
  created_at!: string;

  @ApiProperty({ type: String })
  actor!: string;

  @ApiProperty({ type: String, nullable: true })
  reason!: string | null;
}

export class RevisionView extends RevisionSummaryView {
  @ApiProperty({ type: ServiceSpecView })
  spec!: ServiceSpec;

  @ApiProperty({ ...OBJECT, description: 'Effective configuration of that revision' })
  config!: ServiceConfig;

  @ApiProperty({
    type: 'array',
    items: OBJECT,
    nullable: true,
    description: 'Tools it was proven with',
  })
  tools!: readonly JsonObject[] | null;
}

export class RevisionListView {
  @ApiProperty({ type: [RevisionSummaryView], description: 'Newest first' })
  items!: readonly RevisionSummaryView[];

  @ApiProperty({ type: String, nullable: true, description: 'Always null: the list is whole' })
  next_cursor!: string | null;

  @ApiProperty({ type: 'integer' })
  total!: number;
}

export class ContractReasonView {
  @ApiProperty({ type: String, description: 'JSON pointer into the tool' })
  pointer!: string;

  @ApiProperty({ enum: ['input', 'output', 'annotations', 'execution', 'text', 'tool'] })
  side!: string;

  @ApiProperty({ type: String })
  detail!: string;

  @ApiProperty({
    enum: ['compatible', 'breaking', 'unknown'],
    description: '`unknown`: it cannot be told, and counts as breaking',
  })
  verdict!: string;
}

export class ToolChangeView {
  @ApiProperty({ type: String })
  tool!: string;

  @ApiProperty({ enum: ['added', 'removed', 'changed', 'unchanged'] })
  change!: string;

  @ApiProperty({ enum: ['compatible', 'breaking'] })
  verdict!: string;

  @ApiProperty({ type: [ContractReasonView] })
  reasons!: readonly ContractReasonView[];
}

export class ContractView {
  @ApiProperty({
    enum: ['compatible', 'breaking', 'unknown'],
    description: 'Whether callers of `from` can go on with `to`; `unknown`: one was never proven',
  })
  verdict!: string;

  @ApiProperty({ type: String, nullable: true, description: 'Why it is unknown' })
  detail!: string | null;

  @ApiProperty({ type: [ToolChangeView], description: 'By name' })
  tools!: readonly ToolChangeView[];
}

export class RevisionDiffView {
  @ApiProperty({ type: 'integer' })
  from!: number;

  @ApiProperty({ type: 'integer' })
  to!: number;

  @ApiProperty({
    type: 'array',
    items: OBJECT,
    description:
      '`op`, `path`, `from` and `value` of each difference below /spec, /config and /tools',
  })
  changes!: readonly object[];

  @ApiProperty({
    type: ContractView,
    description: 'What the change of the tools means for callers',
  })
  contract!: ContractView;
}

export class ItemListView {
  @ApiProperty({ type: 'array', items: OBJECT })
  items!: readonly object[];

  @ApiProperty({ type: String, nullable: true, description: 'Always null: the list is whole' })
  next_cursor!: string | null;

  @ApiProperty({ type: 'integer' })
  total!: number;
}

/** A list that is always answered whole. */
export function itemList(items: readonly object[]): ItemListView {
  return { items, next_cursor: null, total: items.length };
}

export class ConfigView {
  @ApiProperty({ ...OBJECT, description: 'Effective configuration; secrets are references' })
  config!: ServiceConfig;

  @ApiProperty({
    type: String,
    nullable: true,
    description: 'Template, pinned as template@revision',
  })
  extends!: string | null;

  @ApiProperty({
    type: 'object',
    additionalProperties: { type: 'string' },
    required: [],
    description: 'With `explain`: the layer each value came from, by JSON pointer',
  })
  provenance?: Readonly<Record<string, string>>;
}

export class GraphNodeView {
  @ApiProperty({ type: String, nullable: true, description: 'null: nothing live has that name' })
  service_id!: string | null;

  @ApiProperty({ type: String })
  name!: string;

  @ApiProperty({ type: String, description: 'State, or `missing`' })
  state!: string;
}

export class GraphEdgeView {
  @ApiProperty({ type: String, description: 'Name of the service that needs the other' })
  from!: string;

  @ApiProperty({ type: String, description: 'Name of the service that is needed' })
  to!: string;

  @ApiProperty({ type: Boolean })
  required!: boolean;

  @ApiProperty({ type: String, nullable: true, description: 'Semver range that is asked for' })
  version!: string | null;

  @ApiProperty({ type: [String], description: 'Tools that are asked for' })
  tools!: readonly string[];

  @ApiProperty({
    type: String,
    nullable: true,
    description: 'Why it does not hold: missing, inactive, version-mismatch, tool-missing',
  })
  unmet!: string | null;

  @ApiProperty({ type: String, nullable: true })
  message!: string | null;
}

export class GraphView {
  @ApiProperty({ type: [GraphNodeView] })
  nodes!: readonly GraphNodeView[];

  @ApiProperty({ type: [GraphEdgeView] })
  edges!: readonly GraphEdgeView[];
}

export class ToolResultView {
  @ApiProperty({ type: Boolean, description: 'Whether the tool answered with an error of its own' })
  is_error!: boolean;

  @ApiProperty({ type: 'integer' })
  duration_ms!: number;

  @ApiProperty({ type: 'array', items: OBJECT })
  content!: readonly unknown[];

  @ApiProperty({ type: 'object', additionalProperties: true, required: [] })
  structured_content?: JsonObject;

  @ApiProperty({ ...OBJECT, description: 'The MCP result, verbatim' })
  result!: JsonObject;
}
