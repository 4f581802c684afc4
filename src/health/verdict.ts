import type { CheckKind } from '../config/service-config.js';
import type { HealthRecord, Proof, ServiceState } from '../lifecycle/service-status.js';
import type { CircuitFacts } from './circuit-watch.js';
import type { CheckState } from './check-state.js';

/** One check with what its outcomes amount to. */
export interface JudgedCheck {
  readonly kind: CheckKind;
  /** As shown to people. */
  readonly label: string;
  readonly critical: boolean;
  readonly state: CheckState;
}

/** Everything that the verdict is made of. */
export interface VerdictFacts {
  readonly state: ServiceState;
  readonly serving: boolean;
  /** Why it does not serve; empty while it does. */
  readonly unavailable: {
    readonly reason: string;
    readonly message: string;
    readonly action?: string;
    /** What served has ended unasked, and another one is being started. */
    readonly outage?: {
      readonly reason: string;
      readonly message: string;
      readonly action: string;
    };
  };
  readonly failure: {
    readonly reason: string;
    readonly message: string;
    readonly action: string;
  } | null;
  readonly proof: Proof | null;
  /** Whether the revision that serves was proven since the gateway started. */
  readonly proven: boolean;
  /** Whether no instance of it runs. */
  readonly idle: boolean;
  readonly checks: readonly JudgedCheck[];
  /** Whether the data plane keeps calls away, as several in a row got no answer. */
  readonly circuit?: CircuitFacts | null;
}

/**
 * The one place where a service's health is decided. What is worst comes first: not served, failing and out of rotation,
 * calls kept away, failing, not known, weakly proven, idle, healthy.
 */
export function verdictOf(facts: VerdictFacts): HealthRecord {
  return (
    unservedVerdict(facts) ??
    outageVerdict(facts) ??
    failingVerdict(facts.checks.filter(takesOutNow)) ??
    circuitVerdict(facts, 'open') ??
    failingVerdict(facts.checks) ??
    circuitVerdict(facts, 'trying') ??
    circuitVerdict(facts, 'lapsed') ??
    unprovenVerdict(facts) ??
    unknownVerdict(facts) ??
    healthyVerdict(facts)
  );
}

function unservedVerdict(facts: VerdictFacts): HealthRecord | null {
  const checked_at = lastTold(facts);
  switch (facts.state) {
    case 'draft':
    case 'inactive':
    case 'deactivating':
      return {
        level: 'unknown',
        summary: 'The service is not active.',
        reason: 'Inactive',
        action: 'Activate the service to have it checked.',
        checked_at,
      };
    case 'validating':
    case 'deploying':
      return {
        level: 'unknown',
        summary: 'The service is being started and proven.',
        reason: 'Deploying',
        action: null,
        checked_at,
      };
    case 'error':
      return {
        level: 'unhealthy',
        summary: facts.failure?.message ?? 'The service does not work.',
        reason: facts.failure?.reason ?? 'Error',
        action: facts.failure?.action ?? 'Look at the log of the service.',
        checked_at,
      };
    case 'active':
    case 'updating':
      return facts.serving ? null : outOfRotation(facts);
  }
}

function outOfRotation(facts: VerdictFacts): HealthRecord {
  const { reason, message, action } = facts.unavailable;
  return {
    level: 'unhealthy',
    summary: message,
    reason,
    action: action ?? facts.failure?.action ?? 'Look at the conditions of the service.',
    checked_at: lastTold(facts),
  };
}

function outageVerdict(facts: VerdictFacts): HealthRecord | null {
  const { outage } = facts.unavailable;
  if (outage === undefined) return null;
  const { reason, action } = outage;
  const told = outage.message.replace(/\.$/, '');
  const summary = `${told}; it is started again by itself.`;
  return { level: 'unhealthy', summary, reason, action, checked_at: lastTold(facts) };
}

function takesOutNow(check: JudgedCheck): boolean {
  return check.state.status === 'failing' && leavesNothing(check);
}

function circuitVerdict(facts: VerdictFacts, state: CircuitFacts['state']): HealthRecord | null {
  const { circuit = null } = facts;
  if (circuit?.state !== state) return null;
  const { failures, cause = null } = circuit;
  const why = cause === null ? '' : ` (${cause.reason})`;
  const failed = `${String(failures)} calls in a row got no answer${why}`;
  return {
    level: state === 'open' ? 'unhealthy' : 'degraded',
    summary: circuitInWords(state, failed),
    reason: 'CircuitOpen',
    action: cause?.action ?? 'Look at the log of the service; a call tries again by itself.',
    checked_at: lastTold(facts),
  };
}

