import type { Proof } from '../lifecycle/service-status.js';
import type { Execution } from './tool-execution.js';

/** Why a service is proven by less than an execution, and what its owner can do about it. */
export const WEAK_PROOFS = {
  NoSafeTool: [
    'listed',
    'Declare a functional check: name a tool and arguments that are safe to execute.',
  ],
  ChecksDisabled: ['listed', 'Enable a functional check, or declare one that is safe to execute.'],
  NoTools: ['connected', 'Nothing to do if the server is meant to have no tools.'],
} as const;

export type WeakReason = keyof typeof WEAK_PROOFS;

interface Circumstances {
  readonly at: string;
  readonly revision: number;
  readonly duration_ms: number;
}

/** The proof by one or more executions: dated by the first, which is the one that it names. */
export function executedProof(
  executions: readonly [Execution, ...Execution[]],
  { at, revision }: Omit<Circumstances, 'duration_ms'>,
): Proof {
  const [first] = executions;
  const several = executions.length > 1;
  const assertions = executions.flatMap(({ plan, held }) =>
    held.map((words) => (several ? `${plan.tool}: ${words}` : words)),
  );
  return {
    level: 'executed',
    tool: first.plan.tool,
    arguments: first.plan.derived ? null : first.plan.arguments,
    duration_ms: first.duration_ms,
    assertions,
    result_bytes: first.result_bytes,
    result_sha256: first.result_sha256,
    at,
    revision,
    reason: null,
    action: null,
  };
}

export function weakProof(reason: WeakReason, circumstances: Circumstances): Proof {
  const [level, action] = WEAK_PROOFS[reason];
  const nothing = { tool: null, arguments: null, result_bytes: null, result_sha256: null };
  return { level, ...nothing, assertions: [], ...circumstances, reason, action };
}
