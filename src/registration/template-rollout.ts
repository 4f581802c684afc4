import type { ProblemError, FieldError } from '../kernel/problem.js';

export const ROLLOUT_SCHEMA_VERSION = '1.0';
/** Services of one rollout. */
export const MAX_ROLLOUT_SERVICES = 1000;
/** Rollouts that came to an end and are kept. */
export const KEPT_ROLLOUTS = 100;

/** What went wrong with the move of one service, from the problem that its update was refused with. */
export interface MoveFailure {
  readonly code: string;
  readonly detail: string;
  /** What to do next. */
  readonly action: string;
  /** Of an activation that failed. */
  readonly stage?: string;
  readonly reason?: string;
  readonly errors?: readonly FieldError[];
}

/**
 * `updated`: it serves the new revision, or stores it when it is not to be active. `unchanged`: it extended that revision
 * already. `skipped`: it was not tried, or is gone, or extends another template now; `note` says which.
 */
export type MoveState = 'pending' | 'updated' | 'unchanged' | 'failed' | 'skipped';

export interface ServiceMove {
  readonly service_id: string;
  readonly name: string;
  /** What it extended when the rollout began. */
  readonly from: string;
  readonly state: MoveState;
  /** The revision of the service that extends the target. */
  readonly revision: number | null;
  readonly note: string | null;
  readonly problem: MoveFailure | null;
}

/** `stopped`: a service failed and the rest was left as it is. */
export type RolloutState = 'running' | 'completed' | 'stopped' | 'cancelled';

/** Record kind `template_rollout`, id = `rollout_id`. Written by the rollout alone, once per batch. */
export interface TemplateRollout {
  readonly schema_version: string;
  readonly rollout_id: string;
  readonly template_id: string;
  /** What the services are moved to: `template_id@revision`. */
  readonly reference: string;
  readonly state: RolloutState;
  readonly cancel_requested: boolean;
  /** Services moved at once. */
  readonly batch: number;
  /** Between two batches. */
  readonly pause_ms: number;
  readonly on_failure: 'stop' | 'continue';
  readonly allow_breaking: boolean;
  readonly services: readonly ServiceMove[];
  readonly created_at: string;
  readonly updated_at: string;
  readonly finished_at: string | null;
  readonly actor: string;
  /** In whose authority the services are moved, also after a restart. Never shown. */
  readonly authority: {
    readonly source: 'api' | 'hook' | 'inbox' | 'cli' | 'reconciler' | 'boot';
    readonly scopes: readonly string[];
    readonly services: readonly string[] | null;
  };
}

export interface MoveResult {
  readonly state: Exclude<MoveState, 'pending'>;
  readonly revision?: number | null;
  readonly note?: string;
  readonly problem?: MoveFailure;
}

/** Who is moved next; empty when nobody is left. */
export function nextBatch(rollout: TemplateRollout): readonly ServiceMove[] {
  return rollout.services.filter(({ state }) => state === 'pending').slice(0, rollout.batch);
}

/** The rollout after a batch, ended when it is the last one, when a failure stops it, or when it is to be cancelled. */
export function afterBatch(
  rollout: TemplateRollout,
  results: ReadonlyMap<string, MoveResult>,
  at: string,
): TemplateRollout {
  const services = rollout.services.map((move) => withResult(move, results.get(move.service_id)));
  const moved = { ...rollout, services, updated_at: at };
  const failed = [...results.values()].some(({ state }) => state === 'failed');
  if (services.every(({ state }) => state !== 'pending')) return ended(moved, 'completed', at);
  if (failed && rollout.on_failure === 'stop') return ended(moved, 'stopped', at);
  return rollout.cancel_requested ? ended(moved, 'cancelled', at) : moved;
}

const LEFT: Readonly<Record<Exclude<RolloutState, 'running'>, string>> = {
  completed: '',
  stopped: 'not tried: the rollout stopped at a failure before it',
  cancelled: 'not tried: the rollout was cancelled',
};

/** A rollout whose last batch failed is `stopped` when a failure was to stop it, though nobody is left. */
function ended(
  rollout: TemplateRollout,
  state: Exclude<RolloutState, 'running'>,
  at: string,
): TemplateRollout {
  const hasFailed = rollout.services.some((move) => move.state === 'failed');
  const final =
    state === 'completed' && hasFailed && rollout.on_failure === 'stop' ? 'stopped' : state;
  const services = rollout.services.map((move): ServiceMove =>
    move.state === 'pending' ? { ...move, state: 'skipped', note: LEFT[final] } : move,
  );
  return { ...rollout, services, state: final, finished_at: at, updated_at: at };
}

function withResult(move: ServiceMove, result: MoveResult | undefined): ServiceMove {
  if (result === undefined) return move;
  const { state, revision = null, note = null, problem = null } = result;
  return { ...move, state, revision, note, problem };
}

/** How many services are in each state. */
export function countsOf(rollout: TemplateRollout): Readonly<Record<MoveState, number>> {
  const counts = { pending: 0, updated: 0, unchanged: 0, failed: 0, skipped: 0 };
  for (const { state } of rollout.services) counts[state] += 1;
  return counts;
}

/** The reason in the history of a service that a rollout moved; tells its own revisions from those of others. */
export function reasonOf(rolloutId: string): string {
  return `template rollout ${rolloutId}`;
}

export function failureOf(error: ProblemError): MoveFailure {
  const { extra, errors } = error.details;
  const text = (name: string): string | undefined => {
    const value = extra?.[name];
    return typeof value === 'string' ? value : undefined;
  };
  const stage = text('stage');
  const reason = text('reason');
  return {
    code: error.code,
    detail: error.message,
    action: text('action') ?? error.definition.action,
    ...(stage === undefined ? {} : { stage }),
    ...(reason === undefined ? {} : { reason }),
    ...(errors === undefined ? {} : { errors }),
  };
}
