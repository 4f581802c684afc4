// HOT PATH
import { closingQuote, endOfValue, MAX_DEPTH, skipSpace } from './json-span.js';
import { messageFault } from './message.js';
import { META } from './modern-meta.js';
import { RPC, RpcError } from './rpc-error.js';

export { scanReplyId, spliceId, type ReplyId } from './reply-scan.js';

/** Where the parts of one JSON-RPC message lie in its bytes. Spans are `[start, end)`; `0, 0` = absent. */
export interface Envelope {
  readonly kind: 'request' | 'notification' | 'response';
  /** `''` for a response. */
  readonly method: string;
  readonly idStart: number;
  readonly idEnd: number;
  /** `params.name` when it is a string, quotes included. */
  readonly nameStart: number;
  readonly nameEnd: number;
  /** `params._meta.progressToken` when it is a string or a number. */
  readonly tokenStart: number;
  readonly tokenEnd: number;
  readonly paramsStart: number;
  readonly paramsEnd: number;
  /** `params.progressToken` (of a progress notification) when it is a string or a number. */
  readonly progressStart: number;
  readonly progressEnd: number;
  /** Whether `params._meta` names a protocol version, as every request of the stateless protocol does. */
  readonly stateless: boolean;
}

const QUOTE = 34;
const BACKSLASH = 92;
const COMMA = 44;
const COLON = 58;
const OPEN_BRACE = 123;
const CLOSE_BRACE = 125;
const MINUS = 45;

const KEYS = ['jsonrpc', 'id', 'method', 'params', 'result', 'error'].map((k) => Buffer.from(k));
const [JSONRPC, ID, METHOD, PARAMS, RESULT, ERROR] = [0, 1, 2, 3, 4, 5] as const;
const TOP_NAMES: ReadonlySet<string> = new Set(KEYS.map(String));
const PARAM_NAMES: ReadonlySet<string> = new Set(['name', '_meta']);
const NAME_KEY = Buffer.from('name');
const META_KEY = Buffer.from('_meta');
const TOKEN_KEY = Buffer.from('progressToken');
const VERSION_KEY = Buffer.from(META.protocolVersion);

// The scan's state. Module level, as a call allocates nothing but its answer; scanning is synchronous, never re-entrant.
const starts = new Int32Array(6);
const ends = new Int32Array(6);
let nameStart = 0;
let nameEnd = 0;
/** Bits of the keys met in params and _meta; a second one makes the scan fail. */
let met = 0;
let tokenStart = 0;
let tokenEnd = 0;
let progressStart = 0;
let progressEnd = 0;
let stateless = false;
/** Escaped keys are fine: the bytes were serialised by us, so an escape spells none of the keys we read. */
let trusted = false;

/**
 * Scans one JSON-RPC 2.0 message. `null`: take `readEnvelope`. That is so for everything odd, above all for a duplicate
 * or escaped key beside those we read: the upstream's parser takes the last duplicate, and a policy check made on the
 * first one could be walked around.
 */
export function scanEnvelope(body: Buffer): Envelope | null {
  trusted = false;
  return scan(body);
}

/**
 * The slow way for what `scanEnvelope` declines: parses, refuses what is not JSON-RPC 2.0 (JSON-RPC section 4, MCP base
 * protocol), and re-serialises on one line without duplicates. Numbers take the precision of a double on this way.
 */
export function readEnvelope(
  body: Buffer,
): { body: Buffer; envelope: Envelope } | { batch: Buffer[] } | RpcError {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body));
  } catch {
    return new RpcError(RPC.parseError, 'The body is not valid JSON', undefined, 400);
  }
  try {
    if (Array.isArray(value)) {
      if (value.length === 0) return refusal('The batch is empty');
      return { batch: value.map((item: unknown) => Buffer.from(JSON.stringify(item))) };
    }
    const reason = messageFault(value) ?? misspelling(value);
    if (reason !== null) return refusal(reason);
    const canonical = Buffer.from(JSON.stringify(value));
    trusted = true;
    const envelope = scan(canonical);
    if (envelope !== null) return { body: canonical, envelope };
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
  }
  return refusal(`The message is nested deeper than ${MAX_DEPTH} levels`);
}

/**
 * Readers that do not tell upper from lower case, as Go's are, take such a key for one of ours: a policy check made on our
 * reading could be walked around.
 */
