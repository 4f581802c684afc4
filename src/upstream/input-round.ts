import { isJsonObject, type JsonObject } from '../kernel/json.js';
import type { Envelope } from '../protocol/envelope-scan.js';
import { memberSpan } from '../protocol/json-member.js';
import { skipSpace } from '../protocol/json-span.js';
import { readOutcome, rpcNotification, rpcRequest } from '../protocol/message.js';
import { RPC, RpcError } from '../protocol/rpc-error.js';

const RESULT = Buffer.from('result');
const ELICIT = 'elicitation/create';
/** Which capability of the client a request needs; others are no requests of this protocol. */
const NEEDED: ReadonlyMap<unknown, string> = new Map([
  [ELICIT, 'elicitation'],
  ['sampling/createMessage', 'sampling'],
  ['roots/list', 'roots'],
]);
/** What a client that cannot serve an elicitation comes to: nobody made a choice (2026-07-28, elicitation). */
const CANCELLED = '{"action":"cancel"}';

/** Ids for requests to one client, unique in its conversation. */
export interface AskIds {
  next(): string;
}

interface Ask {
  readonly key: string;
  readonly method: string;
  readonly message: Buffer;
}

/**
 * One round of a call that wants input (2026-07-28, multi round-trip requests): what the server asks becomes requests to
 * a legacy client, and their answers the members that the retry carries.
 */
export class InputRound {
  /** By the id that the client sees, in the order of the server. */
  private readonly open = new Map<string, Ask>();
  private readonly answers: string[] = [];

  private constructor(private readonly state: string | undefined) {}

  /** `result` is an `input_required` one. Answers what is wrong with it, if something is. */
  static of(result: JsonObject, capabilities: JsonObject, ids: AskIds): InputRound | RpcError {
    const { inputRequests, requestState } = result;
    const state = typeof requestState === 'string' ? requestState : undefined;
    const round = new InputRound(state);
    const requests = isJsonObject(inputRequests) ? Object.entries(inputRequests) : [];
    for (const [key, request] of requests) {
      const fault = round.add(key, request, capabilities, ids.next());
      if (fault !== null) return fault;
    }
    if (requests.length > 0 || state !== undefined) return round;
    return new RpcError(RPC.internalError, 'The server wants input but does not say which');
  }

  get complete(): boolean {
    return this.open.size === 0;
  }

  /** The requests to the client. */
  messages(): Buffer[] {
    return [...this.open.values()].map(({ message }) => message);
  }

  ids(): string[] {
    return [...this.open.keys()];
  }

  /** Takes the client's answer to the request `id`. Answers the error that the call fails with, if it does. */
  take(id: string, body: Buffer, envelope: Envelope): RpcError | null {
    const ask = this.open.get(id);
    if (ask === undefined || envelope.kind !== 'response') return null;
    this.open.delete(id);
    const outcome = readOutcome(parsed(body));
    const span = memberSpan(body, skipSpace(body, 0), RESULT);
    if (span !== null && outcome?.result !== undefined) {
      this.answer(ask, body.toString('utf8', span.start, span.end));
      return null;
    }
    if (ask.method === ELICIT) {
      this.answer(ask, CANCELLED);
      return null;
    }
    const { code, message, data } = outcome?.error ?? {
      code: RPC.internalError,
      message: `The client's answer to ${ask.method} is no JSON-RPC response`,
    };
    return new RpcError(code, message, data);
  }

  /** What tells the client that nobody waits for its answers any more. */
  withdrawals(reason: string): Buffer[] {
    const told = this.ids().map((requestId) =>
      rpcNotification('notifications/cancelled', { requestId, reason }),
    );
    this.open.clear();
    return told;
  }

  /** Members for the params of the retry. */
  inputs(): string {
    const members: string[] = [];
    if (this.answers.length > 0) members.push(`"inputResponses":{${this.answers.join(',')}}`);
    if (this.state !== undefined) members.push(`"requestState":${JSON.stringify(this.state)}`);
    return members.join(',');
  }

  private answer({ key }: Ask, resultJson: string): void {
    this.answers.push(`${JSON.stringify(key)}:${resultJson}`);
  }

  private add(
    key: string,
    request: unknown,
    capabilities: JsonObject,
    id: string,
  ): RpcError | null {
    const method = isJsonObject(request) ? request.method : undefined;
    const needed = NEEDED.get(method);
    if (!isJsonObject(request) || typeof method !== 'string' || needed === undefined) {
      return new RpcError(
        RPC.internalError,
        `The server asks the client for nothing known as "${key}"`,
      );
    }
    if (!isJsonObject(capabilities[needed])) {
      const text = `The server needs ${needed}, which the client did not declare`;
      return new RpcError(RPC.missingCapability, text, { requiredCapabilities: { [needed]: {} } });
    }
    const message = rpcRequest(JSON.stringify(id), method, legacyParams(request.params, id));
    this.open.set(id, { key, method, message });
    return null;
  }
}

/** Elicitation by URL had an id of its own, which clients require (2025-11-25, elicitation). */
function legacyParams(params: unknown, id: string): unknown {
  if (!isJsonObject(params) || params.mode !== 'url' || params.elicitationId !== undefined)
    return params;
  return { ...params, elicitationId: id };
}

function parsed(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8')) as unknown;
  } catch {
    return undefined;
  }
}
