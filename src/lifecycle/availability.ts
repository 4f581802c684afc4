import type { DesiredState } from '../registry/service.js';
import type { DependencyVerdict } from './dependency-check.js';
import type { ActivationFailure, ServiceState } from './service-status.js';

/** Whether a mounted service may be called now; what a 503 says when not. */
export interface Availability {
  readonly serving: boolean;
  readonly state: ServiceState | 'archived';
  /** One CamelCase word. */
  readonly reason: string;
  readonly message: string;
  /** What to do about it, where it is known. */
  readonly action?: string;
  /** A security finding alone keeps callers away: it runs, and may be looked at. */
  readonly blocked?: true;
  /** It serves, and what served has ended unasked: callers wait for another one, which is being started. */
  readonly outage?: Outage;
  /** When to try again, in seconds: until our own next try where one is due, 1 at least and 60 at most. */
  readonly retry_after_s: number;
}

export type Outage = Pick<ActivationFailure, 'reason' | 'message' | 'action'>;

/** A security finding for which no new call is let in. */
export interface Blockage {
  /** One CamelCase word. */
  readonly reason: string;
  readonly message: string;
  /** What to do next. */
  readonly action: string;
}

export interface AvailabilityFacts {
  readonly desired: DesiredState | 'absent';
  readonly state: ServiceState;
  /** Whether the current revision has a pool that lets callers in (proven, or mounted by boot). */
  readonly admitted: boolean;
  /** The attempt is beyond its proof, so that the state is about to be `active`. */
  readonly mounting: boolean;
  readonly dependencies: DependencyVerdict;
  readonly fault: Outage | null;
  readonly failure: ActivationFailure | null;
  readonly blockage?: Blockage | null;
  readonly outage?: Outage | null;
  /** Until the next try by itself, in milliseconds; `null` = none is due. */
  readonly retryInMs: number | null;
}

const SOON_S = 2;
const LATER_S = 60;

export function availabilityOf(facts: AvailabilityFacts): Availability {
  const { state, fault, dependencies, outage = null } = facts;
  const retryS =
    facts.retryInMs === null
      ? LATER_S
      : Math.min(LATER_S, Math.max(1, Math.ceil(facts.retryInMs / 1000)));
  if (facts.desired === 'absent') {
    return refuse('archived', 'Unknown', 'The service is not registered.', LATER_S);
  }
  if (fault !== null) {
    return { ...refuse(state, fault.reason, fault.message, retryS), action: fault.action };
  }
  const resting = restingRefusal(facts, retryS);
  if (resting !== null) return resting;
  const { blockage = null } = facts;
  if (blockage !== null) return blocked(state, blockage);
  if (!dependencies.met) return refuse(state, dependencies.reason, dependencies.message, SOON_S);
  if (!facts.admitted) return starting(state);
  return {
    serving: true,
    state,
    reason: 'Serving',
    message: 'The service serves.',
    retry_after_s: 0,
    ...(outage === null ? {} : { outage }),
  };
}

/** What the state alone says; `null` when it may serve in it. */
function restingRefusal(facts: AvailabilityFacts, retryS: number): Availability | null {
  const { state, failure } = facts;
  switch (state) {
    case 'draft':
      return refuse(state, 'Draft', 'The service is a draft; activate it first.', LATER_S);
    case 'inactive':
      return refuse(state, 'Inactive', 'The service is not active.', LATER_S);
    case 'deactivating':
      return refuse(state, 'Deactivating', 'The service is being deactivated.', LATER_S);
    case 'error':
      return failure === null
        ? refuse(state, 'Error', 'The service is in error.', retryS)
        : refuse(state, failure.reason, failure.message, retryS);
    case 'validating':
    case 'deploying':
      return facts.mounting ? null : starting(state);
    case 'active':
    case 'updating':
      return null;
  }
}

function starting(state: ServiceState): Availability {
  return refuse(state, 'Starting', 'The service is being started.', SOON_S);
}

function blocked(state: ServiceState, { action, ...why }: Blockage): Availability {
  return { ...refuse(state, why.reason, why.message, LATER_S), action, blocked: true };
}

function refuse(
  state: Availability['state'],
  reason: string,
  message: string,
  retry_after_s: number,
): Availability {
  return { serving: false, state, reason, message, retry_after_s };
}