function misspells(body: Buffer, start: number, end: number, names: ReadonlySet<string>): boolean {
  return names.has(folded(body.toString('utf8', start, end)));
}

/** The same for a key of ASCII letters that no other character folds to: `k` and `s` are not among them. */
function foldsTo(body: Buffer, start: number, end: number, key: Buffer): boolean {
  if (end - start !== key.length) return false;
  for (let i = 0; i < key.length; i += 1) {
    const c = body[start + i] ?? 0;
    if ((c >= 65 && c <= 90 ? c | 32 : c) !== key[i]) return false;
  }
  return true;
}

/** With what Unicode folds to an ASCII letter, too. */
function folded(key: string): string {
  return key.toLowerCase().replaceAll('\u017f', 's');
}

/** The same for a message that was parsed; `null` when no key is misspelt. */
function misspelling(message: unknown): string | null {
  const { params } = message as { params?: unknown };
  return (
    misspeltIn(message, TOP_NAMES) ??
    (Array.isArray(params) ? null : misspeltIn(params, PARAM_NAMES))
  );
}

function misspeltIn(value: unknown, names: ReadonlySet<string>): string | null {
  if (typeof value !== 'object' || value === null) return null;
  const odd = Object.keys(value).find((key) => !names.has(key) && names.has(folded(key)));
  return odd === undefined ? null : `The member ${JSON.stringify(odd)} is ambiguous: case matters`;
}

function refusal(reason: string): RpcError {
  return new RpcError(RPC.invalidRequest, reason, undefined, 400);
}

function scan(body: Buffer): Envelope | null {
  starts.fill(0);
  ends.fill(0);
  nameStart = nameEnd = met = tokenStart = tokenEnd = progressStart = progressEnd = 0;
  stateless = false;
  const end = scanTop(body);
  if (end < 0 || skipSpace(body, end) < body.length) return null;
  const kind = kindOf(body);
  if (kind === null) return null;
  const method = kind === 'response' ? '' : methodOf(body);
  if (method === null) return null;
  return {
    kind,
    method,
    idStart: starts[ID] ?? 0,
    idEnd: ends[ID] ?? 0,
    nameStart,
    nameEnd,
    tokenStart,
    tokenEnd,
    paramsStart: starts[PARAMS] ?? 0,
    paramsEnd: ends[PARAMS] ?? 0,
    progressStart,
    progressEnd,
    stateless,
  };
}

type Level = 'top' | 'params' | 'meta';

function scanTop(body: Buffer): number {
  const start = skipSpace(body, 0);
  return body[start] === OPEN_BRACE ? walk(body, start, 'top') : -1;
}

/** Walks the members of the object at `start`; answers the index behind it, or -1. */
function walk(body: Buffer, start: number, level: Level): number {
  let i = skipSpace(body, start + 1);
  if (body[i] === CLOSE_BRACE) return i + 1;
  for (;;) {
    if (body[i] !== QUOTE) return -1;
    const keyStart = i + 1;
    const keyEnd = closingQuote(body, keyStart);
    if (keyEnd < 0 || (!trusted && hasEscape(body, keyStart, keyEnd))) return -1;
    i = skipSpace(body, keyEnd + 1);
    if (body[i] !== COLON) return -1;
    i = member(body, keyStart, keyEnd, skipSpace(body, i + 1), level);
    if (i < 0) return -1;
    i = skipSpace(body, i);
    if (body[i] === CLOSE_BRACE) return i + 1;
    if (body[i] !== COMMA) return -1;
    i = skipSpace(body, i + 1);
  }
}

function member(body: Buffer, keyStart: number, keyEnd: number, at: number, level: Level): number {
  switch (level) {
    case 'top':
      return topMember(body, keyStart, keyEnd, at);
    case 'params':
      return paramsMember(body, keyStart, keyEnd, at);
    case 'meta':
      return metaMember(body, keyStart, keyEnd, at);
  }
}

function topMember(body: Buffer, keyStart: number, keyEnd: number, at: number): number {
  const key = topKey(body, keyStart, keyEnd);
  if (key < 0) return misspells(body, keyStart, keyEnd, TOP_NAMES) ? -1 : endOfValue(body, at);
  if (ends[key] !== 0) return -1;
  let end: number;
  if (key === PARAMS) end = body[at] === OPEN_BRACE ? walk(body, at, 'params') : -1;
  else end = endOfValue(body, at);
  if (end < 0 || (key === ID && (!isToken(body, at) || !isSound(body, at, end)))) return -1;
  starts[key] = at;
  ends[key] = end;
  return end;
}

