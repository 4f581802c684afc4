import type { Endpoint } from '../gateway/endpoint.js';
import { mirroredParams, type MirroredParam } from '../protocol/mirrored-params.js';

const NONE: ReadonlyMap<string, readonly MirroredParam[]> = new Map();
const known = new WeakMap<Endpoint['tools'], ReadonlyMap<string, readonly MirroredParam[]>>();

/** The tools of an endpoint that have parameters mirrored into headers, by name. Found once for each list of tools. */
export function mirroredToolsOf({
  tools,
}: Pick<Endpoint, 'tools'>): ReadonlyMap<string, readonly MirroredParam[]> {
  let found = known.get(tools);
  if (found === undefined) {
    found = compile(tools);
    known.set(tools, found);
  }
  return found;
}

function compile(tools: Endpoint['tools']): ReadonlyMap<string, readonly MirroredParam[]> {
  const found = new Map<string, readonly MirroredParam[]>();
  for (const { name, inputSchema } of tools) {
    // A tool whose annotations break the rules is left out by clients; whoever calls it all the same mirrors nothing.
    const params = mirroredParams(inputSchema) ?? [];
    if (typeof name === 'string' && params.length > 0) found.set(name, params);
  }
  return found.size === 0 ? NONE : found;
}
