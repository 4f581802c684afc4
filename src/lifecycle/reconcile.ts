import type { DesiredState } from '../registry/service.js';
import type { AttemptKind, AttemptPhase } from './attempt.js';
import type { DependencyVerdict } from './dependency-check.js';
import type { ServiceState } from './service-status.js';

/** Everything that decides what is done next for one service. Times are monotonic milliseconds. */
export interface Observation {
  /** `absent`: there is no live record. */
  readonly desired: DesiredState | 'absent';
  readonly revision: number;
  readonly candidate: number | null;
  readonly state: ServiceState;
  readonly attempt: {
    readonly revision: number;
    readonly kind: AttemptKind;
    readonly phase: AttemptPhase;
    readonly deadlineMs: number;
    readonly revocable: boolean;
  } | null;
  /** Of the current revision. */
  readonly dependencies: DependencyVerdict;
  /** Of the candidate; that of the current revision without one. */
  readonly candidateDependencies: DependencyVerdict;
  /** Pools that may have something running, and whether their drain is under way. */
  readonly running: boolean;
  readonly draining: boolean;
  /** What stands in the way of serving although the state is `active`. */
  readonly fault: string | null;
  /** The table that names the proven current revision has come after all, too late for its attempt. */
  readonly tableCaughtUp: boolean;
  /** A proof of the current revision is wanted, which serves unproven since boot. */
  readonly proofWanted: boolean;
  readonly restartWanted: boolean;
  /** An operator asked for another try of what failed. */
  readonly retryWanted: boolean;
  /** How the present error ends: by itself at `retryAtMs`, with the dependencies, or by a command alone. */
  readonly healing: 'backoff' | 'dependencies' | 'command';
  readonly retryAtMs: number;
  readonly nowMs: number;
}

/** One thing to do. All but `wait-until` change what is observed next. */
export type Action =
  | { readonly do: 'become'; readonly state: ServiceState; readonly why: string }
  | { readonly do: 'validate' }
  | { readonly do: 'start-attempt'; readonly revision: number; readonly kind: AttemptKind }
  | { readonly do: 'promote' }
  | { readonly do: 'publish' }
  | { readonly do: 'mark-active' }
  | { readonly do: 'mark-caught-up' }
  | { readonly do: 'mark-failed' }
  | { readonly do: 'mark-dependencies-unmet' }
  | { readonly do: 'mark-fault' }
  | { readonly do: 'expire-attempt' }
  | { readonly do: 'cancel-attempt'; readonly why: string }
  | { readonly do: 'discard-candidate'; readonly why: string }
  | { readonly do: 'drain' }
  | { readonly do: 'stop' }
  | { readonly do: 'archive' }
  | { readonly do: 'await-proof'; readonly untilMs: number }
  | { readonly do: 'wait-until'; readonly atMs: number };

/** The next step towards what is desired; `null` when there is nothing to do until something happens. */
export function reconcile(seen: Observation): Action | null {
  switch (seen.desired) {
    case 'absent':
      return (seen.running && !seen.draining) || seen.attempt !== null ? { do: 'stop' } : null;
    case 'draft':
      return towardsRest(seen, 'draft');
    case 'inactive':
      return towardsRest(seen, 'inactive');
    case 'archived':
      return towardsRest(seen, 'archived');
    case 'active':
      return seen.attempt === null ? towardsActive(seen) : advanceAttempt(seen, seen.attempt);
  }
}

/** Down: give up what is on its way, drain what runs, then rest or be archived. */
function towardsRest(seen: Observation, goal: 'draft' | 'inactive' | 'archived'): Action | null {
  if (seen.attempt !== null) return { do: 'cancel-attempt', why: `${goal} is wanted` };
  if (seen.candidate !== null) return { do: 'discard-candidate', why: `${goal} is wanted` };
  switch (seen.state) {
    case 'draft':
      return goal === 'archived' ? { do: 'archive' } : null;
    case 'inactive':
      if (seen.running) return seen.draining ? null : { do: 'drain' };
      return goal === 'archived' ? { do: 'archive' } : null;
    case 'deactivating':
      if (seen.running) return seen.draining ? null : { do: 'drain' };
      return { do: 'become', state: 'inactive', why: 'Deactivated' };
    case 'error':
      if (goal === 'archived' && !seen.running) return { do: 'archive' };
      return { do: 'become', state: 'deactivating', why: 'Deactivating' };
    case 'validating':
    case 'deploying':
    case 'active':
    case 'updating':
      return { do: 'become', state: 'deactivating', why: 'Deactivating' };
  }
}

