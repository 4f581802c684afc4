import type { CancelTimer, Clock } from '../kernel/clock.js';
import type { RegistryAccess } from './lifecycle-ports.js';
import { isTransient } from './service-lifecycle.js';
import type { RuntimeTable } from './service-runtime.js';
import type { ActivationFailure, ServiceState } from './service-status.js';
import type { StatusRepository } from './status-repository.js';

/** What came of a command. `done: false`: it still goes on after the time that was given. */
export type Settlement =
  | {
      readonly done: true;
      readonly state: ServiceState | 'archived';
      /** Why it did not get where it was to, or `null`. */
      readonly failure: ActivationFailure | null;
      /** Whether the revision that was asked about is the one that is served. */
      readonly promoted: boolean;
    }
  | { readonly done: false; readonly state: ServiceState | 'archived' };

/** Answers when what was asked of a service has come to an end. */
export class Settling {
  private readonly waiting = new Map<string, Set<() => void>>();

  constructor(
    private readonly registry: RegistryAccess,
    private readonly statuses: StatusRepository,
    private readonly runtimes: RuntimeTable,
    private readonly clock: Clock,
  ) {}

  /** Waits on and off at most `timeoutMs` (or until `signal`); `revision: null` asks about the service as a whole. */
  settled(
    id: string,
    revision: number | null,
    timeoutMs: number,
    signal?: AbortSignal,
  ): Promise<Settlement> {
    return this.until(
      id,
      () => this.settlement(id, revision),
      () => ({ done: false, state: this.stateOf(id) }),
      timeoutMs,
      signal,
    );
  }

  /** Waits until `test` answers other than `null`; `otherwise` when the time is over. */
  until<T>(
    id: string,
    test: () => T | null,
    otherwise: () => T,
    timeoutMs: number,
    signal?: AbortSignal,
  ): Promise<T> {
    const now = test();
    if (now !== null || timeoutMs <= 0 || signal?.aborted === true) {
      return Promise.resolve(now ?? otherwise());
    }
    return new Promise((resolve) => {
      const set = this.waiting.get(id) ?? new Set();
      this.waiting.set(id, set);
      let cancelTimer: CancelTimer = () => undefined;
      const end = (result: T): void => {
        set.delete(look);
        if (set.size === 0 && this.waiting.get(id) === set) this.waiting.delete(id);
        cancelTimer();
        signal?.removeEventListener('abort', giveUp);
        resolve(result);
      };
      const look = (): void => {
        const result = test();
        if (result !== null) end(result);
      };
      const giveUp = (): void => {
        end(test() ?? otherwise());
      };
      set.add(look);
      signal?.addEventListener('abort', giveUp, { once: true });
      cancelTimer = this.clock.schedule(timeoutMs, giveUp);
    });
  }

  /** Something changed: whoever waits looks again. */
  notify(id: string): void {
    for (const look of [...(this.waiting.get(id) ?? [])]) look();
  }

  private stateOf(id: string): ServiceState | 'archived' {
    return this.registry.find(id) === undefined ? 'archived' : this.statuses.read(id).state;
  }

  private settlement(id: string, revision: number | null): Settlement | null {
    const doc = this.registry.find(id);
    const runtime = this.runtimes.peek(id);
    if (runtime !== undefined && runtime.passes > 0) return null;
    if (doc === undefined) return { done: true, state: 'archived', failure: null, promoted: false };
    const outcome = revision === null ? undefined : runtime?.outcomes.get(revision);
    const isGivenUp =
      outcome?.promoted === false && ![doc.revision, doc.candidate].includes(revision);
    if (isGivenUp)
      return { done: true, state: this.stateOf(id), failure: outcome.failure, promoted: false };
    // A try that nobody asked for (boot, recovery) is not waited for.
    const kind = runtime?.attempt?.kind;
    if (kind !== undefined && kind !== 'prove' && kind !== 'recover') return null;
    const { state, last_failure } = this.statuses.read(id);
    if (isTransient(state)) return null;
    const promoted =
      outcome?.promoted ?? (revision !== null && doc.revision === revision && state === 'active');
    const failure = outcome === undefined && state === 'error' ? last_failure : null;
    return { done: true, state, failure: outcome?.failure ?? failure, promoted };
  }
}
