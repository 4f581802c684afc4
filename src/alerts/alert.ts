import type { HealthRecord } from '../lifecycle/service-status.js';

export type Severity = 'warning' | 'critical';
export const SEVERITIES: readonly Severity[] = ['warning', 'critical'];

/** What an alert may be about. `alert-rules` says when each holds, and how severe it is. */
export type AlertRule =
  | 'SecurityFinding'
  | 'CrashLoop'
  | 'ServiceError'
  | 'ServiceUnhealthy'
  | 'DependencyDown'
  | 'ServiceDegraded'
  | 'StorageReadOnly'
  | 'DiskFull';

export type AlertState = 'pending' | 'firing' | 'resolved';

/** A rule that holds at the moment, and the terms it is alerted on. */
export interface Observation {
  readonly rule: AlertRule;
  readonly severity: Severity;
  /** Level, reason, summary and action are those of the health record. */
  readonly level: HealthRecord['level'];
  readonly reason: string;
  readonly summary: string;
  readonly action: string | null;
  /** Milliseconds it must last before it fires; 0 = definite. */
  readonly hold_ms: number;
  /** Milliseconds it must be gone before it is resolved. */
  readonly clear_ms: number;
  readonly repeat_ms: number;
  /** Whether it may be a mere consequence of another alert. */
  readonly inhibitable: boolean;
}

/**
 * What is seen of a rule: it holds, it does not, nobody can tell, the service is not wanted any more (`off`), or there is
 * nothing to alert of any more (`gone`: removed, or alerts switched off).
 */
export type Sight = Observation | 'clear' | 'unknown' | 'off' | 'gone';

export type Resolution = 'Cleared' | 'Deactivated' | 'NotWatched';

export interface Acknowledgement {
  readonly by: string;
  readonly note: string | null;
  readonly at_ms: number;
  /** When repeats start again; `null` = not before the alert is resolved. */
  readonly until_ms: number | null;
}

/** One alert: a rule that holds for a service, from its transition to its end. Times are milliseconds since the epoch. */
export interface Alert extends Observation {
  readonly alert_id: string;
  /** `null` = the gateway itself. */
  readonly service_id: string | null;
  readonly name: string;
  readonly state: AlertState;
  /** When the transition was seen. */
  readonly since_ms: number;
  /** When it fires at the earliest. */
  readonly due_ms: number;
  readonly clear_since_ms: number | null;
  /** Nobody can tell at the moment whether it holds: it neither fires nor is resolved. */
  readonly unsure: boolean;
  readonly fired_ms: number | null;
  readonly resolved_ms: number | null;
  readonly resolution: Resolution | null;
  /** Severity that receivers know of since it fired; `null` = they have not been told yet. */
  readonly told: Severity | null;
  /** When a firing notice was given last, also of an earlier pair of this incident. */
  readonly told_ms: number | null;
  readonly repeated_ms: number | null;
  /** When a flapping alert is told next. */
  readonly tell_ms: number | null;
  /** How often it came back too soon to be told each time; 0 = it does not flap. */
  readonly flaps: number;
  /** The alert that it is a consequence of. */
  readonly inhibited_by: string | null;
  readonly acknowledged: Acknowledgement | null;
}

export type NoticeKind = 'firing' | 'repeated' | 'resolved';

/** What became of an alert. `null` = it is dropped, and nobody was ever told. */
export interface Step {
  readonly alert: Alert | null;
  readonly notices: readonly NoticeKind[];
}

/** A firing or pending alert that another one may be a consequence of. */
export interface Cause {
  readonly alert_id: string;
  readonly state: 'pending' | 'firing';
}

/** One pair of firing and resolved notices in this many milliseconds; what comes more often is told as flapping. */
export const FLAP_WINDOW_MS = 300_000;

export function isAtLeast(severity: Severity, least: Severity): boolean {
  return SEVERITIES.indexOf(severity) >= SEVERITIES.indexOf(least);
}

/** A transition is seen: the alert waits until it has lasted. */
export function beginAlert(
  observation: Observation,
  subject: Pick<Alert, 'alert_id' | 'service_id' | 'name'>,
  nowMs: number,
): Alert {
  return {
    ...observation,
    ...subject,
    state: 'pending',
    since_ms: nowMs,
    due_ms: nowMs + observation.hold_ms,
    clear_since_ms: null,
    unsure: false,
    fired_ms: null,
    resolved_ms: null,
    resolution: null,
    told: null,
    told_ms: null,
    repeated_ms: null,
    tell_ms: null,
    flaps: 0,
    inhibited_by: null,
    acknowledged: null,
  };
}

/** Takes in what is seen now of an alert that is pending or firing. Time alone moves nothing here: `mature` does. */
export function sighted(alert: Alert, sight: Sight, nowMs: number): Step {
  if (typeof sight === 'object') return keep(stillHolds(alert, sight));
  if (sight === 'unknown') return keep({ ...alert, unsure: true });
  if (alert.state === 'pending') return { alert: null, notices: [] };
  switch (sight) {
    case 'clear':
      return keep({
        ...alert,
        unsure: false,
        clear_since_ms: alert.clear_since_ms ?? nowMs,
      });
    case 'off':
      return resolve(alert, 'Deactivated', nowMs);
    case 'gone':
      return { ...resolve(alert, 'NotWatched', nowMs), notices: [] };
  }
}

