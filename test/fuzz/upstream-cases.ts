import fc from 'fast-check';
import { messageBytes } from './json-text.js';
import type { ScriptEntry } from './scripted-http.js';

/** What an upstream does in answer to one call. */
export interface UpstreamCase {
  readonly kind: string;
  readonly script: readonly ScriptEntry[];
  /** Whether a reply in good form to the call’s own id is among it, and comes first. */
  readonly answered: boolean;
}

const REPLY = '{"jsonrpc":"2.0","id":$ID,"result":{"content":[{"type":"text","text":"$MARKER"}]}}';
const PROGRESS =
  '{"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":$TOKEN,"progress":1,"message":"$MARKER"}}';
const reply: ScriptEntry = { write: `${REPLY}\n` };

const raw = fc
  .uint8Array({ maxLength: 60 })
  .map((bytes): ScriptEntry => ({ bytes: Buffer.from(bytes).toString('base64') }));
/** A number as the id could be that of a call under way, and the line its answer. */
const fuzzed = messageBytes
  .filter((bytes) => !/("id"|0069)[^,]*\d/.test(bytes.toString('latin1')))
  .map((bytes): ScriptEntry => ({ bytes: bytes.toString('base64') }));
const newline: ScriptEntry = { write: '\n' };

/** Lines beside the answer. None has an id that could be that of another call: a reply to it would be in good form. */
const beside = fc.oneof(
  fc.constantFrom<ScriptEntry>(
    { write: 'not json at all\n' },
    { write: '\r\n\r\n\n' },
    { write: '{"jsonrpc":"2.0","id":999999999,"result":{"x":"$MARKER"}}\n' },
    { write: '{"jsonrpc":"2.0","id":-1,"result":{}}\n' },
    { write: '{"jsonrpc":"2.0","id":null,"error":{"code":1,"message":"$MARKER"}}\n' },
    { write: '{"jsonrpc":"2.0","id":"$MARKER","result":{}}\n' },
    { write: '{"jsonrpc":"2.0","id":1.5,"result":{}}\n' },
    { write: `${PROGRESS}\n` },
    {
      write:
        '{"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":{"a":1}}}\n',
    },
    {
      write:
        '{"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":"$ID","progress":"x"}}\n',
    },
    {
      write:
        '{"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":99999999999}}\n',
    },
    { write: '{"jsonrpc":"2.0","method":"notifications/progress"}\n' },
    { write: '{"jsonrpc":"2.0","id":"ask","method":"roots/list"}\n' },
    { write: '{"jsonrpc":"2.0","id":{"odd":1},"method":"ping"}\n' },
    { write: '{"jsonrpc":"2.0","method":"notifications/resources/updated","params":{"uri":5}}\n' },
    { write: '{"jsonrpc":"2.0","method":"notifications/tasks/status","params":{"taskId":[]}}\n' },
    { write: '{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":$ID}}\n' },
    { write: `${'['.repeat(50_000)}\n` },
    { write: '{"jsonrpc":"2.0","method":"notifications/tools/list_changed"}\r\n' },
    { ms: 3 },
  ),
);

