import fc from 'fast-check';
import { readEnvelope, scanEnvelope, scanReplyId } from '../../src/protocol/envelope-scan.js';
import type { Envelope } from '../../src/protocol/envelope-scan.js';
import { LineSplitter } from '../../src/protocol/line-framing.js';
import { messageFault } from '../../src/protocol/message.js';
import { RpcError } from '../../src/protocol/rpc-error.js';
import { SseParser, sseFrame } from '../../src/protocol/sse.js';
import { encodeRequest, sliceRequest } from '../../src/upstream/request-line.js';
import { cancelledId } from '../../src/gateway/post-body.js';
import { clientFactsOf } from '../../src/gateway/initialize.js';
import { outcomeOf } from '../../src/gateway/call-outcome.js';
import { eventsOf } from './sse-reference.js';
import { chunked, cuts, messageBytes } from './json-text.js';

/** One claim about a piece, to be tried on many generated inputs. */
export interface Claim {
  readonly name: string;
  /** Share of all cases. */
  readonly weight: number;
  readonly property: fc.IPropertyWithHooks<unknown[]>;
}

type Json = Record<string, unknown>;

function check(holds: boolean, claim: string): void {
  if (!holds) throw new Error(claim);
}

/** The value as JSON.parse sees it; `undefined` when it is no JSON in UTF-8. */
function reference(bytes: Buffer): { value: unknown } | undefined {
  try {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
    return { value: JSON.parse(text) };
  } catch {
    return undefined;
  }
}

