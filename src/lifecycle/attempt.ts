import type { Instance } from './instance.js';
import type { FailureFacts } from './failure-mapping.js';
import type { RunnableRevision } from './pool-plan.js';
import type { JsonObject } from '../kernel/json.js';
import type { UpstreamError } from '../upstream/upstream.errors.js';
import type { Proof, ServerIdentity } from './service-status.js';

/**
 * Where an attempt stands. `starting` the upstream → `proving` by whoever hears `InstanceStarted` → `proven` → `promoted`
 * (the revision is the current one) → `publishing` a table that names it → `published`. `failed` from any of them.
 */
export type AttemptPhase =
  'starting' | 'proving' | 'proven' | 'promoted' | 'publishing' | 'published' | 'failed';

/**
 * Why it is made. `activate`: to serve for the first time; `update`: a candidate beside what serves; `prove`: what boot
 * mounted unproven; `recover`: back from an error by itself; `restart`: fresh instances of what serves; `keep`: an older
 * revision that a route names, beside whatever else is under way.
 */
export type AttemptKind = 'activate' | 'update' | 'prove' | 'recover' | 'restart' | 'keep';

/** What was shown about a running upstream. */
export interface ProofFacts {
  readonly proof: Proof;
  readonly tools: readonly JsonObject[];
  readonly server: ServerIdentity;
}

/** One try to bring one revision up. Lives in memory only: after a crash of the gateway it is made again. */
export class Attempt {
  phase: AttemptPhase = 'starting';
  instance: Instance | null = null;
  proof: ProofFacts | null = null;
  failure: FailureFacts | null = null;
  /** Error of the upstream behind `failure`, for callers that wait for the revision. */
  cause: unknown = null;
  /** The end of the upstream while it is proven: the prover meets it too, and knows at which stage. */
  lost: UpstreamError | null = null;
  /** Resolves once it is proven or has failed. */
  readonly judged: Promise<void>;
  private readonly controller = new AbortController();
  private judge: () => void = () => undefined;

  constructor(
    readonly id: string,
    readonly revision: RunnableRevision,
    readonly kind: AttemptKind,
    /** Monotonic; the phase ends as a failure then. */
    public deadlineMs: number,
  ) {
    this.judged = new Promise((resolve) => {
      this.judge = resolve;
    });
  }

  get signal(): AbortSignal {
    return this.controller.signal;
  }

  /** Whether it can still be given up without anybody having noticed it. */
  get isRevocable(): boolean {
    return ['starting', 'proving', 'proven', 'failed'].includes(this.phase);
  }

  enter(phase: AttemptPhase, deadlineMs: number): void {
    if (this.phase === 'failed') return;
    this.phase = phase;
    this.deadlineMs = deadlineMs;
    if (phase === 'proven') this.judge();
  }

  /** The first failure stands; later ones are consequences of it. */
  fail(failure: FailureFacts, cause: unknown = null): void {
    if (this.phase === 'failed') return;
    this.phase = 'failed';
    this.failure = failure;
    this.cause = cause;
    this.controller.abort();
    this.judge();
  }
}
