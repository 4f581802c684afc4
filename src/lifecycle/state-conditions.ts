import type { ConditionChange } from './conditions.js';
import type { ActivationFailure, ConditionType, ServiceState } from './service-status.js';

export interface ConditionEdit {
  readonly set: readonly ConditionChange[];
  readonly drop: readonly ConditionType[];
}

const progressing = (reason: string, message: string): ConditionChange => ({
  type: 'Progressing',
  status: 'true',
  reason,
  message,
});
const settled = (reason = 'Settled', message = 'Nothing is on its way.'): ConditionChange => ({
  type: 'Progressing',
  status: 'false',
  reason,
  message,
});
const notReady = (reason: string, message: string): ConditionChange => ({
  type: 'Ready',
  status: 'false',
  reason,
  message,
});

/** What entering a state says about the service. `failure`: why, for `error` and for an update that was rolled back. */
export function conditionsOnEntering(
  state: ServiceState,
  why: string,
  failure: ActivationFailure | null,
): ConditionEdit {
  switch (state) {
    case 'draft':
      return { set: [settled()], drop: [] };
    case 'validating':
      // Only a command leads here from an error: whoever gave it has seen what was damaged.
      return {
        set: [progressing(why, 'The configuration is being validated.')],
        drop: ['StorageCorrupt'],
      };
    case 'deploying':
      return { set: [progressing(why, 'The service is being started and proven.')], drop: [] };
    case 'updating':
      return {
        set: [progressing(why, 'New instances are proven beside those that serve.')],
        drop: [],
      };
    case 'active':
      return failure === null ? servingConditions() : rolledBack(why, failure);
    case 'deactivating':
      return {
        set: [
          progressing(why, 'Calls under way are finished.'),
          notReady(why, 'The service is being deactivated.'),
        ],
        drop: [],
      };
    case 'inactive':
      return {
        set: [settled(), notReady('Inactive', 'The service is not active.')],
        drop: ['CrashLoopBackOff', 'Degraded'],
      };
    case 'error':
      return erring(why, failure);
  }
}

function servingConditions(): ConditionEdit {
  return {
    set: [
      { type: 'Deployed', status: 'true', reason: 'Deployed', message: 'An instance was started.' },
      {
        type: 'Ready',
        status: 'true',
        reason: 'Proven',
        message: 'The service is proven and serves.',
      },
      settled(),
    ],
    drop: ['CrashLoopBackOff'],
  };
}

/** The state is `active` again, by what was served before. */
function rolledBack(why: string, failure: ActivationFailure): ConditionEdit {
  const kept = `${failure.message} What was served before goes on.`;
  return { set: [settled(why, kept)], drop: [] };
}

function erring(why: string, failure: ActivationFailure | null): ConditionEdit {
  const reason = failure?.reason ?? why;
  const message = failure?.message ?? 'The service does not serve.';
  const set: ConditionChange[] = [notReady(reason, message), settled(reason, message)];
  if (failure?.stage === 'validate') {
    set.push({ type: 'Validated', status: 'false', reason, message });
  }
  return { set, drop: [] };
}

export const VALIDATED: ConditionChange = {
  type: 'Validated',
  status: 'true',
  reason: 'Valid',
  message: 'The configuration is valid.',
};

export function crashLoop(failures: number): ConditionChange {
  return {
    type: 'CrashLoopBackOff',
    status: 'true',
    reason: 'CrashLoopBackOff',
    message: `The upstream failed ${String(failures)} times in a short time; it is tried again at the longest interval.`,
  };
}
