import { isJsonObject } from '../kernel/json.js';
import { matchesPattern } from '../auth/principal.js';
import { parseBytes } from './json-bytes.js';
import { rpcErrorMessage } from '../protocol/message.js';
import { RPC, RpcError } from '../protocol/rpc-error.js';
import type { Endpoint, EndpointPolicy } from './endpoint.js';

/** Why a tool may not be called. */
export type ToolRefusal = 'tool-not-allowed' | 'tool-denied' | 'not-read-only' | 'tool-unnamed';

const MEMO_LIMIT = 1_000;

/** Which tools of an endpoint may be called and seen. Compiled once per endpoint; answers are remembered by name. */
export class ToolDoor {
  private readonly memo = new Map<string, ToolRefusal | null>();
  private readonly readOnly: ReadonlySet<string>;

  constructor(
    private readonly policy: EndpointPolicy,
    tools: Endpoint['tools'],
  ) {
    this.readOnly = new Set(policy.readOnlyTools ? readOnlyNames(tools) : []);
  }

  /** `null` is what a call without a readable name brings: it is refused. */
  refusalOf(tool: string | null): ToolRefusal | null {
    if (tool === null) return 'tool-unnamed';
    const known = this.memo.get(tool);
    if (known !== undefined) return known;
    const refusal = this.judge(tool);
    if (this.memo.size < MEMO_LIMIT) this.memo.set(tool, refusal);
    return refusal;
  }

  private judge(tool: string): ToolRefusal | null {
    const { allowTools, denyTools, readOnlyTools } = this.policy;
    const matchesTool = (pattern: string): boolean => matchesPattern(pattern, tool);
    if (denyTools.some(matchesTool)) return 'tool-denied';
    if (allowTools !== null && !allowTools.some(matchesTool)) return 'tool-not-allowed';
    // A tool the last proof did not see counts as writing: hints of unknown tools cannot be known.
    if (readOnlyTools && !this.readOnly.has(tool)) return 'not-read-only';
    return null;
  }
}

function readOnlyNames(tools: Endpoint['tools']): string[] {
  const names: string[] = [];
  for (const { name, annotations } of tools) {
    if (typeof name !== 'string' || !isJsonObject(annotations)) continue;
    if (annotations.readOnlyHint === true) names.push(name);
  }
  return names;
}

const doors = new WeakMap<Endpoint, ToolDoor | 'open'>();

/** The endpoint's door, or `null` when its policy restricts no tool. */
export function toolDoorOf(endpoint: Endpoint): ToolDoor | null {
  const { policy } = endpoint;
  if (policy === null) return null;
  let door = doors.get(endpoint);
  if (door === undefined) {
    const restricts =
      policy.allowTools !== null || policy.denyTools.length > 0 || policy.readOnlyTools;
    door = restricts ? new ToolDoor(policy, endpoint.tools) : 'open';
    doors.set(endpoint, door);
  }
  return door === 'open' ? null : door;
}

/**
 * The answer to `tools/list` without the tools that `door` refuses, as one line. What is no such answer, an error for
 * one, comes back unchanged in meaning; what cannot be read is not passed. `id` is the caller's, as JSON.
 */
export function withoutRefusedTools(door: ToolDoor, message: Buffer, id: Buffer): Buffer {
  const parsed = parseBytes(message);
  if (!isJsonObject(parsed)) return rpcErrorMessage(id, unreadable());
  const { result, error } = parsed;
  if (isJsonObject(result) && Array.isArray(result.tools)) {
    result.tools = result.tools.filter(
      (tool) =>
        isJsonObject(tool) && typeof tool.name === 'string' && door.refusalOf(tool.name) === null,
    );
  }
  const [member, value] = result === undefined ? ['error', error] : ['result', result];
  const text = textOf(value ?? null);
  if (text === null) return rpcErrorMessage(id, unreadable());
  return Buffer.from(`{"jsonrpc":"2.0","id":${id.toString('utf8')},"${member}":${text}}`);
}

/** `null` when the value is nested too deep: what a parser takes, writing it again may not, as that recurses. */
function textOf(value: unknown): string | null {
  try {
    return JSON.stringify(value);
  } catch {
    return null;
  }
}

function unreadable(): RpcError {
  return new RpcError(
    RPC.upstreamFailed,
    'The answer of the upstream is not valid JSON, or is nested too deep',
  );
}
