import { isAtLeast, type Alert, type AlertRule, type Cause } from './alert.js';

/** What the search for causes reads. */
export interface AlertNeighbourhood {
  /** Pending and firing alerts of one service. */
  openOf(serviceId: string): readonly Alert[];
  /** Services that this one cannot do without, directly. */
  requiredBy(serviceId: string): readonly string[];
}

/** Of one service the first of these that fires speaks for the later ones. */
const RANK: readonly AlertRule[] = [
  'CrashLoop',
  'ServiceError',
  'ServiceUnhealthy',
  'DependencyDown',
  'ServiceDegraded',
];
/** A pending alert keeps its dependents waiting for no longer than this after it was due, in milliseconds. */
const PATIENCE_MS = 60_000;

/**
 * The alert that `alert` is a consequence of: a worse one of the same service, or one of a service that it requires,
 * directly or through others. A cause is at least as severe, so that nothing critical hides behind a warning.
 */
export function causeOf(
  alert: Alert,
  { openOf, requiredBy }: AlertNeighbourhood,
  nowMs: number,
): Cause | null {
  if (!alert.inhibitable || alert.service_id === null) return null;
  const own = openOf(alert.service_id).find(
    (other) => other.state === 'firing' && speaksFor(other, alert),
  );
  if (own !== undefined) return { alert_id: own.alert_id, state: 'firing' };
  let waiting: Cause | null = null;
  for (const serviceId of requirementsOf(alert.service_id, requiredBy)) {
    for (const other of openOf(serviceId)) {
      if (!isAtLeast(other.severity, alert.severity)) continue;
      if (other.state === 'firing') return { alert_id: other.alert_id, state: 'firing' };
      const isSoon = other.inhibited_by === null && nowMs < other.due_ms + PATIENCE_MS;
      if (isSoon) waiting ??= { alert_id: other.alert_id, state: 'pending' };
    }
  }
  return waiting;
}

function speaksFor(other: Alert, alert: Alert): boolean {
  const rank = RANK.indexOf(other.rule);
  return rank >= 0 && rank < RANK.indexOf(alert.rule) && isAtLeast(other.severity, alert.severity);
}

/** Everything required, nearest first; tolerates cycles. */
function requirementsOf(
  serviceId: string,
  requiredBy: AlertNeighbourhood['requiredBy'],
): readonly string[] {
  const seen = new Set([serviceId]);
  const found: string[] = [];
  const open = [...requiredBy(serviceId)];
  for (let id = open.shift(); id !== undefined; id = open.shift()) {
    if (seen.has(id)) continue;
    seen.add(id);
    found.push(id);
    open.push(...requiredBy(id));
  }
  return found;
}
