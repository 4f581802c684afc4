import { activationProblem, isSuperseded } from './activation-problem.js';
import type { Settlement } from '../lifecycle/settling.js';
import type { ControlPlane } from './control-plane.js';
import { registrationProblems } from './registration.errors.js';
import type { RegistrationResult, WriteOutcome } from './registration-result.js';

/** What a committed change waits for. */
export interface Goal {
  readonly service_id: string;
  /** The revision that has to be brought up, or `null` for the service as a whole. */
  readonly revision: number | null;
  readonly wanted: 'serving' | 'inactive' | 'archived';
  /** Of the answer when the goal is reached. */
  readonly outcome: WriteOutcome;
  readonly status: 200 | 201 | 204;
  readonly warnings: readonly string[];
}

/** Waits for goals and makes the answers. Invariant: 200 and 201 are answered only for what has been reached. */
export class GoalKeeper {
  constructor(private readonly plane: ControlPlane) {}

  /**
   * Throws `lifecycle.activation-failed` when the activation failed and `registration.superseded` when a newer command
   * took over; answers 202 when it is still under way after `wait_ms`.
   */
  async reach(goal: Goal, wait_ms: number): Promise<RegistrationResult> {
    const settlement = await this.plane.lifecycle.settled(goal.service_id, goal.revision, wait_ms);
    if (!settlement.done) return this.answer(goal.service_id, 202, 'pending', goal.warnings);
    const { failure } = settlement;
    if (failure !== null && goal.wanted === 'serving' && !isSuperseded(failure)) {
      throw activationProblem(failure, goal.service_id);
    }
    if (!isReached(goal, settlement)) throw superseded(goal, settlement);
    if (goal.status === 204) return gone(goal);
    return this.answer(goal.service_id, goal.status, goal.outcome, goal.warnings);
  }

  /** The document as it is now. A service that is gone meanwhile was taken away by somebody else: 409. */
  async answer(
    service_id: string,
    status: 200 | 201 | 202,
    outcome: WriteOutcome,
    warnings: readonly string[],
  ): Promise<RegistrationResult> {
    const { registry, lifecycle, views } = this.plane;
    const archiving = registry.find(service_id) === undefined;
    return {
      status,
      outcome,
      service_id,
      service: archiving ? null : await views.describe(service_id),
      warnings,
      plan: null,
      etag: archiving ? null : registry.etag(service_id, lifecycle.statusVersion(service_id)),
      location: status === 200 ? null : locationOf(service_id),
    };
  }
}

export function locationOf(service_id: string): string {
  return `/api/v1/services/${service_id}`;
}

function isReached(goal: Goal, settlement: Settlement & { done: true }): boolean {
  const { state, promoted } = settlement;
  switch (goal.wanted) {
    case 'serving':
      return (state === 'active' || state === 'updating') && (goal.revision === null || promoted);
    case 'inactive':
      return state === 'inactive';
    case 'archived':
      return state === 'archived';
  }
}

function superseded(goal: Goal, { state, failure }: Settlement & { done: true }) {
  const made = `The service was to be ${goal.wanted}, but a newer command made it ${state}.`;
  return registrationProblems.superseded({
    detail: failure?.message ?? made,
    extra: { service_id: goal.service_id, state },
  });
}

function gone(goal: Goal): RegistrationResult {
  return {
    status: 204,
    outcome: goal.outcome,
    service_id: goal.service_id,
    service: null,
    warnings: goal.warnings,
    plan: null,
    etag: null,
    location: null,
  };
}
