import { ApiProperty } from '@nestjs/swagger';
import type { Page } from '../page.js';
import type { RouteConflict } from '../route-conflict.js';
import type { ListedRoute } from '../routes.service.js';

export class RouteView {
  @ApiProperty({
    description: 'UUID of an extra route; derived routes have an id made of their service',
  })
  route_id!: string;

  @ApiProperty({ example: '/mcp/weather' })
  path!: string;

  @ApiProperty({ minimum: -1000, maximum: 1000 })
  priority!: number;

  @ApiProperty({
    type: String,
    nullable: true,
    description: 'What it is pinned to; null = current',
  })
  version!: string | null;

  @ApiProperty({ enum: ['default', 'alias', 'configured', 'extra'] })
  kind!: string;

  @ApiProperty({ format: 'uuid' })
  service_id!: string;

  @ApiProperty({ description: 'Name of the service' })
  service!: string;

  @ApiProperty({ description: 'Whether it is in the table' })
  mounted!: boolean;

  @ApiProperty({ type: Number, nullable: true, description: 'Revision it leads to now' })
  revision!: number | null;

  @ApiProperty({ type: String, nullable: true })
  description!: string | null;

  @ApiProperty({ type: String, nullable: true, format: 'date-time' })
  created_at!: string | null;
}

export class RouteListView {
  @ApiProperty({ type: [RouteView] })
  items!: RouteView[];

  @ApiProperty({ type: String, nullable: true })
  next_cursor!: string | null;

  @ApiProperty({ description: 'Of all pages' })
  total!: number;
}

export class RouteReportView {
  @ApiProperty({ description: 'Whether nothing of severity `error` was found' })
  accepted!: boolean;

  @ApiProperty({
    type: 'array',
    items: { type: 'object', additionalProperties: true },
    description:
      'Both sides of each conflict: `severity` (`error`, `warning`), `code`, `detail`, `claim`, `with`',
  })
  conflicts!: RouteConflict[];
}

export function routeView({ claim, mounted, revision, document }: ListedRoute): RouteView {
  return {
    route_id: claim.route_id,
    path: claim.path,
    priority: claim.priority,
    version: claim.version,
    kind: claim.kind,
    service_id: claim.service_id,
    service: claim.service_name,
    mounted,
    revision,
    description: document?.description ?? null,
    created_at: document?.created_at ?? null,
  };
}

export function routeListView(page: Page<ListedRoute>): RouteListView {
  return { ...page, items: page.items.map(routeView) };
}

export function routeReportView(conflicts: RouteConflict[]): RouteReportView {
  return { accepted: conflicts.every(({ severity }) => severity !== 'error'), conflicts };
}
