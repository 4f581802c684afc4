import { mayBecome } from '../kernel/state-machine.js';
import type { Upstream } from '../upstream/upstream.js';
import type { UpstreamError } from '../upstream/upstream.errors.js';
import type { Permit } from './instance-budget.js';
import { INSTANCE_TRANSITIONS, isLive, type InstanceState } from './instance-state.js';

/** One running instance as the API shows it. */
export interface InstanceView {
  readonly instance_id: string;
  readonly revision: number;
  readonly state: InstanceState;
  readonly pid: number | null;
  readonly started_at: string;
  readonly uptime_s: number;
  /** Failures of the service's instances before, since the gateway started. */
  readonly restarts: number;
  readonly in_flight: number;
  readonly memory_bytes: number | null;
  /** Whether its calls kept failing, so that it is not picked for a while. */
  readonly ejected?: boolean;
  /** CPU time used so far by what runs of it, in milliseconds. */
  readonly cpu_ms?: number | null;
}

export interface InstanceFacts {
  readonly instanceId: string;
  readonly revision: number;
  /** RFC 3339, UTC. */
  readonly startedAt: string;
  /** Monotonic. */
  readonly startedMs: number;
}

/**
 * One upstream and what is owed for it. Owned by exactly one pool. Invariant: the permit is given back once nothing of the
 * upstream runs any more, and only then.
 */
export class Instance {
  /** Leases held now. */
  leases = 0;
  /** Whether it ever had a lease; one that is not multiplexed is then used up. */
  used = false;
  /** Monotonic milliseconds until which it is not picked; 0 = it is picked as any other. */
  ejectedUntilMs = 0;
  private current: InstanceState = 'starting';
  private stopping: Promise<void> | null = null;

  constructor(
    readonly facts: InstanceFacts,
    readonly upstream: Upstream,
    private readonly permit: Permit | null,
  ) {}

  get id(): string {
    return this.facts.instanceId;
  }

  get state(): InstanceState {
    return this.current;
  }

  /** Whether nobody would miss it now: no call, no stream. */
  get isQuiet(): boolean {
    return this.upstream.inFlight === 0 && this.upstream.listeners === 0;
  }

  /** Starts the upstream. `onDown` hears its unexpected end, once. When it rejects nothing is left running. */
  async start(signal: AbortSignal, onDown: (error: UpstreamError) => void): Promise<void> {
    this.upstream.onDown((error) => {
      if (!isLive(this.current) || this.stopping !== null) return;
      this.become('failed');
      onDown(error);
      void this.stop();
    });
    try {
      await this.upstream.start(signal);
    } catch (error) {
      this.become('failed');
      await this.stop();
      throw error;
    }
    this.become('ready');
  }

  /** Takes no new lease from now on. */
  beginDrain(): void {
    this.become('draining');
  }

  /** Resolves when nothing of it runs any more. Idempotent; never rejects. */
  stop(): Promise<void> {
    this.stopping ??= this.end();
    return this.stopping;
  }

  view(monotonicMs: number, restarts: number): InstanceView {
    const seen = this.upstream.facts();
    return {
      instance_id: this.id,
      revision: this.facts.revision,
      state: this.current,
      pid: seen.pid,
      started_at: this.facts.startedAt,
      uptime_s: Math.max(0, Math.floor((monotonicMs - this.facts.startedMs) / 1000)),
      restarts,
      in_flight: this.upstream.inFlight,
      memory_bytes: seen.memory_bytes,
      cpu_ms: seen.cpu_ms ?? null,
      ejected: this.ejectedUntilMs > monotonicMs,
    };
  }

  private async end(): Promise<void> {
    this.become('draining');
    try {
      await this.upstream.stop();
    } catch {
      // Why not report it: `stop` has no failure that its caller could act on; the watchdog ends what is left.
    } finally {
      this.become('stopped');
      this.permit?.release();
    }
  }

  private become(state: InstanceState): void {
    if (mayBecome(INSTANCE_TRANSITIONS, this.current, state)) this.current = state;
  }
}
