import type { Clock } from '../kernel/clock.js';
import type { Logger } from '../kernel/logger.js';
import {
  afterBatch,
  nextBatch,
  type MoveResult,
  type ServiceMove,
  type TemplateRollout,
} from './template-rollout.js';
import type { TemplateRolloutStore } from './template-rollout-store.js';

export interface RunnerParts {
  readonly rollouts: TemplateRolloutStore;
  readonly moves: {
    run(rollout: TemplateRollout, move: ServiceMove, signal: AbortSignal): Promise<MoveResult>;
  };
  readonly clock: Clock;
  readonly logger: Logger;
}

/** After what the store refused, such as a full disk. */
const RETRY_MS = 30_000;

interface Run {
  /** Ends a pause. */
  readonly hurry: AbortController;
  readonly done: Promise<void>;
}

/**
 * Carries rollouts out, batch after batch. What a batch came to is one commit, so a crash repeats at most one batch, and a
 * move knows what it did. Invariant: at most one run of a rollout at a time.
 */
export class TemplateRolloutRunner {
  private readonly runs = new Map<string, Run>();
  private readonly stopping = new AbortController();

  constructor(private readonly parts: RunnerParts) {}

  /** Begins, or goes on with, a rollout; what is stored as running and not yet run. */
  start(id: string): void {
    if (this.runs.has(id) || this.stopping.signal.aborted) return;
    const hurry = new AbortController();
    const done = this.run(id, hurry.signal).then(
      () => {
        this.runs.delete(id);
      },
      (error: unknown) => {
        this.runs.delete(id);
        const { logger, clock } = this.parts;
        logger.error(
          { rollout_id: id, err: error },
          'a template rollout halted; it is tried again',
        );
        clock.schedule(RETRY_MS, () => {
          this.start(id);
        });
      },
    );
    this.runs.set(id, { hurry, done });
  }

  /** What waits between two batches goes on at once, to find that it is cancelled. */
  hurry(id: string): void {
    this.runs.get(id)?.hurry.abort();
  }

  /** Resolves when the rollout has come to an end or is not run here. */
  async ended(id: string): Promise<void> {
    await this.runs.get(id)?.done;
  }

  /** Nothing more is begun or noted; the next start resumes what is stored as running. */
  stop(): void {
    this.stopping.abort();
    for (const { hurry } of this.runs.values()) hurry.abort();
  }

  private async run(id: string, hurry: AbortSignal): Promise<void> {
    const { rollouts, moves, clock } = this.parts;
    for (;;) {
      const rollout = rollouts.get(id);
      if (rollout?.state !== 'running' || this.stopping.signal.aborted) return;
      const batch = rollout.cancel_requested ? [] : nextBatch(rollout);
      const results = new Map<string, MoveResult>();
      await Promise.all(
        batch.map(async (move) => {
          results.set(move.service_id, await moves.run(rollout, move, this.stopping.signal));
        }),
      );
      // Why not note it: an update that the end of the process cut short says nothing of the service.
      if (this.stopping.signal.aborted) return;
      const after = await this.note(rollout, results);
      if (after?.state !== 'running') return;
      if (rollout.pause_ms > 0) await clock.sleep(rollout.pause_ms, hurry);
    }
  }

  private async note(
    { rollout_id, actor }: TemplateRollout,
    results: ReadonlyMap<string, MoveResult>,
  ): Promise<TemplateRollout | undefined> {
    const { rollouts, clock } = this.parts;
    return rollouts.change(
      rollout_id,
      (rollout) => afterBatch(rollout, results, clock.timestamp()),
      { actor, source: 'reconciler', verb: 'template.rollout.progress' },
    );
  }
}
