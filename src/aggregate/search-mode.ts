import { isJsonObject, type JsonObject } from '../kernel/json.js';
import { parseBytes } from '../gateway/json-bytes.js';
import { RPC, RpcError } from '../protocol/rpc-error.js';
import type { Catalogue, Target } from './catalogue.js';
import { memberJson, type Edit, type ReadMessage } from './message-edit.js';
import { namedTools } from './named-items.js';
import type { Outages } from './outages.js';
import type { Roster } from './roster.js';
import {
  CALL_TOOL,
  limitOf,
  SEARCH_MODE_TOOLS,
  SEARCH_TOOLS,
  searchResult,
  toolError,
} from './search-tools.js';
import { LIST_WAIT_MS } from './catalogue.js';
import type { SourceLists } from './source-lists.js';
import type { ToolIndex } from './tool-index.js';

/** Either our own answer, or where the call goes and what is different there. */
export type Found =
  { readonly result: JsonObject } | { readonly target: Target; readonly edits: Edit[] };

const NO_ARGUMENTS = Buffer.from('{}');

/** The aggregate as two tools. */
export class SearchMode {
  readonly tools = SEARCH_MODE_TOOLS;

  constructor(
    private readonly roster: Roster,
    private readonly catalogue: Catalogue,
    private readonly lists: SourceLists,
    private readonly outages: Outages,
    private readonly index: ToolIndex,
  ) {}

  /** Rejects with an `RpcError` where neither tool was called. */
  async callTool(name: string, message: ReadMessage): Promise<Found> {
    const { body, envelope } = message;
    const given = memberJson(body, envelope.paramsStart, 'arguments');
    if (name === SEARCH_TOOLS) return { result: await this.search(given) };
    if (name === CALL_TOOL) return this.target(message, given);
    throw new RpcError(RPC.invalidParams, `There is no tool ${JSON.stringify(name)}`);
  }

  private async search(given: Buffer | null): Promise<JsonObject> {
    const parsed = given === null ? {} : parseBytes(given);
    const args: JsonObject = isJsonObject(parsed) ? parsed : {};
    if (typeof args.query !== 'string') return toolError('The argument "query" is no text.');
    await this.refresh();
    const included = new Set(
      this.roster.all
        .filter((endpoint) => this.outages.isListed(endpoint))
        .map(({ serviceId }) => serviceId),
    );
    const hits = this.index.search(args.query, limitOf(args.limit), (id) => included.has(id));
    return searchResult(hits, this.index.countOf(included));
  }

  /** Brings the index up to date; members whose lists are the same cost nothing. */
  private async refresh(): Promise<void> {
    const members = this.roster.all;
    const lists = await Promise.all(
      members.map((endpoint) => this.lists.ask(endpoint, 'tools', LIST_WAIT_MS)),
    );
    members.forEach((endpoint, at) => {
      const named = namedTools(endpoint, lists[at] ?? endpoint.tools);
      this.index.put(endpoint.serviceId, endpoint.serviceName, named);
    });
  }

  /** The inner arguments take the place of the outer ones, and the tool's own name that of ours. */
  private target({ body, envelope }: ReadMessage, given: Buffer | null): Found {
    const at = given === null ? -1 : given.byteOffset - body.byteOffset;
    const name = given === null ? null : parseBytes(memberJson(body, at, 'name') ?? NO_ARGUMENTS);
    if (given === null || typeof name !== 'string') {
      return {
        result: toolError(`The argument "name" is no text: take one from ${SEARCH_TOOLS}.`),
      };
    }
    const inner = memberJson(body, at, 'arguments') ?? NO_ARGUMENTS;
    if (inner[0] !== NO_ARGUMENTS[0]) {
      return { result: toolError('The argument "arguments" is no object.') };
    }
    const target = this.catalogue.tool(name);
    if (target === null) {
      const text = `There is no tool ${JSON.stringify(name)}: take a name from ${SEARCH_TOOLS}.`;
      return { result: toolError(text) };
    }
    const { nameStart, nameEnd } = envelope;
    const edits: Edit[] = [
      { start: nameStart, end: nameEnd, text: Buffer.from(JSON.stringify(target.own)) },
      { start: at, end: at + given.length, text: inner },
    ];
    return { target, edits: edits.sort((left, right) => left.start - right.start) };
  }
}
