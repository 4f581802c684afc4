import type { HealthCheckConfig } from '../config/service-config.js';
import type { ProbeFailure } from './probe-failure.js';

/** One result of one probe. */
export interface ProbeOutcome {
  /**
   * `unknown`: the probe could not be carried out, which says nothing about the service. `skipped`: there was nothing to
   * judge.
   */
  readonly result: 'pass' | 'fail' | 'unknown' | 'skipped';
  readonly failure: ProbeFailure | null;
  /** What was seen, in words; at most 4 KiB and scrubbed. */
  readonly evidence: string;
  readonly duration_ms: number;
  readonly at: string;
}

/** What outcomes and thresholds amount to. `pending`: nothing is known yet. */
export type CheckStatus = 'pending' | 'passing' | 'failing';

export interface CheckState {
  readonly status: CheckStatus;
  readonly passes: number;
  readonly fails: number;
  /** Runs in a row that could not be carried out. */
  readonly unknowns: number;
  /** Runs in a row that had nothing to judge. */
  readonly skips: number;
  readonly last: ProbeOutcome | null;
  /** The last outcome that passed or failed. */
  readonly telling: ProbeOutcome | null;
}

export const PENDING: CheckState = {
  status: 'pending',
  passes: 0,
  fails: 0,
  unknowns: 0,
  skips: 0,
  last: null,
  telling: null,
};

/** Runs in a row without anything to judge after which what was judged before is out of date. */
export const OUTDATED_AFTER = 5;

/** What a state becomes by one more outcome. Definite failures skip the threshold; unknown and skipped outcomes change no count. */
export function advance(
  state: CheckState,
  outcome: ProbeOutcome,
  { fail_after, pass_after }: Pick<HealthCheckConfig, 'fail_after' | 'pass_after'>,
): CheckState {
  if (outcome.result === 'unknown') {
    return { ...state, unknowns: state.unknowns + 1, last: outcome };
  }
  if (outcome.result === 'skipped') {
    const skips = state.skips + 1;
    const kept = skips < OUTDATED_AFTER ? state : PENDING;
    return { ...kept, unknowns: 0, skips, last: outcome };
  }
  const told = { last: outcome, telling: outcome, unknowns: 0, skips: 0 };
  if (outcome.result === 'fail') {
    const fails = state.fails + 1;
    const failing =
      state.status === 'failing' || fails >= fail_after || outcome.failure?.definite === true;
    return { ...told, status: failing ? 'failing' : state.status, passes: 0, fails };
  }
  const passes = state.passes + 1;
  const passing = state.status !== 'failing' || passes >= pass_after;
  return { ...told, status: passing ? 'passing' : 'failing', passes, fails: 0 };
}