function circuitInWords(state: CircuitFacts['state'], failed: string): string {
  switch (state) {
    case 'open':
      return `Calls are kept away for a while, as ${failed}.`;
    case 'trying':
      return `One call tries whether it answers again, after ${failed}.`;
    case 'lapsed':
      return `Nothing shows yet that it answers again, after ${failed}.`;
  }
}

function failingVerdict(checks: readonly JudgedCheck[]): HealthRecord | null {
  const worst = checks.find(({ state }) => state.status === 'failing');
  if (worst === undefined) return null;
  const failure = worst.state.telling?.failure ?? null;
  return {
    level: leavesNothing(worst) ? 'unhealthy' : 'degraded',
    summary: `The check "${worst.label}" fails: ${failure?.message ?? 'it does not pass yet'}.`,
    reason: failure?.reason ?? 'Recovering',
    action: failure?.action ?? 'Wait until the check has passed often enough.',
    checked_at: worst.state.telling?.at ?? null,
  };
}

/** Whether nothing is left of the service while the check fails: by what it looks at, or as no credentials are accepted. */
function leavesNothing(check: JudgedCheck): boolean {
  return takesOut(check) || check.state.telling?.failure?.authentication === true;
}

/** Whether the failing check takes the service out of rotation. */
export function takesOut({ kind, critical }: Pick<JudgedCheck, 'kind' | 'critical'>): boolean {
  return critical && kind !== 'dependency' && kind !== 'security';
}

function unprovenVerdict({ proven }: VerdictFacts): HealthRecord | null {
  if (proven) return null;
  return {
    level: 'unknown',
    summary: 'The service is mounted, and has not been proven since the gateway started.',
    reason: 'NotYetProven',
    action: 'Call it, or run its health check; the first call waits for the proof.',
    checked_at: null,
  };
}

/** Runs in a row that could not be carried out after which what was known before counts as out of date. */
const BLIND_AFTER = 3;

/** A probe of ours that cannot be carried out says nothing, so it may not be called healthy either. */
function unknownVerdict({ checks, idle }: VerdictFacts): HealthRecord | null {
  if (idle) return null;
  const blind = checks.find(({ state }) => state.unknowns >= BLIND_AFTER);
  if (blind === undefined) return null;
  return {
    level: 'unknown',
    summary: `The check "${blind.label}" could not be carried out: ${blind.state.last?.evidence ?? ''}`,
    reason: 'ProbeNotPossible',
    action:
      'Where instances are short, raise runtime.max_instances or SWITCHYARD_MAX_INSTANCES; else look at the log of the gateway.',
    checked_at: blind.state.telling?.at ?? null,
  };
}

function healthyVerdict(facts: VerdictFacts): HealthRecord {
  const { proof, idle } = facts;
  const proved = proofInWords(proof);
  if (proof !== null && proof.reason !== null) {
    const { reason, action } = proof;
    return { level: 'healthy', summary: proved, reason, action, checked_at: lastTold(facts) };
  }
  if (idle) {
    const summary = `Nothing of it runs until it is called; ${lowerFirst(proved)}`;
    const checked_at = lastPassed(facts);
    return { level: 'healthy', summary, reason: 'Idle', action: null, checked_at };
  }
  const checked_at = lastTold(facts);
  return { level: 'healthy', summary: proved, reason: 'Proven', action: null, checked_at };
}

function proofInWords(proof: Proof | null): string {
  if (proof === null) return 'It was proven when it was activated.';
  const took = `${String(Math.round(proof.duration_ms))} ms`;
  switch (proof.level) {
    case 'executed':
      return `The tool "${proof.tool ?? ''}" was executed in ${took}.`;
    case 'listed':
      return 'Its tools were listed; none of them may be executed unasked.';
    case 'connected':
      return 'It was connected to; it offers no tools.';
  }
}

/** When something was last known for sure, the proof included. */
function lastTold({ checks, proof }: VerdictFacts): string | null {
  return latest([proof?.at, ...checks.map(({ state }) => state.telling?.at)]);
}

/** An idle service is dated by its last proof, or a functional check that passed since. */
function lastPassed({ checks, proof }: VerdictFacts): string | null {
  const functional = checks.filter(({ kind }) => kind === 'functional');
  return latest([proof?.at, ...functional.map(({ state }) => state.telling?.at)]);
}

/** RFC 3339 in UTC sorts as text. */
function latest(times: readonly (string | undefined)[]): string | null {
  return (
    times
      .filter((at) => at !== undefined)
      .sort()
      .at(-1) ?? null
  );
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}
