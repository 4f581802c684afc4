import type { UpstreamError } from '../upstream/upstream.errors.js';
import type { Instance } from './instance.js';

/** What a pool tells its service. Called synchronously; must not throw. */
export interface PoolHooks {
  /** A caller waits for the proof of this revision. */
  onProofWanted(revision: number): void;
  /** An upstream ended without being asked to, or did not start for a caller. */
  onFailure(failure: PoolFailure): void;
  /** The instance is about to be gone: its stderr is to be kept now. */
  onEnding(instance: Instance): void;
  /** Why callers are kept away although the revision is proven; `null` = they are not. */
  barrier?(): UpstreamError | null;
  /** Monotonic milliseconds before which nothing may be started (restart policy). */
  startAtMs(): number;
}

export interface PoolFailure {
  readonly revision: number;
  /** `null` when it never ran. */
  readonly instance: Instance | null;
  readonly error: UpstreamError;
  /** Whether it is a failure of the service, for the restart policy. */
  readonly counted: boolean;
  /** Whether no child is left that callers share. */
  readonly isBereft: boolean;
}

export interface TrialOptions {
  /** Whether an upstream that serves already will do. */
  readonly reuse: boolean;
  /** Whether an idle instance of another service may be stopped for it. */
  readonly reclaim: boolean;
  /** Hears the unexpected end of the trial. */
  readonly onDown: (error: UpstreamError) => void;
}
