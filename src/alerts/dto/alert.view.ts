import { ApiProperty } from '@nestjs/swagger';
import type { Page } from '../../routes/page.js';
import { acknowledgementDocument, type AcknowledgementDocument } from '../alert-document.js';
import type { Alert, AlertRule, AlertState, Resolution, Severity } from '../alert.js';
import { timeOf, timeOrNull } from '../notification.js';

const TIME_OR_NULL = { type: String, format: 'date-time', nullable: true } as const;
const TEXT_OR_NULL = { type: String, nullable: true } as const;

export class AcknowledgementView {
  @ApiProperty({ description: 'Id of the key, or `local`' })
  by!: string;

  @ApiProperty(TEXT_OR_NULL)
  note!: string | null;

  @ApiProperty({ format: 'date-time' })
  at!: string;

  @ApiProperty({ ...TIME_OR_NULL, description: 'When repeats start again' })
  until!: string | null;
}

export class AlertView {
  @ApiProperty({ format: 'uuid' })
  alert_id!: string;

  @ApiProperty({
    enum: [
      'SecurityFinding',
      'CrashLoop',
      'ServiceError',
      'ServiceUnhealthy',
      'DependencyDown',
      'ServiceDegraded',
      'StorageReadOnly',
      'DiskFull',
    ],
  })
  rule!: AlertRule;

  @ApiProperty({ enum: ['warning', 'critical'] })
  severity!: Severity;

  @ApiProperty({
    enum: ['pending', 'firing', 'resolved'],
    description: 'pending: it has not lasted long enough, or waits for its cause',
  })
  state!: AlertState;

  @ApiProperty({ ...TEXT_OR_NULL, format: 'uuid', description: 'null = the gateway itself' })
  service_id!: string | null;

  @ApiProperty({ description: 'Name of the service, or `gateway`' })
  name!: string;

  @ApiProperty({ enum: ['healthy', 'degraded', 'unhealthy', 'unknown'] })
  level!: string;

  @ApiProperty({ description: 'One CamelCase word, as in the health of the service' })
  reason!: string;

  @ApiProperty({ description: 'One sentence, as in the health of the service' })
  summary!: string;

  @ApiProperty({ ...TEXT_OR_NULL, description: 'What to do next' })
  action!: string | null;

  @ApiProperty({ format: 'date-time', description: 'When the transition was seen' })
  since!: string;

  @ApiProperty(TIME_OR_NULL)
  fired_at!: string | null;

  @ApiProperty(TIME_OR_NULL)
  resolved_at!: string | null;

  @ApiProperty({
    ...TEXT_OR_NULL,
    enum: ['Cleared', 'Deactivated', 'NotWatched'],
    description: 'NotWatched: the service was removed, or its alerts were switched off',
  })
  resolution!: Resolution | null;

  @ApiProperty({ ...TIME_OR_NULL, description: 'When receivers were told of it last' })
  told_at!: string | null;

  @ApiProperty({
    type: 'integer',
    description: 'How often it came back too soon; 0 = it does not flap',
  })
  flaps!: number;

  @ApiProperty({ ...TEXT_OR_NULL, description: 'The alert that it is a consequence of' })
  inhibited_by!: string | null;

  @ApiProperty({ type: AcknowledgementView, nullable: true })
  acknowledged!: AcknowledgementDocument | null;
}

export class AlertListView {
  @ApiProperty({ type: [AlertView] })
  items!: AlertView[];

  @ApiProperty(TEXT_OR_NULL)
  next_cursor!: string | null;

  @ApiProperty({ type: 'integer', description: 'Of all pages' })
  total!: number;
}

export function alertView(alert: Alert): AlertView {
  const { told_ms, repeated_ms, acknowledged } = alert;
  return {
    alert_id: alert.alert_id,
    rule: alert.rule,
    severity: alert.severity,
    state: alert.state,
    service_id: alert.service_id,
    name: alert.name,
    level: alert.level,
    reason: alert.reason,
    summary: alert.summary,
    action: alert.action,
    since: timeOf(alert.since_ms),
    fired_at: timeOrNull(alert.fired_ms),
    resolved_at: timeOrNull(alert.resolved_ms),
    resolution: alert.resolution,
    told_at: timeOrNull(told_ms === null ? null : Math.max(told_ms, repeated_ms ?? 0)),
    flaps: alert.flaps,
    inhibited_by: alert.inhibited_by,
    acknowledged: acknowledged === null ? null : acknowledgementDocument(acknowledged),
  };
}

export function alertListView(page: Page<Alert>): AlertListView {
  return { ...page, items: page.items.map(alertView) };
}
