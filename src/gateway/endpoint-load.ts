import type { CallQueue } from './call-queue.js';

/**
 * What is going on at one source of instances: shared by all endpoints over it, and as long-lived as it is. The call
 * ledger counts, the queue waits, the circuit judges; each writes its own members only.
 */
export class EndpointLoad {
  /** Calls under way, and openings for calls. */
  inFlight = 0;
  /** Calls that wait for their turn. */
  waiting = 0;
  /** Made with the first call that had to wait. */
  queue: CallQueue | null = null;
  /** Transport failures since the last success; 0 in peace. */
  failures = 0;
  /** 0 while the circuit is closed; else nobody but `ping` passes before this monotonic time, and one call after it. */
  openUntilMs = 0;
  /** How often the circuit opened since it was last closed. */
  openings = 0;
  /** Monotonic. A call that had begun by then failed of the same cause, and is not counted again. */
  lastFailureMs = -Infinity;
  /** Whether the one call that tries an open circuit is on its way. */
  trial = false;
}
