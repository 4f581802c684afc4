import { isJsonObject, type JsonObject } from '../kernel/json.js';
import { RPC } from '../protocol/rpc-error.js';
import type { ConversationClient } from '../upstream/conversation-client.js';
import { UpstreamError } from '../upstream/upstream.errors.js';

/** What a server lists. */
export type ListKind = 'tools' | 'prompts' | 'resources' | 'templates';

export interface ListTerms {
  readonly method: string;
  /** Of the result, an array. */
  readonly member: string;
  /** The capability of a server that has such a list. */
  readonly capability: string;
  /** The notification that makes what was listed old. */
  readonly changed: string;
}

export const LISTS: Readonly<Record<ListKind, ListTerms>> = {
  tools: {
    method: 'tools/list',
    member: 'tools',
    capability: 'tools',
    changed: 'notifications/tools/list_changed',
  },
  prompts: {
    method: 'prompts/list',
    member: 'prompts',
    capability: 'prompts',
    changed: 'notifications/prompts/list_changed',
  },
  resources: {
    method: 'resources/list',
    member: 'resources',
    capability: 'resources',
    changed: 'notifications/resources/list_changed',
  },
  templates: {
    method: 'resources/templates/list',
    member: 'resourceTemplates',
    capability: 'resources',
    changed: 'notifications/resources/list_changed',
  },
};

export const LIST_KINDS: readonly ListKind[] = ['tools', 'prompts', 'resources', 'templates'];

/** The kinds that a `list_changed` notification makes old; none for other methods. */
export function kindsChangedBy(method: string): readonly ListKind[] {
  return LIST_KINDS.filter((kind) => LISTS[kind].changed === method);
}

const MAX_PAGES = 100;
const MAX_ITEMS = 10_000;
/** Of one list, as JSON: lists are kept. */
const MAX_CHARS = 16 * 1_048_576;
const NONE: readonly JsonObject[] = [];

/**
 * Every item of a list, page by page. What a server that has no such list answers is empty. Rejects with an
 * `UpstreamError`; `not-mcp` when the pages do not end.
 */
export async function listAll(
  client: ConversationClient,
  kind: ListKind,
  timeoutMs: number,
): Promise<readonly JsonObject[]> {
  const { method, member, capability } = LISTS[kind];
  if (client.server.capabilities[capability] === undefined) return NONE;
  const items: JsonObject[] = [];
  let cursor: string | null = null;
  let chars = 0;
  for (let page = 0; page < MAX_PAGES && items.length <= MAX_ITEMS; page += 1) {
    const params: JsonObject = cursor === null ? {} : { cursor };
    const result = await client.request(method, params, { timeoutMs }).catch(emptyIfUnknown);
    const listed = isJsonObject(result) ? result[member] : null;
    if (!isJsonObject(result) || !Array.isArray(listed)) {
      throw new UpstreamError('not-mcp', `The answer to ${method} has no ${member}`);
    }
    items.push(...listed.filter(isJsonObject));
    chars += JSON.stringify(listed).length;
    if (chars > MAX_CHARS) throw new UpstreamError('not-mcp', `What ${method} lists is too large`);
    const { nextCursor } = result;
    if (typeof nextCursor !== 'string' || nextCursor === '') return items;
    if (nextCursor === cursor) break;
    cursor = nextCursor;
  }
  throw new UpstreamError('not-mcp', `The pages of ${method} do not end`);

  function emptyIfUnknown(error: unknown): JsonObject {
    if (error instanceof UpstreamError && error.facts.rpc?.code === RPC.methodNotFound) {
      return { [member]: [] };
    }
    throw error;
  }
}