function spanValue(body: Buffer, start: number, end: number): unknown {
  return end === 0 ? undefined : JSON.parse(body.toString('utf8', start, end));
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function tokenOf(value: unknown): unknown {
  return typeof value === 'string' || typeof value === 'number' ? value : undefined;
}

/** What stands in the envelope must be what a parser reads in the same bytes. */
function checkEnvelope(body: Buffer, envelope: Envelope, message: unknown): void {
  check(isObject(message) && messageFault(message) === null, 'only JSON-RPC messages are taken');
  const { id, method, params } = message as Json;
  const kind = method === undefined ? 'response' : id === undefined ? 'notification' : 'request';
  check(envelope.kind === kind, 'the kind is the message’s');
  check(envelope.method === (method ?? ''), 'the method is the message’s');
  const { idStart, idEnd, nameStart, nameEnd, tokenStart, tokenEnd } = envelope;
  check(Object.is(spanValue(body, idStart, idEnd), id), 'the id is the message’s');
  const inside = isObject(params) ? params : {};
  const name = typeof inside.name === 'string' ? inside.name : undefined;
  check(spanValue(body, nameStart, nameEnd) === name, 'the name is the message’s');
  const meta = isObject(inside._meta) ? inside._meta : {};
  const token = spanValue(body, tokenStart, tokenEnd);
  check(Object.is(token, tokenOf(meta.progressToken)), 'the progress token is the message’s');
  const progress = spanValue(body, envelope.progressStart, envelope.progressEnd);
  check(Object.is(progress, tokenOf(inside.progressToken)), 'the progress is the message’s');
}

const scans = fc.property(messageBytes, (body) => {
  const envelope = scanEnvelope(body);
  if (envelope === null) return;
  const parsed = reference(body);
  if (parsed !== undefined) checkEnvelope(body, envelope, parsed.value);
  else {
    // Broken text inside strings passes, but never in what is used by us.
    spanValue(body, envelope.idStart, envelope.idEnd);
    spanValue(body, envelope.tokenStart, envelope.tokenEnd);
  }
});

const reads = fc.property(messageBytes, (body) => {
  const read = readEnvelope(body);
  const parsed = reference(body);
  if (parsed === undefined) {
    // A byte order mark is not looked at by the decoder.
    if (body[0] !== 0xef) check(read instanceof RpcError, 'what is no JSON is refused');
    return;
  }
  if (read instanceof RpcError) return;
  if ('batch' in read) {
    check(Array.isArray(parsed.value), 'a batch is an array');
    return;
  }
  checkEnvelope(read.body, read.envelope, JSON.parse(read.body.toString('utf8')));
});

const replies = fc.property(messageBytes, (line) => {
  const reply = scanReplyId(line);
  if (reply === null) return;
  check(
    Number(line.toString('latin1', reply.idStart, reply.idEnd)) === reply.id,
    'digits are the id',
  );
  const parsed = reference(line);
  if (parsed === undefined || !isObject(parsed.value)) return;
  const text = line.toString('utf8');
  // Of two ids the last one counts for a parser; which one a broken upstream meant nobody knows.
  if ([...text.matchAll(/"(id|i?\\u[0-9a-f]{4}d?)"/gi)].length > 1) return;
  check(parsed.value.id === reply.id, 'the id is the message’s own');
  check('result' in parsed.value || 'error' in parsed.value, 'it is a response');
});

const lines = fc.property(
  fc.array(messageBytes, { maxLength: 4 }),
  cuts,
  fc.nat({ max: 400 }),
  (parts, at, max) => {
    const stream = Buffer.concat(parts.flatMap((part) => [part, Buffer.from('\n')]));
    const heard: string[] = [];
    let tooLong = 0;
    const splitter = new LineSplitter(
      max,
      (line) => heard.push(line.toString('latin1')),
      () => (tooLong += 1),
    );
    for (const chunk of chunked(stream, at)) splitter.push(chunk);
    const expected: string[] = [];
    let over = false;
    for (const line of stream.toString('latin1').split('\n').slice(0, -1)) {
      if (line.length > max) over = true;
      if (over) break;
      const text = line.endsWith('\r') ? line.slice(0, -1) : line;
      if (text !== '') expected.push(text);
    }
    check(
      JSON.stringify(heard) === JSON.stringify(expected),
      'lines are those between line breaks',
    );
    check(tooLong === (over ? 1 : 0), 'a long line is told once');
  },
);

const field = fc.constantFrom(
  'data',
  'data: ',
  'event: ',
  'id: ',
  'retry: ',
  'id',
  ': note',
  'x: ',
  '',
  '\ufeffdata: ',
);
const ending = fc.constantFrom('\n', '\r\n', '\r', '\n\n', '\r\n\r\n', '\r\r');
const eventText = fc
  .array(
    fc.tuple(
      field,
      fc.oneof(fc.string({ maxLength: 8 }), fc.constantFrom('12', '1e3', 'a\u0000b', ' x')),
      ending,
    ),
  )
  .map((all) => Buffer.from(all.map((parts) => parts.join('')).join('')));

const events = fc.property(eventText, cuts, (stream, at) => {
  const heard: unknown[] = [];
  const parser = new SseParser(
    1 << 20,
    ({ event, data, id, retry }) => heard.push({ event, data: data.toString('utf8'), id, retry }),
    () => heard.push('too long'),
  );
  for (const chunk of chunked(stream, at)) parser.push(chunk);
  check(
    JSON.stringify(heard) === JSON.stringify(eventsOf(stream.toString('utf8'))),
    'events are the stream’s',
  );
});

const bounded = fc.property(
  fc.uint8Array({ maxLength: 300 }),
  cuts,
  fc.nat({ max: 60 }),
  (bytes, at, max) => {
    let tooLong = 0;
    const parser = new SseParser(
      max,
      ({ data }) => check(data.length <= max, 'no event is longer'),
      () => {
        tooLong += 1;
      },
    );
    for (const chunk of chunked(Buffer.from(bytes), at)) parser.push(chunk);
    check(tooLong <= 1, 'a long event is told once');
  },
);

const frames = fc.property(messageBytes, fc.boolean(), (message, named) => {
  const frame = sseFrame(message, named ? 'sy-1' : undefined);
  const heard: { event: string; data: Buffer; id?: string }[] = [];
  const parser = new SseParser(
    1 << 20,
    (event) => heard.push(event),
    () => undefined,
  );
  parser.push(frame);
  check(heard.length === 1, 'a frame is one event');
  const breaks = message.includes(10) || message.includes(13);
  const text = breaks ? message.toString('utf8').replace(/\r\n|\r/g, '\n') : null;
  const same =
    text === null ? heard[0]?.data.equals(message) : heard[0]?.data.toString('utf8') === text;
  check(same === true, 'its data is the message');
});

const requests = fc.property(messageBytes, fc.integer({ min: 1, max: 2 ** 40 }), (body, id) => {
  const envelope = scanEnvelope(body);
  if (envelope?.kind !== 'request') return;
  const line = encodeRequest(body, envelope, id);
  const text = line.toString('latin1');
  check(/^[^\r\n]*\n$/.test(text), 'a request is one line');
  const parts = sliceRequest(body, envelope, id);
  if (parts !== null) check(Buffer.concat(parts).equals(line), 'slices are the same line');
  const parsed = reference(body);
  if (parsed === undefined) return;
  const sent = JSON.parse(line.toString('utf8')) as Json;
  const wanted = parsed.value as { id: unknown; params?: { _meta?: Json } };
  wanted.id = id;
  if (envelope.tokenEnd !== 0 && wanted.params?._meta !== undefined)
    wanted.params._meta.progressToken = id;
  check(JSON.stringify(sent) === JSON.stringify(wanted), 'only the id and the token differ');
});

const readers = fc.property(messageBytes, (body) => {
  const id = cancelledId(body);
  if (id !== null) JSON.parse(id);
  clientFactsOf(body);
  outcomeOf(body, body);
});

export const SCAN_CLAIMS: readonly Claim[] = [
  { name: 'scanEnvelope reads what JSON.parse reads', weight: 6, property: scans },
  { name: 'readEnvelope takes and refuses as JSON-RPC says', weight: 3, property: reads },
  { name: 'scanReplyId answers the message’s own id', weight: 4, property: replies },
  { name: 'LineSplitter cuts at line breaks however chunks fall', weight: 2, property: lines },
  { name: 'SseParser reads what the WHATWG algorithm reads', weight: 3, property: events },
  { name: 'SseParser keeps to its bound', weight: 1, property: bounded },
  { name: 'sseFrame makes one event of any message', weight: 1, property: frames },
  { name: 'encodeRequest makes one line with our id', weight: 3, property: requests },
  { name: 'readers of bodies never throw', weight: 1, property: readers },
];