/** Does what is due by now. `previous` is the alert of the same rule and service that was resolved last. */
export function mature(
  alert: Alert,
  nowMs: number,
  cause: Cause | null,
  previous: Alert | null,
): Step {
  return alert.state === 'pending'
    ? maturePending(alert, nowMs, cause, previous)
    : matureFiring(alert, nowMs, cause);
}

/** When `mature` has something to do next, in milliseconds since the epoch; a time that is past = look all the time. */
export function dueMs(alert: Alert): number {
  if (alert.state === 'pending') return alert.inhibited_by === null ? alert.due_ms : 0;
  const { clear_since_ms, tell_ms, acknowledged } = alert;
  return Math.min(
    clear_since_ms === null ? Infinity : clear_since_ms + clearHoldMs(alert),
    tell_ms ?? Infinity,
    acknowledged?.until_ms ?? Infinity,
    acknowledged === null && clear_since_ms === null ? repeatDueMs(alert) : Infinity,
    isRaised(alert) ? 0 : Infinity,
  );
}

function maturePending(
  alert: Alert,
  nowMs: number,
  cause: Cause | null,
  previous: Alert | null,
): Step {
  if (cause?.state === 'firing') return keep({ ...alert, inhibited_by: cause.alert_id });
  if (alert.inhibited_by !== null) {
    // Released: what the cause left behind has as long to mend as any new fault.
    const released = { ...alert, inhibited_by: null, due_ms: nowMs + alert.hold_ms };
    return maturePending(released, nowMs, cause, previous);
  }
  if (alert.unsure || nowMs < alert.due_ms || cause !== null) return keep(alert);
  return fire(alert, nowMs, previous);
}

function fire(alert: Alert, nowMs: number, previous: Alert | null): Step {
  const firing: Alert = { ...alert, state: 'firing', fired_ms: nowMs };
  const toldMs = previous?.told_ms ?? null;
  if (previous === null || toldMs === null || nowMs - toldMs >= FLAP_WINDOW_MS) {
    const told = { ...firing, told: alert.severity, told_ms: nowMs };
    return { alert: told, notices: ['firing'] };
  }
  return keep({
    ...firing,
    alert_id: previous.alert_id,
    since_ms: previous.since_ms,
    told_ms: toldMs,
    tell_ms: toldMs + FLAP_WINDOW_MS,
    flaps: previous.flaps + 1,
    acknowledged: previous.acknowledged,
  });
}

function matureFiring(before: Alert, nowMs: number, cause: Cause | null): Step {
  let alert: Alert = {
    ...before,
    inhibited_by: cause?.state === 'firing' ? cause.alert_id : null,
  };
  const until = alert.acknowledged?.until_ms ?? null;
  if (until !== null && nowMs >= until) alert = { ...alert, acknowledged: null };
  const notices: NoticeKind[] = [];
  const isQuiet = alert.inhibited_by !== null;
  if (!isQuiet && alert.tell_ms !== null && nowMs >= alert.tell_ms) {
    alert = { ...alert, told: alert.severity, told_ms: nowMs, tell_ms: null };
    notices.push('firing');
  } else if (!isQuiet && isRaised(alert)) {
    alert = { ...alert, told: alert.severity, acknowledged: null };
    notices.push('firing');
  }
  const { clear_since_ms } = alert;
  if (clear_since_ms !== null && !alert.unsure && nowMs >= clear_since_ms + clearHoldMs(alert)) {
    const { alert: resolved, notices: last } = resolve(alert, 'Cleared', nowMs);
    return { alert: resolved, notices: [...notices, ...last] };
  }
  const mayRepeat = !isQuiet && alert.acknowledged === null && clear_since_ms === null;
  if (mayRepeat && nowMs >= repeatDueMs(alert)) {
    alert = { ...alert, repeated_ms: nowMs };
    notices.push('repeated');
  }
  return { alert, notices };
}

function stillHolds(alert: Alert, observation: Observation): Alert {
  const isBack = alert.flaps > 0 && alert.clear_since_ms !== null;
  const flaps = isBack ? alert.flaps + 1 : alert.flaps;
  const seen = { ...alert, ...observation, unsure: false, clear_since_ms: null, flaps };
  if (alert.state !== 'pending' || alert.inhibited_by !== null) return seen;
  return { ...seen, due_ms: Math.min(alert.due_ms, alert.since_ms + observation.hold_ms) };
}

/** Receivers hear of the end only of what they were told. */
function resolve(alert: Alert, resolution: Resolution, nowMs: number): Step {
  const resolved: Alert = {
    ...alert,
    state: 'resolved',
    resolved_ms: nowMs,
    resolution,
    unsure: false,
    tell_ms: null,
    inhibited_by: null,
  };
  return { alert: resolved, notices: alert.told === null ? [] : ['resolved'] };
}

/** Worse than what receivers know. Told at most once an incident for each severity, so it cannot flood. */
function isRaised({ told, severity }: Alert): boolean {
  return told !== null && told !== severity && isAtLeast(severity, told);
}

/** A flapping alert has to be quiet for a whole window. */
function clearHoldMs({ flaps, clear_ms }: Alert): number {
  return flaps > 0 ? Math.max(FLAP_WINDOW_MS, clear_ms) : clear_ms;
}

function repeatDueMs({ told, told_ms, repeated_ms, repeat_ms }: Alert): number {
  return told === null || told_ms === null
    ? Infinity
    : Math.max(told_ms, repeated_ms ?? 0) + repeat_ms;
}

function keep(alert: Alert): Step {
  return { alert, notices: [] };
}