const lineScript = fc.tuple(
  fc.array(beside, { maxLength: 4 }),
  fc.constantFrom<readonly [string, boolean, readonly ScriptEntry[]]>(
    ['reply', true, [reply]],
    ['reply in pieces', true, [{ write: REPLY.slice(0, 30) }, { write: `${REPLY.slice(30)}\r\n` }]],
    ['reply twice', true, [reply, reply]],
    ['id behind', true, [{ write: '{"result":{"text":"$MARKER"},"jsonrpc":"2.0","id":$ID}\n' }]],
    ['broken value', false, [{ write: '{"jsonrpc":"2.0","id":$ID,"result":{$MARKER}}\n' }]],
    [
      'bad escape',
      false,
      [{ write: '{"jsonrpc":"2.0","id":$ID,"result":{"text":"\\q$MARKER"}}\n' }],
    ],
    [
      'id as text',
      false,
      [{ write: '{"jsonrpc":"2.0","id":"$ID","result":{}}\n' }, { ms: 5 }, reply],
    ],
    [
      'neither result nor error',
      false,
      [{ write: '{"jsonrpc":"2.0","id":$ID}\n' }, { ms: 5 }, reply],
    ],
    [
      'both',
      false,
      [
        {
          write: '{"jsonrpc":"2.0","id":$ID,"result":{},"error":{"code":1,"message":"$MARKER"}}\n',
        },
        { ms: 5 },
        reply,
      ],
    ],
    ['batch', true, [{ write: `[${REPLY},${PROGRESS}]\n` }]],
    ['no reply', false, []],
    [
      'deep result',
      true,
      [
        {
          write: `{"jsonrpc":"2.0","id":$ID,"result":{"x":${'['.repeat(400)}${']'.repeat(400)}}}\n`,
        },
      ],
    ],
    ['flood', true, [{ write: `${PROGRESS}\n`.repeat(300) }, reply]],
  ),
);

/** For a child: lines. */
export const lineCase: fc.Arbitrary<UpstreamCase> = fc.oneof(
  {
    weight: 20,
    arbitrary: lineScript.map(([before, [kind, answered, script]]) => ({
      kind,
      answered,
      script: [...before, ...script],
    })),
  },
  {
    weight: 2,
    arbitrary: fuzzed.map((entry) => ({
      kind: 'any line',
      answered: false,
      script: [entry, newline, reply],
    })),
  },
  {
    weight: 2,
    arbitrary: raw.map((entry) => ({
      kind: 'any bytes',
      answered: false,
      script: [entry, newline, reply],
    })),
  },
);

/** Two calls that are answered on one line; neither may see what belongs to the other. */
export const tornScripts: readonly string[] = [
  `${REPLY}${other(REPLY)}\n`,
  `${REPLY}\r${other(REPLY)}\n`,
  `${REPLY.slice(0, 70)}${other(REPLY)}\n`,
  `{"result":{"a":"$MARKER${other('{"result":{"a":"$MARKER"},"jsonrpc":"2.0","id":$ID}')}\n`,
];

function other(text: string): string {
  return text.replaceAll('$ID', '$OTHER').replaceAll('$MARKER', '$OTHERMARKER');
}

const status = fc.constantFrom(
  '200 OK',
  '200 OK',
  '200 OK',
  '202 Accepted',
  '204 No',
  '301 Moved',
  '400 Bad',
  '401 No',
  '404 Gone',
  '418 x',
  '500 x',
  '599 x',
  '999 x',
  '099 x',
  '20 x',
  '103 Early',
);
const type = fc.constantFrom(
  'application/json',
  'text/event-stream',
  'text/html',
  'application/json; charset=utf-16',
  'text/event-stream;x',
  '日本',
  '',
);
const extra = fc.constantFrom(
  '',
  '',
  '',
  'Mcp-Odd: 日本\r\n',
  'Mcp-Session-Id: \u0001\r\n',
  'Set-Cookie: a=b\r\n',
  'X\r\n',
  ': y\r\n',
  `Mcp-Long: ${'z'.repeat(30_000)}\r\n`,
  'Content-Encoding: gzip\r\n',
  'Retry-After: a\u007fb\r\n',
  'Allow: é\r\n',
  'Content-Length: 3\r\n',
  'Connection: upgrade\r\n',
);
const event = fc.oneof(
  fc.constantFrom(
    `data: ${REPLY}\n\n`,
    `data: ${REPLY}\r\r`,
    `event: message\r\ndata: ${PROGRESS}\r\n\r\n`,
    `id: 1\ndata:\n\n`,
    ': x\n\n',
    'data: {\n\n',
    'event: ping\ndata: x\n\n',
    'retry: 99999999999999999\n\n',
    'data: {"jsonrpc":"2.0","id":123456,"result":{}}\n\n',
    `data: ${REPLY}`,
    'data: [1]\n\n',
    'id: \u0000\n\n',
  ),
);
const body = fc.oneof(
  fc.constant(REPLY),
  fc.array(event, { maxLength: 6 }).map((all) => all.join('')),
  fc.constantFrom('', '{', '<html>', '{"jsonrpc":"2.0","id":123456,"result":{}}', `[${REPLY}]`),
  messageBytes.map((bytes) => bytes.toString('utf8')),
);
const framing = fc.constantFrom(
  'length',
  'short',
  'long',
  'chunked',
  'bad chunk',
  'open chunk',
  'close',
);
const ending = fc.constantFrom<ScriptEntry>(
  { end: 'fin' },
  { end: 'fin' },
  { end: 'reset' },
  { ms: 1 },
);

