import { toolOf } from '../gateway/post-body.js';
import { parseBytes } from '../gateway/json-bytes.js';
import { internalFault } from '../gateway/wire-error.js';
import type { Endpoint } from '../gateway/endpoint.js';
import { isJsonObject, type JsonObject } from '../kernel/json.js';
import type { Logger } from '../kernel/logger.js';
import { LOG_LEVELS } from '../protocol/log-level.js';
import { RPC, RpcError } from '../protocol/rpc-error.js';
import type { MethodRouter } from './aggregate-conversation.js';
import type { Catalogue, Target } from './catalogue.js';
import type { ClientCall } from './client-call.js';
import { listPage } from './list-page.js';
import type { MemberDoor } from './member-door.js';
import { memberJson, type Edit, type ReadMessage } from './message-edit.js';
import type { Roster } from './roster.js';
import type { SearchMode } from './search-mode.js';

export interface RouterParts {
  readonly catalogue: Catalogue;
  readonly door: MemberDoor;
  readonly roster: Roster;
  /** `null`: all tools are listed. */
  readonly search: SearchMode | null;
  readonly logger: Logger;
}

const MAX_TASKS = 1_000;
const MAX_SUBSCRIPTIONS = 1_000;

/** What each request of the client leads to (2025-11-25): an answer of ours, or a call at one member. */
export class AggregateMethods implements MethodRouter {
  /** Who has a task, by its id; the oldest is forgotten first. */
  private readonly tasks = new Map<string, string>();
  /** Who was asked to tell of a resource, by its URI. */
  private readonly subscribed = new Map<string, string>();

  constructor(private readonly parts: RouterParts) {}

  route(call: ClientCall, message: ReadMessage): void {
    this.answer(call, message).catch((error: unknown) => {
      if (error instanceof RpcError) {
        call.refuse(error);
        return;
      }
      this.parts.logger.error({ err: error }, 'a message to the aggregate failed');
      call.refuse(internalFault());
    });
  }

  /** Rejects with what the client is to be told. */
  private async answer(call: ClientCall, message: ReadMessage): Promise<void> {
    const { method } = message.envelope;
    switch (method) {
      case 'ping':
        call.result('{}');
        return;
      case 'tools/call':
        await this.callTool(call, message);
        return;
      case 'tools/list':
      case 'prompts/list':
      case 'resources/list':
      case 'resources/templates/list':
        call.result(await this.list(method, paramsOf(message).cursor));
        return;
      case 'prompts/get':
        await this.getPrompt(call, message);
        return;
      case 'resources/read':
      case 'resources/subscribe':
      case 'resources/unsubscribe':
        await this.useResource(call, message);
        return;
      case 'completion/complete':
        await this.complete(call, message);
        return;
      case 'logging/setLevel':
        this.setLevel(message);
        call.result('{}');
        return;
      case 'tasks/get':
      case 'tasks/result':
      case 'tasks/cancel':
        this.useTask(call, message);
        return;
      default:
        throw new RpcError(RPC.methodNotFound, `There is no method ${method} here`);
    }
  }

  private async list(method: ListMethod, cursor: unknown): Promise<string> {
    const { member, items } = await this.itemsOf(method);
    const page = listPage(member, items, cursor);
    if (page instanceof RpcError) throw page;
    return page;
  }

  private async itemsOf(
    method: ListMethod,
  ): Promise<{ readonly member: string; readonly items: readonly string[] }> {
    const { catalogue, search } = this.parts;
    switch (method) {
      case 'tools/list': {
        const items = search?.tools ?? (await catalogue.tools()).map(({ json }) => json);
        return { member: 'tools', items };
      }
      case 'prompts/list': {
        const items = (await catalogue.prompts()).map(({ json }) => json);
        return { member: 'prompts', items };
      }
      case 'resources/list':
        return { member: 'resources', items: await catalogue.resources('resources') };
      case 'resources/templates/list':
        return { member: 'resourceTemplates', items: await catalogue.resources('templates') };
    }
  }

  private async callTool(call: ClientCall, message: ReadMessage): Promise<void> {
    const { catalogue, search } = this.parts;
    const name = toolOf(message.body, message.envelope);
    if (name === null) throw new RpcError(RPC.invalidParams, 'params.name is no string');
    if (search !== null) {
      const found = await search.callTool(name, message);
      if ('result' in found) call.result(JSON.stringify(found.result));
      else this.passTool(call, message, found.target, found.edits);
      return;
    }
    const target = catalogue.tool(name);
    if (target === null) throw unknown('tool', name);
    this.passTool(call, message, target, [nameEdit(message, target.own)]);
  }

  private passTool(call: ClientCall, message: ReadMessage, target: Target, edits: Edit[]): void {
    const { endpoint, own } = target;
    if (this.isTask(message)) {
      call.onAnswer = (answer) => {
        this.noteTask(endpoint.serviceId, answer);
      };
    }
    this.parts.door.pass(endpoint, call, { method: 'tools/call', tool: own, message, edits });
  }

  private async getPrompt(call: ClientCall, message: ReadMessage): Promise<void> {
    const { nameStart, nameEnd } = message.envelope;
    const name = parseBytes(message.body.subarray(nameStart, nameEnd));
    if (typeof name !== 'string') throw new RpcError(RPC.invalidParams, 'params.name is no string');
    const target = await this.parts.catalogue.prompt(name);
    if (target === null) throw unknown('prompt', name);
    this.pass(call, message, target.endpoint, [nameEdit(message, target.own)]);
  }

