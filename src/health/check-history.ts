import type { CheckKind } from '../config/service-config.js';
import type { PlannedCheck } from './check-plan.js';
import type { ProbeOutcome } from './check-state.js';

/** One result as it is remembered. */
export interface PastResult {
  /** Name of the check, or what it does. */
  readonly check: string;
  readonly kind: CheckKind;
  readonly result: ProbeOutcome['result'];
  readonly code: string | null;
  readonly reason: string | null;
  /** What was seen; `null` for passes, which there are most of. */
  readonly evidence: string | null;
  readonly duration_ms: number;
  readonly at: string;
}

/** What a result says besides when it came and how long it took. */
type Finding = Pick<PastResult, 'kind' | 'result' | 'code' | 'reason' | 'evidence'>;

/** Results kept per check. */
export const KEPT_RESULTS = 100;
/** Checks kept per service, as names change from one revision to the next. */
const KEPT_CHECKS = 64;
const MAX_EVIDENCE_CHARS = 512;

/** The last results of each check, over revisions. In memory: a restart begins anew. Bounded in every direction. */
export class CheckHistory {
  private readonly services = new Map<string, Map<string, ResultTrack>>();

  note(serviceId: string, { label, config }: PlannedCheck, outcome: ProbeOutcome): void {
    const checks = this.services.get(serviceId) ?? new Map<string, ResultTrack>();
    this.services.set(serviceId, checks);
    const results = checks.get(label) ?? new ResultTrack();
    // The check that ran last comes last, so that the one forgotten first is the one that is run no more.
    checks.delete(label);
    checks.set(label, results);
    const [oldest] = checks.keys();
    if (checks.size > KEPT_CHECKS && oldest !== undefined) checks.delete(oldest);
    results.add(findingOf(config.kind, outcome), outcome.duration_ms, Date.parse(outcome.at));
  }

  /** Newest first; of one check when it is named. */
  of(serviceId: string, limit: number, check: string | null = null): PastResult[] {
    const found: PastResult[] = [];
    for (const [label, results] of this.services.get(serviceId) ?? []) {
      if (check === null || check === label) found.push(...results.all(label));
    }
    // RFC 3339 in UTC sorts as text; the sort is stable, so that the later of two of the same moment stays the later.
    return found
      .reverse()
      .sort((left, right) => (left.at < right.at ? 1 : left.at > right.at ? -1 : 0))
      .slice(0, limit);
  }

  forget(serviceId: string): void {
    this.services.delete(serviceId);
  }
}

/**
 * The results of one check, oldest first. Why columns: there are 100 of each check of each service, nearly all of them
 * passes, and an object with a text for its time takes six times the room of two numbers.
 */
class ResultTrack {
  private readonly findings: Finding[] = [];
  private readonly durationsMs: number[] = [];
  private readonly timesMs: number[] = [];

  add(finding: Finding, durationMs: number, atMs: number): void {
    this.findings.push(finding);
    this.durationsMs.push(durationMs);
    this.timesMs.push(atMs);
    if (this.findings.length <= KEPT_RESULTS) return;
    for (const column of [this.findings, this.durationsMs, this.timesMs]) column.shift();
  }

  all(check: string): PastResult[] {
    return this.findings.map((finding, index) => ({
      check,
      ...finding,
      duration_ms: this.durationsMs[index] ?? 0,
      at: new Date(this.timesMs[index] ?? 0).toISOString(),
    }));
  }
}

const PASSES = new Map<CheckKind, Finding>();

/** One and the same for all plain passes of a kind. */
function findingOf(kind: CheckKind, { result, failure, evidence }: ProbeOutcome): Finding {
  const [code, reason] = [failure?.code ?? null, failure?.reason ?? null];
  if (result !== 'pass' || failure !== null) {
    const seen = result === 'pass' ? null : evidence.slice(0, MAX_EVIDENCE_CHARS);
    return { kind, result, code, reason, evidence: seen };
  }
  const known = PASSES.get(kind) ?? Object.freeze({ kind, result, code, reason, evidence: null });
  PASSES.set(kind, known);
  return known;
}
