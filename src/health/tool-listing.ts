import { isJsonObject, type JsonObject } from '../kernel/json.js';
import { UpstreamError } from '../upstream/upstream.errors.js';
import type { ProbeConversation } from './probe-conversation.js';
import { failureOfError, probeFailure, type ProbeFailure } from './probe-failure.js';

export type Listing =
  | { readonly ok: true; readonly tools: readonly JsonObject[] }
  | { readonly ok: false; readonly failure: ProbeFailure };

/** Lists the tools and checks what the protocol demands of them. Rejects only when the fault is not the service's. */
export async function listTools(
  conversation: ProbeConversation,
  timeoutMs: number,
): Promise<Listing> {
  let listed: readonly unknown[];
  try {
    listed = await conversation.listTools(timeoutMs);
  } catch (error) {
    const failure = listFailure(error, timeoutMs);
    if (failure === null) throw error;
    return { ok: false, failure };
  }
  const failure = listingFault(listed);
  return failure === null
    ? { ok: true, tools: listed.filter(isJsonObject) }
    : { ok: false, failure };
}

/** What is wrong with a list of tools (2025-11-25, "Tools", data types), or `null`. */
export function listingFault(listed: readonly unknown[]): ProbeFailure | null {
  const names = new Set<string>();
  for (const [at, tool] of listed.entries()) {
    const place = `Tool number ${String(at + 1)} of the list`;
    if (!isJsonObject(tool) || typeof tool.name !== 'string' || tool.name === '') {
      return probeFailure('tool-invalid', `${place} has no name`);
    }
    if (!isJsonObject(tool.inputSchema)) {
      return probeFailure('tool-invalid', `The tool "${tool.name}" has no inputSchema`);
    }
    if (names.has(tool.name)) {
      return probeFailure('duplicate-tools', `Two tools have the name "${tool.name}"`);
    }
    names.add(tool.name);
  }
  return null;
}

function listFailure(error: unknown, timeoutMs: number): ProbeFailure | null {
  if (!(error instanceof UpstreamError)) return null;
  if (error.code === 'call-timeout') {
    const waited = String(Math.round(timeoutMs));
    return probeFailure('list-failed', `tools/list was not answered within ${waited} ms`);
  }
  if (error.code === 'rpc-error' || error.code === 'not-mcp' || error.code === 'not-json') {
    return probeFailure('list-failed', `tools/list failed: ${error.message}`);
  }
  return failureOfError(error);
}