function towardsActive(seen: Observation): Action | null {
  const { candidate } = seen;
  switch (seen.state) {
    case 'draft':
    case 'inactive':
      return { do: 'become', state: 'validating', why: 'Activating' };
    case 'validating':
      return { do: 'validate' };
    case 'deploying':
      if (!seen.candidateDependencies.met) return { do: 'mark-dependencies-unmet' };
      return { do: 'start-attempt', revision: candidate ?? seen.revision, kind: 'activate' };
    case 'updating':
      if (!seen.candidateDependencies.met) return { do: 'mark-dependencies-unmet' };
      if (candidate !== null) return { do: 'start-attempt', revision: candidate, kind: 'update' };
      if (seen.restartWanted) {
        return { do: 'start-attempt', revision: seen.revision, kind: 'restart' };
      }
      return { do: 'become', state: 'active', why: 'RolledBack' };
    case 'active':
      return keepActive(seen);
    case 'deactivating':
      // Wanted again while it stops: the stop is finished first, so that no half state is ever served.
      if (seen.running) return seen.draining ? null : { do: 'drain' };
      return { do: 'become', state: 'inactive', why: 'Deactivated' };
    case 'error':
      return heal(seen);
  }
}

function keepActive(seen: Observation): Action | null {
  if (seen.fault !== null) return { do: 'mark-fault' };
  if (!seen.dependencies.met) return { do: 'mark-dependencies-unmet' };
  if (seen.tableCaughtUp) return { do: 'mark-caught-up' };
  if (seen.candidate !== null) return { do: 'become', state: 'updating', why: 'Updating' };
  if (seen.restartWanted) return { do: 'become', state: 'updating', why: 'Restarting' };
  if (!seen.proofWanted) return null;
  if (seen.nowMs < seen.retryAtMs) return { do: 'wait-until', atMs: seen.retryAtMs };
  return { do: 'start-attempt', revision: seen.revision, kind: 'prove' };
}

/**
 * Out of an error. A command is seen as `validating` at once; what is tried by itself stays `error` until it is proven, so
 * that the state does not flap with every try.
 */
function heal(seen: Observation): Action | null {
  if (seen.candidate !== null || seen.retryWanted) {
    return { do: 'become', state: 'validating', why: 'Retrying' };
  }
  switch (seen.healing) {
    case 'command':
      return null;
    case 'dependencies':
      if (!seen.dependencies.met) return null;
      return { do: 'start-attempt', revision: seen.revision, kind: 'recover' };
    case 'backoff':
      if (!seen.dependencies.met) return { do: 'mark-dependencies-unmet' };
      if (seen.nowMs < seen.retryAtMs) return { do: 'wait-until', atMs: seen.retryAtMs };
      return { do: 'start-attempt', revision: seen.revision, kind: 'recover' };
  }
}

function advanceAttempt(
  seen: Observation,
  attempt: NonNullable<Observation['attempt']>,
): Action | null {
  const target = seen.candidate ?? seen.revision;
  if (attempt.revocable && attempt.revision !== target) {
    return { do: 'cancel-attempt', why: `revision ${String(target)} is wanted` };
  }
  // A command is more than a try that began before it.
  if (attempt.kind === 'recover' && attempt.revocable && seen.retryWanted) {
    return { do: 'cancel-attempt', why: 'another try was asked for' };
  }
  const late = seen.nowMs >= attempt.deadlineMs;
  switch (attempt.phase) {
    case 'failed':
      return { do: 'mark-failed' };
    case 'proven':
      if (seen.state === 'error') return { do: 'become', state: 'deploying', why: 'Recovering' };
      return { do: 'promote' };
    case 'promoted':
      return { do: 'publish' };
    case 'published':
      return { do: 'mark-active' };
    case 'proving':
      if (late) return { do: 'expire-attempt' };
      return { do: 'await-proof', untilMs: attempt.deadlineMs };
    case 'starting':
    case 'publishing':
      if (late) return { do: 'expire-attempt' };
      return { do: 'wait-until', atMs: attempt.deadlineMs };
  }
}
