import { ApiProperty } from '@nestjs/swagger';
import type { JsonObject } from '../../kernel/json.js';
import type {
  ActivationFailure,
  Condition,
  HealthRecord,
  Proof,
  ServerIdentity,
} from '../../lifecycle/service-status.js';
import type { ConfigFragment } from '../../config/service-config.js';

const OBJECT = { type: 'object', additionalProperties: true } as const;
const STATES = [
  'draft',
  'validating',
  'deploying',
  'active',
  'updating',
  'deactivating',
  'inactive',
  'error',
];

export class ServiceRouteView {
  @ApiProperty({ type: String, example: '/mcp/weather' })
  path!: string;

  @ApiProperty({ type: 'integer' })
  priority!: number;

  @ApiProperty({ enum: ['default', 'alias', 'configured', 'extra'] })
  kind!: string;

  @ApiProperty({
    type: String,
    nullable: true,
    description: 'What it is pinned to; null = current',
  })
  version!: string | null;
}

export class ServiceHealthView {
  @ApiProperty({ enum: ['healthy', 'degraded', 'unhealthy', 'unknown'] })
  level!: HealthRecord['level'];

  @ApiProperty({ type: String })
  summary!: string;

  @ApiProperty({ type: String, description: 'One CamelCase word' })
  reason!: string;

  @ApiProperty({ type: String, nullable: true, description: 'What to do about it' })
  action!: string | null;

  @ApiProperty({ type: String, format: 'date-time', nullable: true })
  checked_at!: string | null;
}

export class ServiceEndpointsView {
  @ApiProperty({ type: String, description: 'For clients of Streamable HTTP' })
  streamable_http!: string;

  @ApiProperty({ type: String, description: 'For clients of the older HTTP+SSE transport' })
  sse!: string;

  @ApiProperty({ type: String, description: 'Tools over plain REST' })
  rest!: string;
}

/** What a client writes: exactly what PUT accepts. */
export class ServiceSpecView {
  @ApiProperty({ type: String, example: 'weather' })
  name!: string;

  @ApiProperty({ type: String, nullable: true })
  title!: string | null;

  @ApiProperty({ type: String, nullable: true })
  description!: string | null;

  @ApiProperty({ enum: ['function', 'executable'], description: 'What was wrapped' })
  type!: string;

  @ApiProperty({ enum: ['stdio', 'sse', 'streamable_http'], description: 'How the server speaks' })
  hosting_mode!: string;

  @ApiProperty({ type: String, nullable: true, description: "The generator's id of its source" })
  script_id!: string | null;

  @ApiProperty({ type: String, example: '1.4.0', description: 'Semver, set by its author' })
  version!: string;

  @ApiProperty({ type: [String] })
  tags!: readonly string[];

  @ApiProperty({ type: String, nullable: true })
  owner!: string | null;

  @ApiProperty({
    type: String,
    nullable: true,
    description: 'Template, pinned as template@revision',
  })
  extends!: string | null;

  @ApiProperty({ ...OBJECT, description: "The service's own layer of configuration, as written" })
  config!: ConfigFragment;
}

/** What is wanted of a service and what is observed of it, in one document. */
export class ServiceView {
  @ApiProperty({ type: String, format: 'uuid', description: 'Never changes' })
  service_id!: string;

  @ApiProperty({ type: String, example: 'weather', description: 'Unique among live services' })
  name!: string;

  @ApiProperty({ type: String, nullable: true })
  title!: string | null;

  @ApiProperty({ type: String, nullable: true })
  description!: string | null;

  @ApiProperty({ enum: ['function', 'executable'] })
  type!: string;

  @ApiProperty({ enum: ['stdio', 'sse', 'streamable_http'] })
  hosting_mode!: string;

  @ApiProperty({ type: String, nullable: true })
  script_id!: string | null;

  @ApiProperty({ type: String, example: '1.4.0' })
  version!: string;

  @ApiProperty({ type: [String] })
  tags!: readonly string[];

  @ApiProperty({ type: String, nullable: true })
  owner!: string | null;

  @ApiProperty({ type: 'array', items: OBJECT, description: 'MCP tools as last listed, verbatim' })
  tools!: readonly JsonObject[];

  @ApiProperty({ type: [ServiceRouteView] })
  routes!: readonly ServiceRouteView[];

  @ApiProperty({ enum: ['active', 'inactive', 'error'], description: 'The simple answer' })
  status!: string;

  @ApiProperty({ enum: STATES })
  state!: string;

  @ApiProperty({ enum: ['draft', 'active', 'inactive', 'archived'], description: 'What is wanted' })
  desired!: string;

  @ApiProperty({
    type: 'array',
    items: OBJECT,
    description: 'type, status, reason, message, since',
  })
  conditions!: readonly Condition[];

  @ApiProperty({ type: ServiceHealthView })
  health!: ServiceHealthView;

  @ApiProperty({ ...OBJECT, nullable: true, description: 'The real tool execution that proved it' })
  proof!: Proof | null;

  @ApiProperty({
    ...OBJECT,
    nullable: true,
    description: 'Why the last activation failed, and what to do',
  })
  last_failure!: ActivationFailure | null;

  @ApiProperty({ ...OBJECT, nullable: true, description: 'What the server said of itself' })
  server!: ServerIdentity | null;

  @ApiProperty({ type: ServiceEndpointsView })
  endpoints!: ServiceEndpointsView;

  @ApiProperty({ type: 'integer', description: 'The current revision' })
  revision!: number;

  @ApiProperty({
    type: 'integer',
    nullable: true,
    description: 'The last that was proven and served',
  })
  stable_revision!: number | null;

  @ApiProperty({ type: 'integer', nullable: true, description: 'The one on its way, if any' })
  candidate!: number | null;

  @ApiProperty({ type: 'integer', description: 'Grows with each change of what is wanted' })
  generation!: number;

  @ApiProperty({
    ...OBJECT,
    description:
      "The service's own layer of configuration, as written; /config has the effective one",
  })
  config!: ConfigFragment;

  @ApiProperty({ type: String, nullable: true })
  extends!: string | null;

  @ApiProperty({ type: [String], description: 'Still served as aliases' })
  former_names!: readonly string[];

  @ApiProperty({ type: String, format: 'date-time' })
  created_at!: string;

  @ApiProperty({ type: String, format: 'date-time' })
  updated_at!: string;

  @ApiProperty({ type: String, format: 'date-time', nullable: true })
  deleted_at!: string | null;
}

export class ServiceListView {
  @ApiProperty({ type: [ServiceView] })
  items!: readonly ServiceView[];

  @ApiProperty({ type: String, nullable: true })
  next_cursor!: string | null;

  @ApiProperty({ type: 'integer', description: 'Of all pages' })
  total!: number;
}