function paramsMember(body: Buffer, keyStart: number, keyEnd: number, at: number): number {
  if (matches(body, keyStart, keyEnd, NAME_KEY)) {
    const end = endOfValue(body, at);
    if (!meet(1)) return -1;
    if (end > 0 && body[at] === QUOTE) {
      nameStart = at;
      nameEnd = end;
    }
    return end;
  }
  if (matches(body, keyStart, keyEnd, META_KEY)) {
    if (!meet(2)) return -1;
    return body[at] === OPEN_BRACE ? walk(body, at, 'meta') : endOfValue(body, at);
  }
  if (foldsTo(body, keyStart, keyEnd, NAME_KEY) || foldsTo(body, keyStart, keyEnd, META_KEY))
    return -1;
  const end = endOfValue(body, at);
  if (matches(body, keyStart, keyEnd, TOKEN_KEY)) {
    if (!meet(4)) return -1;
    if (end > 0 && isToken(body, at)) {
      if (!isSound(body, at, end)) return -1;
      progressStart = at;
      progressEnd = end;
    }
  }
  return end;
}

function metaMember(body: Buffer, keyStart: number, keyEnd: number, at: number): number {
  const end = endOfValue(body, at);
  if (matches(body, keyStart, keyEnd, TOKEN_KEY)) {
    if (!meet(8)) return -1;
    if (end > 0 && isToken(body, at)) {
      if (!isSound(body, at, end)) return -1;
      tokenStart = at;
      tokenEnd = end;
    }
  } else if (matches(body, keyStart, keyEnd, VERSION_KEY)) {
    if (!meet(16)) return -1;
    stateless = true;
  }
  return end;
}

function meet(bit: number): boolean {
  if ((met & bit) !== 0) return false;
  met |= bit;
  return true;
}

/** Whether the value at `at` is a string or a number: what an id or a progress token may be. */
function isToken(body: Buffer, at: number): boolean {
  const c = body[at] ?? 0;
  return c === QUOTE || c === MINUS || (c >= 48 && c <= 57);
}

/** Ids and tokens are used by us away from their message, so that bad escapes in them are found here. */
function isSound(body: Buffer, start: number, end: number): boolean {
  for (let i = start; i < end; i += 1) {
    const c = body[i] ?? 0;
    if (c < 32 || c === BACKSLASH) return isJson(body, start, end);
  }
  return true;
}

function isJson(body: Buffer, start: number, end: number): boolean {
  try {
    JSON.parse(body.toString('utf8', start, end));
    return true;
  } catch {
    return false;
  }
}

function topKey(body: Buffer, start: number, end: number): number {
  for (let k = 0; k < KEYS.length; k += 1) {
    if (matches(body, start, end, KEYS[k] ?? NAME_KEY)) return k;
  }
  return -1;
}

function matches(body: Buffer, start: number, end: number, key: Buffer): boolean {
  if (end - start !== key.length) return false;
  for (let i = 0; i < key.length; i += 1) if (body[start + i] !== key[i]) return false;
  return true;
}

// Why not Buffer.indexOf: it would search far beyond a short key.
function hasEscape(body: Buffer, start: number, end: number): boolean {
  for (let i = start; i < end; i += 1) if (body[i] === BACKSLASH) return true;
  return false;
}

function kindOf(body: Buffer): Envelope['kind'] | null {
  const version = starts[JSONRPC] ?? 0;
  if ((ends[JSONRPC] ?? 0) - version !== 5) return null;
  if (body[version] !== QUOTE || body[version + 1] !== 50) return null;
  if (body[version + 2] !== 46 || body[version + 3] !== 48) return null;
  const result = ends[RESULT] !== 0;
  const error = ends[ERROR] !== 0;
  const id = ends[ID] !== 0;
  if (ends[METHOD] !== 0) return result || error ? null : id ? 'request' : 'notification';
  return id && result !== error ? 'response' : null;
}

function methodOf(body: Buffer): string | null {
  const start = starts[METHOD] ?? 0;
  const end = ends[METHOD] ?? 0;
  if (body[start] !== QUOTE) return null;
  if (!hasEscape(body, start + 1, end - 1)) return body.toString('utf8', start + 1, end - 1);
  return trusted ? (JSON.parse(body.toString('utf8', start, end)) as string) : null;
}
