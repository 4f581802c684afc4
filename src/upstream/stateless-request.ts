// HOT PATH
import type { Envelope } from '../protocol/envelope-scan.js';
import { isEmptyObject, memberSpan } from '../protocol/json-member.js';
import { BUILT_ID_START, rpcRequest } from '../protocol/message.js';
import type { RequestMeta } from './request-meta.js';
import type { StatelessRequest } from './stateless-port.js';
import type { RequestSpans } from './upstream.js';

const CLOSE_BRACE = 125;
const QUOTE = 34;
const OPEN_BRACE = 123;
const META_KEY = Buffer.from('_meta');
const URI_KEY = Buffer.from('uri');
/** Methods whose requests name what they are about, and where (2026-07-28, Streamable HTTP, standard headers). */
const NAMED = new Set(['tools/call', 'prompts/get']);

/** Something put into a message: `text` takes the place of `[from, to)`. */
interface Edit {
  readonly from: number;
  readonly to: number;
  readonly text: string;
}

/**
 * A legacy client's request as one of the stateless protocol: `meta` is added to `params._meta` behind what is there, so
 * that ours is the last word, and `inputs`, the members `inputResponses` and `requestState` of a retry or `''`, to
 * `params`. `envelope` is what `envelope-scan` found in `body`.
 */
export function statelessRequest(
  body: Buffer,
  envelope: Envelope,
  meta: string,
  inputs = '',
): StatelessRequest {
  const edits = editsOf(body, envelope, meta, inputs);
  const { method, idStart, idEnd, tokenStart, tokenEnd } = envelope;
  const spans: RequestSpans = {
    idStart: idStart + shiftAt(idStart, edits),
    idEnd: idEnd + shiftAt(idStart, edits),
    tokenStart: tokenEnd === 0 ? 0 : tokenStart + shiftAt(tokenStart, edits),
    tokenEnd: tokenEnd === 0 ? 0 : tokenEnd + shiftAt(tokenStart, edits),
    method,
  };
  return { body: edited(body, edits), spans, method, name: nameOf(body, envelope), meta };
}

/** A request of our own. */
export function ownRequest(
  method: string,
  params: Readonly<Record<string, unknown>>,
  meta: Pick<RequestMeta, 'value'>,
): StatelessRequest {
  const spans = { idStart: BUILT_ID_START, idEnd: BUILT_ID_START + 1, tokenStart: 0, tokenEnd: 0 };
  const value = meta.value();
  const body = rpcRequest(0, method, { ...params, _meta: value });
  return { body, spans, method, name: null, meta: JSON.stringify(value).slice(1, -1) };
}

function editsOf(body: Buffer, envelope: Envelope, meta: string, inputs: string): Edit[] {
  const { paramsStart, paramsEnd } = envelope;
  if (paramsEnd === 0) {
    const at = body.lastIndexOf(CLOSE_BRACE);
    const more = inputs === '' ? '' : `,${inputs}`;
    return [{ from: at, to: at, text: `,"params":{"_meta":{${meta}}${more}}` }];
  }
  const known = memberSpan(body, paramsStart, META_KEY);
  const end = paramsEnd - 1;
  const separator = isEmptyObject(body, paramsStart) ? '' : ',';
  if (known === null) {
    const more = inputs === '' ? '' : `,${inputs}`;
    return [{ from: end, to: end, text: `${separator}"_meta":{${meta}}${more}` }];
  }
  const edits = [metaEdit(body, known.start, known.end, meta)];
  if (inputs !== '') edits.push({ from: end, to: end, text: `,${inputs}` });
  return edits;
}

function metaEdit(body: Buffer, start: number, end: number, meta: string): Edit {
  if (body[start] !== OPEN_BRACE) return { from: start, to: end, text: `{${meta}}` };
  const separator = isEmptyObject(body, start) ? '' : ',';
  return { from: end - 1, to: end - 1, text: separator + meta };
}

function shiftAt(at: number, edits: readonly Edit[]): number {
  let shift = 0;
  for (const { from, to, text } of edits) {
    if (to <= at) shift += Buffer.byteLength(text) - (to - from);
  }
  return shift;
}

/** `edits` are in order and do not overlap. */
function edited(body: Buffer, edits: readonly Edit[]): Buffer {
  const parts: Buffer[] = [];
  let at = 0;
  for (const { from, to, text } of edits) {
    parts.push(body.subarray(at, from), Buffer.from(text));
    at = to;
  }
  parts.push(body.subarray(at));
  return Buffer.concat(parts);
}

function nameOf(body: Buffer, envelope: Envelope): string | null {
  if (NAMED.has(envelope.method)) return stringAt(body, envelope.nameStart, envelope.nameEnd);
  if (envelope.method !== 'resources/read' || envelope.paramsEnd === 0) return null;
  const uri = memberSpan(body, envelope.paramsStart, URI_KEY);
  return uri === null ? null : stringAt(body, uri.start, uri.end);
}

function stringAt(body: Buffer, start: number, end: number): string | null {
  if (end === 0 || body[start] !== QUOTE) return null;
  try {
    return JSON.parse(body.toString('utf8', start, end)) as string;
  } catch {
    // The text inside strings of a scanned message may still be no JSON.
    return null;
  }
}
