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

/** Results kept per check. */
export const KEPT_RESULTS = 100;
/** Checks kept per service, as names change from one revision to the next. */
const KEPT_CHECKS = 64;
const MAX_EVIDENCE_CHARS = 512;

/** The last results of each check, over revisions. In memory: a restart begins anew. Bounded in every direction. */
export class CheckHistory {
  private readonly services = new Map<string, Map<string, PastResult[]>>();

  note(serviceId: string, { label, config }: PlannedCheck, outcome: ProbeOutcome): void {
    const checks = this.services.get(serviceId) ?? new Map<string, PastResult[]>();
    this.services.set(serviceId, checks);
    const results = checks.get(label) ?? [];
    // The check that ran last comes last, so that the one forgotten first is the one that is run no more.
    checks.delete(label);
    checks.set(label, results);
    const [oldest] = checks.keys();
    if (checks.size > KEPT_CHECKS && oldest !== undefined) checks.delete(oldest);
    const { result, failure, evidence, duration_ms, at } = outcome;
    results.push({
      check: label,
      kind: config.kind,
      result,
      code: failure?.code ?? null,
      reason: failure?.reason ?? null,
      evidence: result === 'pass' ? null : evidence.slice(0, MAX_EVIDENCE_CHARS),
      duration_ms,
      at,
    });
    if (results.length > KEPT_RESULTS) results.shift();
  }

  /** Newest first; of one check when it is named. */
  of(serviceId: string, limit: number, check: string | null = null): PastResult[] {
    const found: PastResult[] = [];
    for (const [label, results] of this.services.get(serviceId) ?? []) {
      if (check === null || check === label) found.push(...results);
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
