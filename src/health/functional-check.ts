import { checkTimeoutMs } from '../config/defaults.js';
import type { HealthCheckConfig, ServiceConfig } from '../config/service-config.js';
import type { Clock } from '../kernel/clock.js';
import type { JsonObject } from '../kernel/json.js';
import { isJsonObject } from '../kernel/json.js';
import type { ProbeConversation } from './probe-conversation.js';
import { deriveProbes } from './probe-derivation.js';
import { probeFailure, type ProbeFailure } from './probe-failure.js';
import { executeTool, type Execution } from './tool-execution.js';

/** What a functional check found. `none`: there is no tool that may be called unasked. */
export type FunctionalResult =
  | { readonly kind: 'executed'; readonly execution: Execution }
  | {
      readonly kind: 'failed';
      readonly failure: ProbeFailure;
      readonly execution: Execution | null;
    }
  | { readonly kind: 'none' };

/** How many tools are tried when the first ones fail that we chose ourselves. */
const MAX_CANDIDATES = 3;
const MIN_TIMEOUT_MS = 250;

/**
 * Runs one functional check: the tool that the operator named, else one that is safe to choose. Of those chosen, another
 * is tried when one fails, within the same timeout, as the fault may be the choice; if none works the first failure
 * stands. Rejects only when the fault is not the service's.
 */
export async function runFunctionalCheck(
  conversation: ProbeConversation,
  check: HealthCheckConfig,
  tools: readonly JsonObject[],
  policy: ServiceConfig['security']['tools'],
  clock: Clock,
): Promise<FunctionalResult> {
  if (check.tool !== null) {
    return await runNamed(conversation, { ...check, tool: check.tool }, tools, clock);
  }
  const candidates = deriveProbes(tools, policy).slice(0, MAX_CANDIDATES);
  const timeoutMs = checkTimeoutMs(check);
  const deadlineMs = clock.monotonicMs() + timeoutMs;
  let first: Execution | null = null;
  for (const candidate of candidates) {
    const leftMs = deadlineMs - clock.monotonicMs();
    if (first !== null && leftMs < MIN_TIMEOUT_MS) break;
    const shareMs = candidates.length === 1 ? leftMs : Math.min(leftMs, timeoutMs / 2);
    const plan = { ...candidate, assert: check.assert, derived: true };
    const execution = await executeTool(conversation, plan, shareMs, clock);
    if (execution.failure === null) return { kind: 'executed', execution };
    first ??= execution;
    if (execution.failure.definite) break;
  }
  return first === null ? { kind: 'none' } : resultOf(first);
}

async function runNamed(
  conversation: ProbeConversation,
  check: HealthCheckConfig & { readonly tool: string },
  tools: readonly JsonObject[],
  clock: Clock,
): Promise<FunctionalResult> {
  const tool = tools.find(({ name }) => name === check.tool);
  if (tool === undefined) {
    const listed = tools.slice(0, 20).map(({ name }) => String(name));
    const message = `The server lists no tool "${check.tool}"; it lists ${listed.join(', ') || 'none'}`;
    return { kind: 'failed', failure: probeFailure('tool-unknown', message), execution: null };
  }
  const plan = {
    tool: check.tool,
    arguments: check.arguments ?? {},
    outputSchema: isJsonObject(tool.outputSchema) ? tool.outputSchema : null,
    assert: check.assert,
    derived: false,
  };
  return resultOf(await executeTool(conversation, plan, checkTimeoutMs(check), clock));
}

function resultOf(execution: Execution): FunctionalResult {
  return execution.failure === null
    ? { kind: 'executed', execution }
    : { kind: 'failed', failure: execution.failure, execution };
}
