import type { CheckAssertion } from '../config/service-config.js';
import type { Clock } from '../kernel/clock.js';
import { sha256Hex } from '../kernel/ids.js';
import type { JsonObject } from '../kernel/json.js';
import { UpstreamError } from '../upstream/upstream.errors.js';
import { judgeResult } from './assertions.js';
import type { ProbeConversation } from './probe-conversation.js';
import { failureOfError, probeFailure, type ProbeFailure } from './probe-failure.js';

/** A tool to execute, and what must hold. */
export interface ToolPlan {
  readonly tool: string;
  readonly arguments: JsonObject;
  readonly outputSchema: JsonObject | null;
  readonly assert: readonly CheckAssertion[];
  /** Chosen by us: its arguments and its result are not kept. */
  readonly derived: boolean;
}

/** What came of it. A result itself is never kept: only how large it was, its hash, and what held. */
export interface Execution {
  readonly plan: ToolPlan;
  readonly duration_ms: number;
  readonly held: readonly string[];
  readonly result_bytes: number | null;
  readonly result_sha256: string | null;
  readonly failure: ProbeFailure | null;
}

/** Executes one tool and judges the result. Rejects only when the fault is not the service's. */
export async function executeTool(
  conversation: ProbeConversation,
  plan: ToolPlan,
  timeoutMs: number,
  clock: Clock,
): Promise<Execution> {
  const startedMs = clock.monotonicMs();
  const elapsed = (): number => Math.round((clock.monotonicMs() - startedMs) * 10) / 10;
  const params = { name: plan.tool, arguments: plan.arguments };
  let result: unknown;
  try {
    result = await conversation.request('tools/call', params, timeoutMs);
  } catch (error) {
    const failure = callFailure(error, plan.tool, timeoutMs);
    if (failure === null) throw error;
    const nothing = { held: [], result_bytes: null, result_sha256: null };
    return { plan, duration_ms: elapsed(), ...nothing, failure };
  }
  const duration_ms = elapsed();
  const text = JSON.stringify(result) ?? '';
  const { held, failure } = judgeResult(result, duration_ms, plan.outputSchema, plan.assert);
  return {
    plan,
    duration_ms,
    held,
    result_bytes: Buffer.byteLength(text),
    result_sha256: sha256Hex(text),
    failure,
  };
}

function callFailure(error: unknown, tool: string, timeoutMs: number): ProbeFailure | null {
  if (error instanceof UpstreamError && error.code === 'call-timeout') {
    const waited = String(Math.round(timeoutMs));
    return probeFailure('probe-timeout', `The tool "${tool}" did not answer within ${waited} ms`);
  }
  if (error instanceof UpstreamError && error.code === 'rpc-error') {
    const said = error.facts.rpc?.message ?? error.message;
    return probeFailure('call-refused', `The server refused to call "${tool}": ${said}`);
  }
  return failureOfError(error);
}
