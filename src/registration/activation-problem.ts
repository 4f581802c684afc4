import { ProblemError } from '../kernel/problem.js';
import { CONTRACT_BROKEN } from '../lifecycle/contract-gate.js';
import { lifecycleProblems } from '../lifecycle/lifecycle.errors.js';
import type { ActivationFailure } from '../lifecycle/service-status.js';
import { registryProblems } from '../registry/registry.errors.js';

/**
 * The answer to a change whose activation did not succeed: `registry.contract-broken` where the tools would break their
 * callers, else `lifecycle.activation-failed`. `service_id` is `null` when nothing was kept.
 * Why `failure_code` and not `code`: `code` is that of the problem, from the closed list.
 */
export function activationProblem(
  failure: ActivationFailure,
  service_id: string | null,
): ProblemError {
  const { stage, code, reason, message, action, stderr, revision, errors } = failure;
  const problem =
    code === CONTRACT_BROKEN
      ? registryProblems['contract-broken']
      : lifecycleProblems['activation-failed'];
  return problem({
    detail: `Stage ${stage}: ${message}`,
    ...(errors === undefined ? {} : { errors }),
    extra: {
      service_id,
      stage,
      failure_code: code,
      reason,
      action,
      stderr,
      revision,
      discarded: service_id === null,
    },
  });
}

/** Whether nothing was wrong with what was tried: a newer command ended the try. */
export function isSuperseded(failure: ActivationFailure): boolean {
  return failure.code === 'lifecycle.superseded';
}

/** Whether `error` is an activation failure: the one refusal after which a new service is left in `error`. */
export function isActivationFailure(error: unknown): error is ProblemError {
  return error instanceof ProblemError && error.code === 'lifecycle.activation-failed';
}
