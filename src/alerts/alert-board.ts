import {
  beginAlert,
  dueMs,
  mature,
  sighted,
  type Acknowledgement,
  type Alert,
  type NoticeKind,
  type Step,
} from './alert.js';
import type { Report } from './alert-rules.js';
import { causeOf } from './inhibition.js';

/** Something to tell: the alert as it was at that moment. */
export interface Notice {
  readonly kind: NoticeKind;
  readonly alert: Alert;
}

/** What has happened since it was asked last. */
export interface BoardNews {
  readonly notices: readonly Notice[];
  /** Alerts that were resolved without anybody being told. */
  readonly silent: readonly Alert[];
  /** Ids of alerts to be stored, or to be removed where `find` knows them no more. */
  readonly changed: ReadonlySet<string>;
}

/** Resolved alerts are kept this long, and this many of them. */
const KEPT_MS = 30 * 86_400_000;
const KEPT = 1_000;

/**
 * Every alert: those that are pending or firing by service and rule, and those that were. No I/O, time is passed in.
 * Invariant: of one service and rule at most one alert is open.
 */
export class AlertBoard {
  /** By service, then by rule. */
  private readonly open = new Map<string | null, Map<string, Alert>>();
  private readonly past = new Map<string, Alert>();
  /** The alert resolved last, by service and rule. */
  private readonly last = new Map<string, Alert>();
  private notices: Notice[] = [];
  private silent: Alert[] = [];
  private changed = new Set<string>();
  /** Something fired or ended: what may be its consequence is looked at again. */
  private restless = false;

  /** `requiredBy`: what a service cannot do without. */
  constructor(
    private readonly newId: () => string,
    private readonly requiredBy: (serviceId: string) => readonly string[],
  ) {}

  /** Takes up what was stored. */
  load(alerts: readonly Alert[]): void {
    for (const alert of alerts) {
      if (alert.state === 'resolved') this.putPast(alert);
      else this.putOpen(alert);
    }
  }

  /** What is seen of a service now. Nothing fires by it yet: all that is seen at once is taken in first. */
  see(serviceId: string | null, report: Report, nowMs: number): void {
    const known = this.open.get(serviceId);
    const seen = new Set<string>();
    for (const observation of report.observations) {
      seen.add(observation.rule);
      const alert = known?.get(observation.rule);
      if (alert === undefined) {
        const subject = { alert_id: this.newId(), service_id: serviceId, name: report.name };
        this.putOpen(beginAlert(observation, subject, nowMs));
      } else this.apply(alert, sighted({ ...alert, name: report.name }, observation, nowMs));
    }
    const sight = report.status === 'known' ? 'clear' : report.status;
    for (const alert of [...(known?.values() ?? [])]) {
      if (!seen.has(alert.rule)) this.apply(alert, sighted(alert, sight, nowMs));
    }
  }

  /** Services of which something is due; what they are like now should be seen before `mature`. */
  dueSubjects(nowMs: number): ReadonlySet<string | null> {
    const due = new Set<string | null>();
    for (const alert of this.openAlerts()) if (dueMs(alert) <= nowMs) due.add(alert.service_id);
    return due;
  }

  /** Fires, tells again and resolves what is due. */
  mature(nowMs: number, all = false): void {
    const everything = all || this.restless;
    this.restless = false;
    const neighbourhood = {
      openOf: (serviceId: string): readonly Alert[] => [
        ...(this.open.get(serviceId)?.values() ?? []),
      ],
      requiredBy: this.requiredBy,
    };
    for (const alert of this.openAlerts()) {
      if (!everything && dueMs(alert) > nowMs) continue;
      const cause = causeOf(alert, neighbourhood, nowMs);
      this.apply(alert, mature(alert, nowMs, cause, this.last.get(keyOf(alert)) ?? null));
    }
  }

  /** `null` ends an acknowledgement. Answers the alert, or `null` when it does not fire. */
  acknowledge(alertId: string, acknowledged: Acknowledgement | null): Alert | null {
    const alert = this.find(alertId);
    if (alert?.state !== 'firing') return null;
    const after = { ...alert, acknowledged };
    this.putOpen(after);
    this.changed.add(alertId);
    return after;
  }

  find(alertId: string): Alert | undefined {
    for (const alert of this.openAlerts()) if (alert.alert_id === alertId) return alert;
    return this.past.get(alertId);
  }

  all(): Alert[] {
    return [...this.openAlerts(), ...this.past.values()];
  }

  openAlerts(): Alert[] {
    return [...this.open.values()].flatMap((rules) => [...rules.values()]);
  }

  /** Forgets resolved alerts that are old or too many. */
  prune(nowMs: number): void {
    const sorted = [...this.past.values()].sort(
      (one, other) => (other.resolved_ms ?? 0) - (one.resolved_ms ?? 0),
    );
    sorted.forEach((alert, at) => {
      if (at < KEPT && nowMs - (alert.resolved_ms ?? 0) < KEPT_MS) return;
      this.past.delete(alert.alert_id);
      if (this.last.get(keyOf(alert)) === alert) this.last.delete(keyOf(alert));
      this.changed.add(alert.alert_id);
    });
  }

  takeNews(): BoardNews {
    const { notices, silent, changed } = this;
    [this.notices, this.silent, this.changed] = [[], [], new Set()];
    return { notices, silent, changed };
  }

  private apply(before: Alert, { alert: after, notices }: Step): void {
    if (after === null) {
      this.removeOpen(before);
      this.restless = true;
      return;
    }
    if (after.state === 'resolved') {
      this.removeOpen(before);
      this.putPast(after);
      if (notices.length === 0) this.silent.push(after);
    } else this.putOpen(after);
    if (before.state !== after.state) this.restless = true;
    if (before.alert_id !== after.alert_id) this.past.delete(after.alert_id);
    if (isWorthStoring(before, after)) this.changed.add(after.alert_id);
    for (const kind of notices) this.notices.push({ kind, alert: after });
  }

  private putOpen(alert: Alert): void {
    const rules = this.open.get(alert.service_id) ?? new Map<string, Alert>();
    this.open.set(alert.service_id, rules.set(alert.rule, alert));
  }

  private removeOpen({ service_id, rule }: Alert): void {
    const rules = this.open.get(service_id);
    rules?.delete(rule);
    if (rules?.size === 0) this.open.delete(service_id);
  }

  private putPast(alert: Alert): void {
    this.past.set(alert.alert_id, alert);
    const known = this.last.get(keyOf(alert));
    const isNewer = (known?.resolved_ms ?? 0) <= (alert.resolved_ms ?? 0);
    if (known === undefined || isNewer) this.last.set(keyOf(alert), alert);
  }
}

function keyOf({ service_id, rule }: Alert): string {
  return `${service_id ?? ''}/${rule}`;
}

/** Pending alerts are not stored: after a start they are seen again. A new wording alone makes no commit. */
function isWorthStoring(before: Alert, after: Alert): boolean {
  if (after.state === 'pending') return false;
  return (
    before.state !== after.state ||
    before.severity !== after.severity ||
    before.reason !== after.reason ||
    before.told !== after.told ||
    before.told_ms !== after.told_ms ||
    before.repeated_ms !== after.repeated_ms ||
    before.acknowledged !== after.acknowledged
  );
}
