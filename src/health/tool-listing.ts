import type { ServiceConfig } from '../config/service-config.js';
import type { Clock } from '../kernel/clock.js';
import { isJsonObject, type JsonObject } from '../kernel/json.js';
import type { Scrub } from '../upstream/scrub.js';
import { UpstreamError } from '../upstream/upstream.errors.js';
import { withConversation, type ProbeTarget } from './probe.js';
import type { OpenConversation, ProbeConversation } from './probe-conversation.js';
import { failureOfError, probeFailure, type ProbeFailure } from './probe-failure.js';
import { scrubJson } from './scrub-source.js';

export type Listing =
  | { readonly ok: true; readonly tools: readonly JsonObject[] }
  | {
      readonly ok: false;
      readonly failure: ProbeFailure;
      /** The server answered with a list, which clients may read in their own way, and which cannot be taken for one. */
      readonly unusable: boolean;
    };

/** A list was answered that nothing can be compared with. */
export class UnusableListing extends Error {
  constructor(readonly failure: ProbeFailure) {
    super(failure.message);
  }
}

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
    return { ok: false, failure, unusable: isUnreadable(error) };
  }
  const failure = listingFault(listed);
  return failure === null
    ? { ok: true, tools: listed.filter(isJsonObject) }
    : { ok: false, failure, unusable: true };
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

function isUnreadable(error: unknown): boolean {
  return error instanceof UpstreamError && (error.code === 'not-mcp' || error.code === 'not-json');
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

const LIST_TIMEOUT_MS = 10_000;

/**
 * Lists the tools of a service by a conversation of its own, scrubbed. Rejects with `UnusableListing`, with another fault
 * of the list, or an `UpstreamError`.
 */
export function toolLister(
  open: OpenConversation,
  scrubber: (config: ServiceConfig) => Promise<Scrub>,
  clock: Clock,
): (target: ProbeTarget) => Promise<readonly JsonObject[]> {
  const schedule = (delayMs: number, callback: () => void): (() => void) =>
    clock.schedule(delayMs, callback);
  return async (target) => {
    const tools = await withConversation(target, open, schedule, async (conversation) => {
      if (conversation.server.capabilities.tools === undefined) return [];
      const listing = await listTools(conversation, LIST_TIMEOUT_MS);
      if (listing.ok) return listing.tools;
      if (listing.unusable) throw new UnusableListing(listing.failure);
      throw new Error(listing.failure.message);
    });
    const scrub = await scrubber(target.config);
    return tools.map((tool) => scrubJson(tool, scrub));
  };
}
