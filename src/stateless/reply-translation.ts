// HOT PATH
import { parseBytes } from '../gateway/json-bytes.js';
import { readOutcome } from '../protocol/message.js';
import { META } from '../protocol/modern-meta.js';
import { RPC, RpcError } from '../protocol/rpc-error.js';
import { MemberWalk } from './member-walk.js';
import { URL_ELICITATION_REQUIRED } from './server-ask.js';

/** Lists may be asked for again by the second: how long a client need not. Gateways announce changes as well. */
const LIST_TTL_MS = 5_000;

const RESULT = Buffer.from('result');
const ID = Buffer.from('id');
const RESULT_TYPE = Buffer.from('resultType');
const TTL = Buffer.from('ttlMs');
const SCOPE = Buffer.from('cacheScope');
const META_KEY = Buffer.from('_meta');
const SERVER_INFO = Buffer.from(META.serverInfo);

/** The members that caching needs (2026-07-28, caching), by method; always private, as answers may differ by caller. */
const CACHE_TTL_MS: ReadonlyMap<string, number> = new Map([
  ['tools/list', LIST_TTL_MS],
  ['prompts/list', LIST_TTL_MS],
  ['resources/list', LIST_TTL_MS],
  ['resources/templates/list', LIST_TTL_MS],
  ['resources/read', 0],
]);

/** `message[start, end)` becomes `text`. */
interface Cut {
  readonly start: number;
  readonly end: number;
  readonly text: Buffer;
}

/**
 * A response of an upstream with sessions as one of the stateless protocol, under the client's `id`: what a result has to
 * say besides is spliced into its bytes. `message[idStart, idEnd)` is the upstream's id, both 0 where that is not known.
 * Answers an `RpcError` for an error, and for what is no proper result.
 */
export function translateReply(
  message: Buffer,
  idStart: number,
  idEnd: number,
  id: Buffer,
  method: string,
  /** The value of `serverInfo` as JSON; `null` when the server did not say. */
  serverInfo: Buffer | null,
): Buffer | RpcError {
  const cuts: Cut[] = idEnd === 0 ? [] : [{ start: idStart, end: idEnd, text: id }];
  const walk = new MemberWalk(message, 0);
  let resultAt = -1;
  while (walk.next()) {
    if (walk.is(ID) && idEnd === 0) {
      cuts.push({ start: walk.valueStart, end: walk.valueStop, text: id });
    } else if (walk.is(RESULT)) {
      resultAt = walk.valueStart;
    }
    if (resultAt >= 0 && cuts.length > 0) break;
  }
  if (resultAt < 0) return errorOf(message);
  if (!addMembers(message, resultAt, method, serverInfo, cuts)) return unreadable();
  return spliced(message, cuts);
}

/** `false` when the result is no object. */
function addMembers(
  message: Buffer,
  resultAt: number,
  method: string,
  serverInfo: Buffer | null,
  cuts: Cut[],
): boolean {
  const ttlMs = CACHE_TTL_MS.get(method);
  let [typed, timed, scoped, meta] = [false, false, false, -1];
  let members = 0;
  const walk = new MemberWalk(message, resultAt);
  while (walk.next()) {
    members += 1;
    if (walk.is(RESULT_TYPE)) typed = true;
    else if (walk.is(TTL)) timed = true;
    else if (walk.is(SCOPE)) scoped = true;
    else if (walk.is(META_KEY)) meta = walk.isObject ? walk.valueStart : -2;
  }
  if (walk.end < 0) return false;
  let text = typed ? '' : '"resultType":"complete",';
  if (ttlMs !== undefined && !timed) text += `"ttlMs":${ttlMs},`;
  if (ttlMs !== undefined && !scoped) text += '"cacheScope":"private",';
  if (serverInfo !== null && meta === -1) {
    text += `"_meta":{"${META.serverInfo}":${serverInfo.toString('utf8')}},`;
  }
  if (members === 0) text = text.slice(0, -1);
  insert(cuts, resultAt + 1, text);
  if (serverInfo !== null && meta >= 0) addServerInfo(message, meta, serverInfo, cuts);
  return true;
}

function addServerInfo(message: Buffer, metaAt: number, serverInfo: Buffer, cuts: Cut[]): void {
  const walk = new MemberWalk(message, metaAt);
  let members = 0;
  while (walk.next()) {
    members += 1;
    if (walk.is(SERVER_INFO)) return;
  }
  const text = `"${META.serverInfo}":${serverInfo.toString('utf8')}`;
  insert(cuts, metaAt + 1, members === 0 ? text : `${text},`);
}

function insert(cuts: Cut[], at: number, text: string): void {
  cuts.push({ start: at, end: at, text: Buffer.from(text) });
}

function spliced(message: Buffer, cuts: Cut[]): Buffer {
  cuts.sort((left, right) => left.start - right.start);
  const parts: Buffer[] = [];
  let from = 0;
  for (const { start, end, text } of cuts) {
    parts.push(message.subarray(from, start), text);
    from = end;
  }
  parts.push(message.subarray(from));
  return Buffer.concat(parts);
}

function unreadable(): RpcError {
  return new RpcError(RPC.upstreamFailed, 'The answer of the upstream is no proper response');
}

/**
 * The error as this revision has it: an unknown resource is invalid params, and a method that is not implemented is sent
 * with HTTP 404. Codes of earlier revisions are not to be sent (basic, Error Codes).
 */
function errorOf(message: Buffer): RpcError {
  const outcome = readOutcome(parseBytes(message));
  if (outcome?.error === undefined) return unreadable();
  const { code, message: text, data } = outcome.error;
  if (code === RPC.resourceNotFound) return new RpcError(RPC.invalidParams, text, data);
  if (code === URL_ELICITATION_REQUIRED) {
    const requiredCapabilities = { elicitation: { url: {} } };
    return new RpcError(RPC.missingCapability, text, { requiredCapabilities }, 400);
  }
  return new RpcError(code, text, data, statusOf(code));
}

/** The HTTP status that an error travels with while nothing else has been written. */
export function statusOf(code: number): number {
  switch (code) {
    case RPC.methodNotFound:
      return 404;
    case RPC.headerMismatch:
    case RPC.missingCapability:
    case RPC.unsupportedVersion:
      return 400;
    default:
      return 200;
  }
}
