import type { Clock } from '../kernel/clock.js';
import type { Random } from '../kernel/random.js';
import type { Upstream } from '../upstream/upstream.js';
import { UpstreamError } from '../upstream/upstream.errors.js';
import type { UpstreamSpec } from '../upstream/upstream-spec.js';
import { Instance } from './instance.js';
import type { InstanceBudget, Permit } from './instance-budget.js';
import type { RunnableRevision } from './pool-plan.js';
import {
  buildUpstreamSpec,
  resolveValues,
  type ResolveReference,
} from './upstream-spec.builder.js';

/** What of the upstream module is needed here. */
export interface UpstreamMaker {
  create(spec: UpstreamSpec): Upstream;
}

export interface StarterParts {
  readonly maker: UpstreamMaker;
  readonly resolveReference: ResolveReference;
  readonly budget: InstanceBudget;
  readonly clock: Clock;
  readonly random: Random;
  /** The environment that children inherit the allow-listed part of. */
  readonly environment: Readonly<Record<string, string | undefined>>;
}

export interface StartRequest {
  readonly signal: AbortSignal;
  /** Whether an idle instance of another service may be stopped for it at the cap. */
  readonly reclaim: boolean;
  readonly onDown: (instance: Instance, error: UpstreamError) => void;
}

/** Builds and starts one instance of a revision: permit, secrets, upstream, in that order. */
export class InstanceStarter {
  constructor(private readonly parts: StarterParts) {}

  get clock(): Clock {
    return this.parts.clock;
  }

  get budget(): InstanceBudget {
    return this.parts.budget;
  }

  /** Rejects with an `UpstreamError`, within `start_timeout_ms`; nothing is left running or counted then. */
  async start(revision: RunnableRevision, request: StartRequest): Promise<Instance> {
    const spawns = revision.effective.runtime.command !== null;
    const permit = spawns ? await this.parts.budget.take({ reclaim: request.reclaim }) : null;
    let instance: Instance;
    try {
      instance = await this.make(revision, permit);
    } catch (error) {
      permit?.release();
      throw error;
    }
    await this.startWithin(instance, revision.effective.runtime.start_timeout_ms, request);
    return instance;
  }

  private async make(revision: RunnableRevision, permit: Permit | null): Promise<Instance> {
    const { clock, random, environment, maker, resolveReference } = this.parts;
    const instanceId = random.uuid();
    const values = await resolveValues(revision, resolveReference);
    const spec = buildUpstreamSpec(revision, values, environment, instanceId);
    const facts = {
      instanceId,
      revision: revision.revision,
      startedAt: clock.timestamp(),
      startedMs: clock.monotonicMs(),
    };
    return new Instance(facts, maker.create(spec), permit);
  }

  private async startWithin(
    instance: Instance,
    timeoutMs: number,
    { signal, onDown }: StartRequest,
  ): Promise<void> {
    const ours = new AbortController();
    const giveUp = (): void => {
      ours.abort();
    };
    const cancelTimer = this.parts.clock.schedule(timeoutMs, giveUp);
    signal.addEventListener('abort', giveUp, { once: true });
    if (signal.aborted) giveUp();
    try {
      await instance.start(ours.signal, (error) => {
        onDown(instance, error);
      });
    } catch (error) {
      throw startError(error, signal.aborted, ours.signal.aborted, timeoutMs, instance);
    } finally {
      cancelTimer();
      signal.removeEventListener('abort', giveUp);
    }
  }
}

/** The precise error: what we ended is told by why we ended it, not by how the upstream took it. */
function startError(
  error: unknown,
  cancelled: boolean,
  timedOut: boolean,
  timeoutMs: number,
  instance: Instance,
): unknown {
  const stderr = error instanceof UpstreamError ? error.facts.stderr : undefined;
  const facts = { stderr: stderr ?? instance.upstream.facts().stderr, cause: error };
  if (cancelled) return new UpstreamError('aborted', 'The start was given up.', facts);
  if (timedOut && !(error instanceof UpstreamError && error.code.endsWith('-timeout'))) {
    const message = `The upstream did not start within ${String(timeoutMs)} ms.`;
    return new UpstreamError('start-timeout', message, facts);
  }
  return error;
}
