import { DEFAULT_CONFIG } from '../config/defaults.js';
import type { AlertConfig, ServiceConfig } from '../config/service-config.js';
import type {
  ActivationFailure,
  Condition,
  HealthRecord,
  ServiceState,
} from '../lifecycle/service-status.js';
import type { StoreStatus } from '../storage/record-store.js';
import type { AlertRule, Observation, Severity } from './alert.js';

/** Everything of a service that its alerts are made of. */
export interface ServiceFacts {
  readonly state: ServiceState;
  readonly conditions: readonly Condition[];
  readonly failure: ActivationFailure | null;
  /** Whether the current revision has served before, so that lifecycle tries it again by itself. */
  readonly hasServed: boolean;
  /** What health answers now: the alert says the same as CLI and API. */
  readonly record: HealthRecord;
  readonly config: ServiceConfig;
}

/**
 * What is known of one subject. `known`: rules that are not listed do not hold; `unknown`: nobody can tell of those;
 * `off`: it is not wanted at the moment; `gone`: it is removed, or not to be alerted of.
 */
export interface Report {
  readonly name: string;
  readonly status: 'known' | 'unknown' | 'off' | 'gone';
  readonly observations: readonly Observation[];
}

/** Name under which the gateway's own alerts are shown. */
export const GATEWAY_NAME = 'gateway';

const SEVERITY_OF: Readonly<Record<AlertRule, Severity>> = {
  SecurityFinding: 'warning',
  CrashLoop: 'critical',
  ServiceError: 'critical',
  ServiceUnhealthy: 'critical',
  DependencyDown: 'warning',
  ServiceDegraded: 'warning',
  StorageReadOnly: 'critical',
  DiskFull: 'critical',
};

/** Where no check of a kind is switched on, its alerts are held as if one ran so often, in milliseconds. */
const ASSUMED_INTERVAL_MS = 10_000;
/** The store is looked at once a minute; what is gone at the next look is over. */
const STORE_CLEAR_MS = 30_000;
const FINAL_CODES: ReadonlySet<string> = new Set([
  'upstream.unauthorized',
  'lifecycle.storage-corrupt',
]);

export function reportOfService(name: string, facts: ServiceFacts): Report {
  if (!alertConfigOf(facts.config).enabled) return { name, status: 'gone', observations: [] };
  const { state, record } = facts;
  switch (state) {
    case 'draft':
    case 'inactive':
    case 'deactivating':
      return { name, status: 'off', observations: [] };
    case 'validating':
    case 'deploying':
      return { name, status: 'unknown', observations: securityFindings(facts) };
    case 'active':
    case 'updating':
    case 'error': {
      const status = record.level === 'unknown' ? 'unknown' : 'known';
      return { name, status, observations: [...securityFindings(facts), ...healthFindings(facts)] };
    }
  }
}

/** The alerts of the gateway itself. */
export function reportOfStore(status: StoreStatus): Report {
  const observations: Observation[] = [];
  const base = {
    level: 'unhealthy',
    hold_ms: 0,
    clear_ms: STORE_CLEAR_MS,
    repeat_ms: DEFAULT_CONFIG.monitoring.alerts.repeat_ms,
    inhibitable: false,
  } as const;
  if (status.read_only) {
    observations.push({
      ...base,
      rule: 'StorageReadOnly',
      severity: SEVERITY_OF.StorageReadOnly,
      reason: 'StorageReadOnly',
      summary: `The store is read-only: ${status.reason ?? 'it does not say why'}`,
      action: 'Mend the cause and restart the gateway; calls and reads go on meanwhile.',
    });
  }
  if (status.disk_full === true) {
    observations.push({
      ...base,
      rule: 'DiskFull',
      severity: SEVERITY_OF.DiskFull,
      reason: 'DiskFull',
      summary: 'The disk of the data directory is full: changes are refused with 507.',
      action: 'Free space on the volume of the data directory; deletions still work.',
    });
  }
  return { name: GATEWAY_NAME, status: 'known', observations };
}

/** Configurations that were stored before there were alerts have the defaults. */
export function alertConfigOf({ monitoring }: ServiceConfig): AlertConfig {
  return (monitoring as Partial<typeof monitoring>).alerts ?? DEFAULT_CONFIG.monitoring.alerts;
}

function healthFindings(facts: ServiceFacts): Observation[] {
  const { record, conditions } = facts;
  const secure = unsafeCondition(conditions);
  if (secure !== null && secure.reason === record.reason) return [];
  if (record.level === 'degraded') return [finding(facts, 'ServiceDegraded')];
  if (record.level !== 'unhealthy') return [];
  const found = [unhealthyFinding(facts)];
  const looping = conditions.some(
    ({ type, status }) => type === 'CrashLoopBackOff' && status === 'true',
  );
  return looping ? [{ ...finding(facts, 'CrashLoop'), hold_ms: 0 }, ...found] : found;
}

function unhealthyFinding(facts: ServiceFacts): Observation {
  const { state, failure, record, hasServed } = facts;
  const isError = state === 'error';
  const needsOther = isError
    ? failure?.stage === 'dependencies'
    : record.reason.startsWith('Dependency');
  if (needsOther) return finding(facts, 'DependencyDown');
  const isFinal = isError && failure !== null && FINAL_CODES.has(failure.code);
  if (isFinal) return { ...finding(facts, 'ServiceError'), hold_ms: 0, inhibitable: false };
  return finding(facts, isError && !hasServed ? 'ServiceError' : 'ServiceUnhealthy');
}

/** A finding blocks when the service does not serve for it, and warns when it does. */
function securityFindings(facts: ServiceFacts): Observation[] {
  const { conditions, record } = facts;
  const secure = unsafeCondition(conditions);
  if (secure === null) return [];
  const blocks = record.level === 'unhealthy' && record.reason === secure.reason;
  const usual = finding(facts, 'SecurityFinding');
  return [
    {
      ...usual,
      severity: blocks ? 'critical' : 'warning',
      reason: secure.reason,
      summary: secure.message,
      action:
        record.reason === secure.reason && record.action !== null
          ? record.action
          : 'Read the finding in the conditions of the service, and mend or approve what it names.',
      hold_ms: blocks ? 0 : usual.hold_ms,
      inhibitable: false,
    },
  ];
}

function unsafeCondition(conditions: readonly Condition[]): Condition | null {
  return conditions.find(({ type, status }) => type === 'Secure' && status === 'false') ?? null;
}

function finding(facts: ServiceFacts, rule: AlertRule): Observation {
  const { level, reason, summary, action } = facts.record;
  const { hold_intervals, repeat_ms } = alertConfigOf(facts.config);
  const holdMs = hold_intervals * intervalMs(facts.config, rule);
  return {
    rule,
    severity: SEVERITY_OF[rule],
    level,
    reason,
    summary,
    action,
    hold_ms: holdMs,
    clear_ms: holdMs,
    repeat_ms,
    inhibitable: true,
  };
}

/** Of the check that runs most often among those that find this kind of fault. */
function intervalMs({ monitoring }: ServiceConfig, rule: AlertRule): number {
  const wanted = rule === 'ServiceDegraded' ? 'functional' : 'basic';
  const intervals = monitoring.checks
    .filter(({ enabled, kind }) => enabled && kind === wanted)
    .map(({ interval_ms }) => interval_ms);
  return intervals.length === 0 ? ASSUMED_INTERVAL_MS : Math.min(...intervals);
}
