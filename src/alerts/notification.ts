import type { JsonObject } from '../kernel/json.js';
import type { Alert, NoticeKind } from './alert.js';

/** Version of the form of what receivers are sent. */
export const NOTIFICATION_VERSION = '1.0';

export type NotificationType = `alert.${NoticeKind}` | 'alert.test';

/** What a receiver is told of one alert, as it was when it fired, was told again or was resolved. */
export interface NotifiedAlert {
  readonly alert_id: string;
  readonly rule: string;
  readonly service_id: string | null;
  readonly name: string;
  readonly state: string;
  readonly severity: string;
  readonly level: string;
  readonly reason: string;
  readonly summary: string;
  readonly action: string | null;
  readonly since: string;
  readonly fired_at: string | null;
  readonly resolved_at: string | null;
  readonly resolution: string | null;
  /** How often it came back too soon to be told each time; 0 = it does not flap. */
  readonly flaps: number;
  readonly links: { readonly alert: string; readonly service: string | null };
}

export interface Notification {
  readonly type: NotificationType;
  /** RFC 3339; when the first of its alerts was to be told. */
  readonly timestamp: string;
  /** Name of the receiver. */
  readonly receiver: string;
  readonly alerts: readonly NotifiedAlert[];
}

const MAX_TEXT_CHARS = 2_000;

/** The alert as receivers are told of it. `baseUrl`: where the management API is, without a slash at its end. */
export function notifiedAlert(alert: Alert, baseUrl: string): NotifiedAlert {
  const api = `${baseUrl}/api/v1`;
  return {
    alert_id: alert.alert_id,
    rule: alert.rule,
    service_id: alert.service_id,
    name: alert.name,
    state: alert.state,
    severity: alert.severity,
    level: alert.level,
    reason: alert.reason,
    summary: shortened(alert.summary),
    action: alert.action === null ? null : shortened(alert.action),
    since: timeOf(alert.since_ms),
    fired_at: timeOrNull(alert.fired_ms),
    resolved_at: timeOrNull(alert.resolved_ms),
    resolution: alert.resolution,
    flaps: alert.flaps,
    links: {
      alert: `${api}/alerts/${alert.alert_id}`,
      service: alert.service_id === null ? null : `${api}/services/${alert.service_id}`,
    },
  };
}

/** The body of a notification. The same for every attempt. */
export function notificationBody({ type, timestamp, receiver, alerts }: Notification): string {
  const body: JsonObject = {
    type,
    timestamp,
    schema_version: NOTIFICATION_VERSION,
    receiver,
    alerts: alerts.map((alert) => ({ ...alert, links: { ...alert.links } })),
  };
  return JSON.stringify(body);
}

export function timeOf(ms: number): string {
  return new Date(ms).toISOString();
}

export function timeOrNull(ms: number | null): string | null {
  return ms === null ? null : timeOf(ms);
}

function shortened(text: string): string {
  return text.length <= MAX_TEXT_CHARS ? text : `${text.slice(0, MAX_TEXT_CHARS)}…`;
}
