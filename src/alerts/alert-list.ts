import { maySeeService, type Principal } from '../auth/principal.js';
import { compareKeys, pageOf, type Page, type PageKey } from '../routes/page.js';
import type { Alert } from './alert.js';
import type { Delivery } from './delivery.js';
import { timeOf } from './notification.js';
import type { Receiver } from './receiver.js';

/** What a list of alerts can be narrowed by; absent members do not narrow. */
export interface AlertQuery {
  readonly state?: string;
  readonly severity?: string;
  readonly rule?: string;
  /** Id or name. */
  readonly service?: string;
  /** Words that all occur in rule, name, reason or summary; letter case makes no difference. */
  readonly q?: string;
  readonly limit?: number;
  readonly cursor?: string;
}

const DEFAULT_LIMIT = 50;

export function fitsAlertQuery(alert: Alert, query: AlertQuery): boolean {
  const is = (wanted: string | undefined, value: string): boolean =>
    wanted === undefined || wanted === value;
  const { service } = query;
  return (
    is(query.state, alert.state) &&
    is(query.severity, alert.severity) &&
    is(query.rule, alert.rule) &&
    (service === undefined || service === alert.service_id || service === alert.name) &&
    holdsWords(alert, query.q ?? '')
  );
}

/** Newest first. `null`: the cursor is not of this list. */
export function alertPage(alerts: readonly Alert[], query: AlertQuery): Page<Alert> | null {
  const keyOf = (alert: Alert): PageKey => [timeOf(alert.since_ms), alert.alert_id];
  return page(alerts, keyOf, { name: 'since', descending: true }, query);
}

/** Oldest first. `null`: the cursor is not of this list. */
export function deliveryPage(
  deliveries: readonly Delivery[],
  query: { readonly limit?: number; readonly cursor?: string },
): Page<Delivery> | null {
  const keyOf = (one: Delivery): PageKey => [String(one.order).padStart(15, '0'), one.delivery_id];
  return page(deliveries, keyOf, { name: 'order', descending: false }, query);
}

/** A key with patterns sees the alerts of its services alone; those of the gateway are for keys without. */
export function maySeeAlert(
  principal: Principal,
  alert: { readonly service_id: string | null; readonly name: string },
): boolean {
  if (principal.services === null) return true;
  return alert.service_id !== null && maySeeService(principal, alert.name);
}

export function maySeeDelivery(principal: Principal, { alerts }: Delivery): boolean {
  return principal.services === null || alerts.every((alert) => maySeeAlert(principal, alert));
}

/** `serviceName`: of the service that configures it, or `null`. */
export function maySeeReceiver(
  principal: Principal,
  receiver: Receiver,
  serviceName: string | null,
): boolean {
  if (principal.services === null) return true;
  return (
    receiver.service_id !== null && serviceName !== null && maySeeService(principal, serviceName)
  );
}

function page<Item>(
  items: readonly Item[],
  keyOf: (item: Item) => PageKey,
  order: { readonly name: string; readonly descending: boolean },
  { limit, cursor }: { readonly limit?: number; readonly cursor?: string },
): Page<Item> | null {
  const sorted = [...items].sort((one, other) =>
    compareKeys(keyOf(one), keyOf(other), order.descending),
  );
  return pageOf(sorted, keyOf, order, limit ?? DEFAULT_LIMIT, cursor ?? null);
}

function holdsWords({ rule, name, reason, summary }: Alert, q: string): boolean {
  const text = `${rule} ${name} ${reason} ${summary}`.toLowerCase();
  return q
    .toLowerCase()
    .split(/\s+/)
    .every((word) => text.includes(word));
}