  private async useResource(call: ClientCall, message: ReadMessage): Promise<void> {
    const { method } = message.envelope;
    const { uri } = paramsOf(message);
    if (typeof uri !== 'string') throw new RpcError(RPC.invalidParams, 'params.uri is no string');
    const subscribed = method === 'resources/unsubscribe' ? this.subscribed.get(uri) : undefined;
    const known = subscribed === undefined ? null : this.parts.roster.byId(subscribed);
    const owner = known ?? (await this.parts.catalogue.owner(uri));
    if (owner === null) {
      throw new RpcError(RPC.resourceNotFound, `There is no resource ${uri}`, { uri });
    }
    if (method === 'resources/subscribe') remember(this.subscribed, uri, owner, MAX_SUBSCRIPTIONS);
    else if (method === 'resources/unsubscribe') this.subscribed.delete(uri);
    this.parts.door.remember(owner.serviceId, method, message.body);
    this.pass(call, message, owner, []);
  }

  private async complete(call: ClientCall, message: ReadMessage): Promise<void> {
    const { ref } = paramsOf(message);
    if (!isJsonObject(ref)) throw new RpcError(RPC.invalidParams, 'params.ref is no object');
    const { catalogue } = this.parts;
    if (ref.type === 'ref/resource' && typeof ref.uri === 'string') {
      const owner = await catalogue.owner(ref.uri);
      if (owner === null) throw unknown('resource', ref.uri);
      this.pass(call, message, owner, []);
      return;
    }
    if (ref.type !== 'ref/prompt' || typeof ref.name !== 'string') {
      throw new RpcError(RPC.invalidParams, 'params.ref is neither a prompt nor a resource');
    }
    const target = await catalogue.prompt(ref.name);
    if (target === null) throw unknown('prompt', ref.name);
    const { body, envelope } = message;
    const refJson = memberJson(body, envelope.paramsStart, 'ref');
    if (refJson === null) throw new RpcError(RPC.invalidParams, 'params.ref is unreadable');
    const text = Buffer.from(JSON.stringify({ ...ref, name: target.own }));
    this.pass(call, message, target.endpoint, [editOf(body, refJson, text)]);
  }

  private setLevel(message: ReadMessage): void {
    const params = paramsOf(message);
    if (typeof params.level !== 'string' || !LOG_LEVELS.includes(params.level)) {
      throw new RpcError(RPC.invalidParams, 'params.level is none of the levels of RFC 5424');
    }
    this.parts.door.setLevel(message.body, params);
  }

  private useTask(call: ClientCall, message: ReadMessage): void {
    const { taskId } = paramsOf(message);
    const serviceId = typeof taskId === 'string' ? this.tasks.get(taskId) : undefined;
    const endpoint = serviceId === undefined ? null : this.parts.roster.byId(serviceId);
    if (endpoint === null) throw unknown('task', String(taskId));
    this.pass(call, message, endpoint, []);
  }

  private pass(
    call: ClientCall,
    message: ReadMessage,
    endpoint: Endpoint,
    edits: readonly Edit[],
  ): void {
    const { method } = message.envelope;
    this.parts.door.pass(endpoint, call, { method, tool: null, message, edits });
  }

  /** Whether the client wants a task made of its call. */
  private isTask({ body, envelope }: ReadMessage): boolean {
    const { paramsStart, paramsEnd } = envelope;
    return paramsEnd !== 0 && memberJson(body, paramsStart, 'task') !== null;
  }

  private noteTask(serviceId: string, answer: Buffer): void {
    const message = parseBytes(answer);
    const result = isJsonObject(message) ? message.result : null;
    const task = isJsonObject(result) ? result.task : null;
    if (!isJsonObject(task) || typeof task.taskId !== 'string') return;
    remember(this.tasks, task.taskId, { serviceId }, MAX_TASKS);
  }
}

type ListMethod = 'tools/list' | 'prompts/list' | 'resources/list' | 'resources/templates/list';

/** Puts the member's own name of a tool or prompt in the place of ours. */
export function nameEdit({ envelope }: ReadMessage, own: string): Edit {
  const { nameStart, nameEnd } = envelope;
  return { start: nameStart, end: nameEnd, text: Buffer.from(JSON.stringify(own)) };
}

/** Puts `text` in the place of `part`, which is a view on `body`. */
export function editOf(body: Buffer, part: Buffer, text: Buffer): Edit {
  const start = part.byteOffset - body.byteOffset;
  return { start, end: start + part.length, text };
}

function paramsOf({ body, envelope }: ReadMessage): JsonObject {
  const { paramsStart, paramsEnd } = envelope;
  const params = parseBytes(body.subarray(paramsStart, paramsEnd));
  return isJsonObject(params) ? params : {};
}

function remember(
  map: Map<string, string>,
  key: string,
  { serviceId }: { readonly serviceId: string },
  limit: number,
): void {
  map.delete(key);
  map.set(key, serviceId);
  if (map.size <= limit) return;
  for (const oldest of map.keys()) {
    map.delete(oldest);
    break;
  }
}

function unknown(what: string, name: string): RpcError {
  return new RpcError(RPC.invalidParams, `There is no ${what} ${JSON.stringify(name)}`);
}