function framed(text: string, how: string): string {
  const bytes = Buffer.byteLength(text);
  const chunk = `${bytes.toString(16)}\r\n${text}\r\n`;
  switch (how) {
    case 'length':
      return `Content-Length: ${bytes}\r\n\r\n${text}`;
    case 'short':
      return `Content-Length: ${Math.max(0, bytes - 3)}\r\n\r\n${text}`;
    case 'long':
      return `Content-Length: ${bytes + 5}\r\n\r\n${text}`;
    case 'chunked':
      return `Transfer-Encoding: chunked\r\n\r\n${bytes === 0 ? '' : chunk}0\r\n\r\n`;
    case 'bad chunk':
      return `Transfer-Encoding: chunked\r\n\r\n${chunk}xyz\r\n`;
    case 'open chunk':
      return `Transfer-Encoding: chunked\r\n\r\n${chunk}`;
    default:
      return `\r\n${text}`;
  }
}

const responseCase = fc
  .tuple(status, type, extra, body, framing, ending)
  .map(([code, contentType, more, text, how, end]): UpstreamCase => {
    // Placeholders get their length once they are filled in: texts of stated length use the marker’s own.
    const head = `HTTP/1.1 ${code}\r\n${contentType === '' ? '' : `Content-Type: ${contentType}\r\n`}${more}`;
    return {
      kind: `response ${code}, ${how}`,
      answered: false,
      script: [{ write: head + framed(text, how) }, end],
    };
  });

/** For an HTTP upstream: a response. */
export const httpCase: fc.Arbitrary<UpstreamCase> = fc.oneof(
  { weight: 12, arbitrary: responseCase },
  {
    weight: 1,
    arbitrary: fc.constantFrom<UpstreamCase>(
      {
        kind: 'endless headers',
        answered: false,
        script: [
          { write: 'HTTP/1.1 200 OK\r\n' },
          ...Array.from({ length: 60 }, () => ({ write: `X-More: ${'h'.repeat(500)}\r\n` })),
        ],
      },
      { kind: 'silence', answered: false, script: [{ ms: 1 }] },
      { kind: 'reset at once', answered: false, script: [{ end: 'reset' }] },
      { kind: 'garbage', answered: false, script: [{ write: '\u0000\u0001not http\r\n\r\n' }] },
      {
        kind: 'two responses',
        answered: false,
        script: [
          {
            write: `HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}`,
          },
        ],
      },
      {
        kind: 'flood',
        answered: false,
        script: [
          { write: 'HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n' },
          ...Array.from({ length: 20 }, () => ({ write: `data: ${PROGRESS}\n\n`.repeat(200) })),
          { write: `data: ${REPLY}\n\n` },
          { end: 'fin' as const },
        ],
      },
      {
        kind: 'early hints',
        answered: false,
        script: [{ write: 'HTTP/1.1 103 Early\r\nLink: x\r\n\r\n'.repeat(50) }, { end: 'fin' }],
      },
    ),
  },
);
