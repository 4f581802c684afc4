import type { Acknowledgement, Alert } from './alert.js';
import type { Delivery } from './delivery.js';
import { timeOf, timeOrNull, type NotifiedAlert } from './notification.js';

/** What is the same in memory and on the disk. */
type Kept = Omit<
  Alert,
  | 'since_ms'
  | 'due_ms'
  | 'clear_since_ms'
  | 'unsure'
  | 'fired_ms'
  | 'resolved_ms'
  | 'told_ms'
  | 'repeated_ms'
  | 'tell_ms'
  | 'inhibited_by'
  | 'acknowledged'
>;

/** Record kind `alert`, id = `alert_id`: an alert that fires or has fired. Times are RFC 3339. */
export interface AlertDocument extends Kept {
  readonly schema_version: string;
  readonly since: string;
  readonly fired_at: string | null;
  readonly resolved_at: string | null;
  readonly told_at: string | null;
  readonly repeated_at: string | null;
  readonly tell_at: string | null;
  readonly acknowledged: AcknowledgementDocument | null;
}

export interface AcknowledgementDocument extends Omit<Acknowledgement, 'at_ms' | 'until_ms'> {
  readonly at: string;
  readonly until: string | null;
}

/** Record kind `alert_delivery`, id = `delivery_id`: what is delivered is removed. */
export interface DeliveryDocument extends Omit<
  Delivery,
  'created_ms' | 'tried_from_ms' | 'next_ms'
> {
  readonly schema_version: string;
  readonly created_at: string;
  readonly tried_from: string;
  readonly next_at: string;
  readonly alerts: readonly NotifiedAlert[];
}

const SCHEMA_VERSION = '1.0';

export function alertDocument(alert: Alert): AlertDocument {
  const { acknowledged } = alert;
  return {
    schema_version: SCHEMA_VERSION,
    ...keptOf(alert),
    since: timeOf(alert.since_ms),
    fired_at: timeOrNull(alert.fired_ms),
    resolved_at: timeOrNull(alert.resolved_ms),
    told_at: timeOrNull(alert.told_ms),
    repeated_at: timeOrNull(alert.repeated_ms),
    tell_at: timeOrNull(alert.tell_ms),
    acknowledged: acknowledged === null ? null : acknowledgementDocument(acknowledged),
  };
}

/** Whether a stored alert still holds is not known before its service has been seen again. */
export function alertOf(document: AlertDocument): Alert {
  const { acknowledged } = document;
  const since_ms = Date.parse(document.since);
  return {
    ...keptOf(document),
    since_ms,
    due_ms: since_ms,
    clear_since_ms: null,
    unsure: true,
    fired_ms: msOf(document.fired_at),
    resolved_ms: msOf(document.resolved_at),
    told_ms: msOf(document.told_at),
    repeated_ms: msOf(document.repeated_at),
    tell_ms: msOf(document.tell_at),
    inhibited_by: null,
    acknowledged: acknowledged === null ? null : acknowledgementOfDocument(acknowledged),
  };
}

function keptOf(from: Kept): Kept {
  return {
    alert_id: from.alert_id,
    service_id: from.service_id,
    name: from.name,
    rule: from.rule,
    state: from.state,
    severity: from.severity,
    level: from.level,
    reason: from.reason,
    summary: from.summary,
    action: from.action,
    hold_ms: from.hold_ms,
    clear_ms: from.clear_ms,
    repeat_ms: from.repeat_ms,
    inhibitable: from.inhibitable,
    resolution: from.resolution,
    told: from.told,
    flaps: from.flaps,
  };
}

export function acknowledgementDocument(given: Acknowledgement): AcknowledgementDocument {
  const { by, note, at_ms, until_ms } = given;
  return { by, note, at: timeOf(at_ms), until: timeOrNull(until_ms) };
}

export function deliveryDocument(delivery: Delivery): DeliveryDocument {
  const { created_ms, tried_from_ms, next_ms, ...kept } = delivery;
  return {
    schema_version: SCHEMA_VERSION,
    ...kept,
    created_at: timeOf(created_ms),
    tried_from: timeOf(tried_from_ms),
    next_at: timeOf(next_ms),
  };
}

export function deliveryOf(document: DeliveryDocument): Delivery {
  const { delivery_id, receiver_id, receiver, type, alerts, order } = document;
  const { state, attempts, last_error } = document;
  return {
    delivery_id,
    receiver_id,
    receiver,
    type,
    alerts,
    order,
    state,
    attempts,
    last_error,
    created_ms: Date.parse(document.created_at),
    tried_from_ms: Date.parse(document.tried_from),
    next_ms: Date.parse(document.next_at),
  };
}

function acknowledgementOfDocument(document: AcknowledgementDocument): Acknowledgement {
  const { by, note, at, until } = document;
  return { by, note, at_ms: Date.parse(at), until_ms: msOf(until) };
}

function msOf(time: string | null): number | null {
  return time === null ? null : Date.parse(time);
}
