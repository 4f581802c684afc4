import fc from 'fast-check';
import { messageBytes } from './json-text.js';

/** What a case may use: a good session, and a marker that is nobody else's. */
export interface CaseContext {
  readonly port: number;
  readonly service: string;
  readonly session: string;
  /** A good session of another service. */
  readonly otherSession: string;
  readonly marker: string;
  readonly id: string;
}

/** Bytes on one connection, and what has to come back. */
export interface Attack {
  readonly parts: readonly Buffer[];
  /** Answers that have to come, or the end of the connection. 0: the client leaves at once. */
  readonly awaits: number;
  /** Each answer's id has to be among these, as JSON; `null` when it does not matter. */
  readonly ids: readonly string[] | null;
}

export type ClientCase = readonly [kind: string, make: (context: CaseContext) => Attack];

type Arb = fc.Arbitrary<ClientCase>;

interface Head {
  readonly method?: string;
  readonly path?: string;
  readonly version?: string;
  readonly headers?: readonly string[];
  readonly session?: string | null;
  readonly length?: string | null;
}

function request(context: CaseContext, body: Buffer, head: Head = {}): Buffer {
  const {
    method = 'POST',
    path = `/mcp/${context.service}`,
    version = 'HTTP/1.1',
    headers = [],
  } = head;
  const session = head.session === undefined ? context.session : head.session;
  const length = head.length === undefined ? `Content-Length: ${body.length}` : head.length;
  const lines = [
    `${method} ${path} ${version}`,
    `Host: 127.0.0.1:${context.port}`,
    'Content-Type: application/json',
    'Accept: application/json, text/event-stream',
    ...(session === null ? [] : [`Mcp-Session-Id: ${session}`]),
    ...(length === null ? [] : [length]),
    ...headers,
  ];
  return Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1'), body]);
}

function echo({ marker }: CaseContext, id: string): Buffer {
  return Buffer.from(
    `{"jsonrpc":"2.0","id":${id},"method":"tools/call","params":{"name":"echo","arguments":{"marker":"${marker}"}}}`,
  );
}

function sliced(bytes: Buffer, at: readonly number[]): Buffer[] {
  const cuts = [...new Set(at.map((cut) => cut % (bytes.length + 1)))].sort((a, b) => a - b);
  return [0, ...cuts].map((start, index) => bytes.subarray(start, cuts[index] ?? bytes.length));
}

const one = (parts: readonly Buffer[], ids: readonly string[] | null = null): Attack => ({
  parts,
  awaits: 1,
  ids,
});
const gone = (parts: readonly Buffer[]): Attack => ({ parts, awaits: 0, ids: null });

const goodId = fc.oneof(
  fc.integer().map(String),
  fc.constantFrom(
    '"a"',
    '"\\u0061b"',
    '1.5',
    '-0',
    '1e3',
    '9007199254740993',
    '""',
    `"${'x'.repeat(3_000)}"`,
  ),
);
const oddId = fc.constantFrom('null', '{}', '[1]', 'true', '"\\q"', '"a\nb"', '1e400', '01', '');
const headerLine = fc.oneof(
  fc.constantFrom(
    'X',
    ': x',
    'X : y',
    'X: a\r\n b',
    'Transfer-Encoding: chunked',
    'Transfer-Encoding: gzip, chunked',
    'Content-Length: 5',
    'Content-Length: -1',
    'Content-Length: 9999999999999999999',
    'Expect: 100-continue',
    'Expect: the-unexpected',
    'Upgrade: h2c\r\nConnection: Upgrade, HTTP2-Settings',
    'Connection: close',
    'Host: evil.example',
    'Origin: https://evil.example',
    'MCP-Protocol-Version: 1999-01-01',
    'MCP-Protocol-Version: 2026-07-28',
    'MCP-Protocol-Version: 2025-06-18\r\nMCP-Protocol-Version: 2025-03-26',
    'Last-Event-ID: sy0-1-1',
    'X-Switchyard-Hop: -1',
    'X-Switchyard-Hop: 1e9',
    'X-Request-Id: a\tb',
    'Content-Encoding: gzip',
    'Accept: image/png',
    'Content-Type: text/plain; charset=utf-16',
    `X: ${'y'.repeat(20_000)}`,
    ...['', '\u0000', '\u007f', 'é'].map((text) => `X-Odd: ${text}`),
  ),
  fc.string({ maxLength: 30 }),
);

const bodies: Arb = fc
  .tuple(messageBytes, fc.array(fc.nat(), { maxLength: 3 }))
  .map(([body, at]) => ['any body', (context) => one(sliced(request(context, body), at))]);

const ids: Arb = fc.tuple(fc.oneof(goodId, oddId), fc.boolean()).map(([id, known]) => [
  'odd id',
  (context) => {
    const name = known ? 'tools/call' : 'nobody/knows';
    const body = `{"jsonrpc":"2.0","id":${id},"method":"${name}","params":{"name":"echo","arguments":{"marker":"${context.marker}"}}}`;
    return one([request(context, Buffer.from(body))], [id, 'null']);
  },
]);

const headers: Arb = fc
  .tuple(fc.array(headerLine, { minLength: 1, maxLength: 3 }))
  .map(([lines]) => [
    'odd headers',
    (context) => one([request(context, echo(context, context.id), { headers: lines })]),
  ]);

const startLines: Arb = fc
  .tuple(
    fc.constantFrom(
      'GET',
      'HEAD',
      'PUT',
      'PATCH',
      'OPTIONS',
      'TRACE',
      'DELETE',
      'PROPFIND',
      'post',
      'G\u0000T',
      '',
    ),
    fc.constantFrom(
      '/mcp/shared',
      '/mcp',
      '/mcp/',
      '/mcp//',
      '/mcp/%00',
      '/mcp/../api/v1/services',
      '/mcp/nobody',
      '*',
      'http://x/mcp/shared',
      `/mcp/${'a'.repeat(9_000)}`,
      '/mcp/shared/message?sessionId=x',
      '/mcp/shared/sse/x',
      '/mcp/shared?x=%',
    ),
    fc.constantFrom('HTTP/1.1', 'HTTP/1.0', 'HTTP/9.9', 'HTTP/2', 'HTTP', ''),
  )
  .map(([method, path, version]) => [
    'odd start line',
    (context) => {
      // A good GET would rightly stay open.
      const session = 'made-up';
      const bytes = request(context, Buffer.alloc(0), {
        method,
        path,
        version,
        session,
        headers: ['Connection: close'],
      });
      return method === 'HEAD' ? gone([bytes]) : one([bytes]);
    },
  ]);

const chunkings: Arb = fc
  .array(
    fc.constantFrom(
      '5\r\nabcde\r\n',
      '0\r\n\r\n',
      'zz\r\n',
      '-1\r\n',
      'ffffffffffffffff\r\n',
      '5;x=y\r\nabcde\r\n',
      '5\r\nabcdefgh\r\n',
      '0\r\nX: y\r\n\r\n',
      '\r\n',
      '5\nabcde\n',
    ),
    {
      maxLength: 5,
    },
  )
  .map((chunks) => [
    'odd chunks',
    (context) => {
      const head = request(context, Buffer.alloc(0), { length: 'Transfer-Encoding: chunked' });
      return gone([head, ...chunks.map((chunk) => Buffer.from(chunk))]);
    },
  ]);

const truncations: Arb = fc
  .tuple(fc.nat(), fc.array(fc.nat(), { maxLength: 3 }))
  .map(([cut, at]) => [
    'cut off',
    (context) => {
      const whole = request(context, echo(context, context.id));
      return gone(sliced(whole.subarray(0, cut % whole.length), at));
    },
  ]);

const sessions: Arb = fc
  .tuple(
    fc.constantFrom('flip', 'cut', 'other', 'twice', 'case', 'empty', 'long', 'spaces'),
    fc.nat(),
  )
  .map(([how, n]) => [
    `session id: ${how}`,
    (context) => {
      const good = context.session;
      const at = n % good.length;
      const odd: Record<string, string> = {
        flip: good.slice(0, at) + (good[at] === 'A' ? 'B' : 'A') + good.slice(at + 1),
        cut: good.slice(0, at),
        other: context.otherSession,
        twice: `${good}\r\nMcp-Session-Id: ${good}`,
        case: good.toUpperCase(),
        empty: '',
        long: good + 'A'.repeat(1 + (n % 9_000)),
        spaces: `  ${good.slice(0, 8)} ${good.slice(8)} `,
      };
      return one([request(context, echo(context, context.id), { session: odd[how] ?? '' })]);
    },
  ]);

const part = fc.oneof(
  fc.constantFrom(
    '{"jsonrpc":"2.0","id":"none","result":{}}',
    '{"jsonrpc":"2.0","id":4,"error":{"code":1,"message":"x"}}',
    '{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":1}}',
    '{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":{}}}',
    '{"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":"1","progress":"x"}}',
    '{"jsonrpc":"2.0","method":"notifications/initialized"}',
    '{"jsonrpc":"2.0","method":"notifications/roots/list_changed"}',
    '{"jsonrpc":"2.0","id":5,"method":"initialize","params":{}}',
    '{"jsonrpc":"2.0","id":6,"method":"initialize","params":{"protocolVersion":"x","clientInfo":{"name":1},"capabilities":[]}}',
    '{"jsonrpc":"2.0","id":7,"method":"resources/subscribe","params":{"uri":7}}',
    '{"jsonrpc":"2.0","id":8,"method":"logging/setLevel","params":{"level":{}}}',
    '[]',
    '[1]',
    '[[]]',
  ),
  messageBytes.map((bytes) => bytes.toString('latin1')),
);

const messages: Arb = fc
  .tuple(part)
  .map(([text]) => [
    'odd message',
    (context) => one([request(context, Buffer.from(text, 'latin1'))]),
  ]);

const batches: Arb = fc
  .array(part, { maxLength: 5 })
  .map((parts) => [
    'batch',
    (context) => one([request(context, Buffer.from(`[${parts.join(',')}]`, 'latin1'))]),
  ]);

/** Duplicate ids in flight, each on the same connection, answered in order. */
const pipelines: Arb = fc
  .tuple(
    fc.array(fc.constantFrom('echo', 'same', 'bad', 'get', 'sse', 'slow'), {
      minLength: 2,
      maxLength: 6,
    }),
    fc.boolean(),
  )
  .map(([kinds, leaves]) => [
    'pipeline',
    (context) => {
      const slow = Buffer.from(
        `{"jsonrpc":"2.0","id":77,"method":"tools/call","params":{"name":"fuzz","arguments":{"marker":"${context.marker}","script":[{"ms":50}]}}}`,
      );
      const parts = kinds.map((kind, index) => {
        if (kind === 'get') return request(context, Buffer.alloc(0), { method: 'GET' });
        if (kind === 'sse')
          return request(context, Buffer.alloc(0), {
            method: 'GET',
            path: `/mcp/${context.service}/sse`,
          });
        if (kind === 'bad') return request(context, Buffer.from('{'));
        if (kind === 'slow') return request(context, slow);
        return request(context, echo(context, kind === 'same' ? '1' : String(index)));
      });
      // Streams have no end, and what stands behind one waits for it.
      const endless = kinds.findIndex((kind) => ['get', 'sse', 'slow'].includes(kind));
      if (leaves || endless >= 0) return gone([Buffer.concat(parts)]);
      return { parts: [Buffer.concat(parts)], awaits: kinds.length, ids: null };
    },
  ]);

const streams: Arb = fc
  .tuple(
    fc.constantFrom('', 'sy', 'sy0-0-0', 'sy-1--1', 'x\u0000y', 'sy1-999999999-999999999999', 'é'),
    fc.boolean(),
    fc.boolean(),
  )
  .map(([lastId, legacy, good]) => [
    'stream',
    (context) =>
      gone([
        request(context, Buffer.alloc(0), {
          method: 'GET',
          path: `/mcp/${context.service}${legacy ? '/sse' : ''}`,
          headers: [`Last-Event-ID: ${lastId}`],
          ...(good ? {} : { session: null }),
        }),
      ]),
  ]);

const facts = fc.constantFrom(
  '{}',
  '[]',
  'null',
  '"x"',
  '{"name":1}',
  `{"name":"${'n'.repeat(100_000)}"}`,
  `${'{"a":'.repeat(300)}1${'}'.repeat(300)}`,
  '{"name":"\\ud800","version":"1"}',
  '{"name":"x\\r\\nSet-Cookie: y","version":"é"}',
);
const openings: Arb = fc
  .tuple(
    facts,
    facts,
    fc.constantFrom(
      '"2025-06-18"',
      '"2024-11-05"',
      '"9999-12-31"',
      '1',
      '""',
      '"\\r\\nX: y"',
      'null',
    ),
  )
  .map(([info, capabilities, version]) => [
    'initialize',
    (context) => {
      const body = `{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":${version},"capabilities":${capabilities},"clientInfo":${info}}}`;
      // Not on children of their own: each would start one.
      const path = '/mcp/shared';
      return one([request(context, Buffer.from(body), { path, session: null })], ['1']);
    },
  ]);

const META = 'io.modelcontextprotocol/';
const statelessMeta = fc.constantFrom(
  `{"${META}protocolVersion":"2026-07-28","${META}clientCapabilities":{}}`,
  `{"${META}protocolVersion":"2026-07-28","${META}clientCapabilities":{},"progressToken":"t"}`,
  `{"${META}protocolVersion":"2026-07-28"}`,
  `{"${META}protocolVersion":"9999-01-01","${META}clientCapabilities":{}}`,
  `{"${META}protocolVersion":7,"${META}clientCapabilities":[]}`,
  `{"${META}protocolVersion":"2026-07-28","${META}clientCapabilities":{"sampling":7},"${META}clientInfo":[]}`,
  '{}',
);
const statelessCall = fc.constantFrom(
  ['tools/call', '"name":"echo","arguments":{"marker":"$MARKER"}'],
  [
    'tools/call',
    '"name":"echo","arguments":{"marker":"$MARKER"},"requestState":"x.y","inputResponses":{}',
  ],
  [
    'tools/call',
    '"name":"echo","arguments":{"marker":"$MARKER"},"inputResponses":[1],"requestState":5',
  ],
  ['tools/call', '"name":7'],
  ['tools/list', '"cursor":"$MARKER"'],
  ['server/discover', '"x":1'],
  ['subscriptions/listen', '"notifications":{"toolsListChanged":true}'],
  ['subscriptions/listen', '"notifications":[]'],
  ['resources/read', '"uri":"$MARKER"'],
  ['initialize', '"protocolVersion":"2026-07-28"'],
  ['ping', '"x":1'],
  ['nobody/knows', '"x":{}'],
);
const stateless: Arb = fc
  .tuple(
    statelessCall,
    statelessMeta,
    fc.constantFrom('2026-07-28', '2025-11-25', '9999-01-01', ''),
    fc.constantFrom('same', 'other', 'none', '\u00e9'),
    goodId,
  )
  .map(([[method = '', params = ''], meta, version, named, id]) => [
    `stateless ${method}`,
    (context) => {
      const filled = params.replaceAll('$MARKER', context.marker);
      const body = `{"jsonrpc":"2.0","id":${id},"method":"${method}","params":{${filled},"_meta":${meta}}}`;
      const names: Record<string, string[]> = {
        same: [`Mcp-Method: ${method}`, 'Mcp-Name: echo'],
        other: ['Mcp-Method: ping', 'Mcp-Name: other'],
        none: [],
      };
      const headers = [
        ...(version === '' ? [] : [`MCP-Protocol-Version: ${version}`]),
        ...(names[named] ?? [`Mcp-Method: ${method}${named}`, `Mcp-Name: ${named}`]),
      ];
      // Each call would start a child of its own.
      const path = context.service === 'own' ? '/mcp/shared' : undefined;
      const bytes = request(context, Buffer.from(body), { path, headers, session: null });
      return method === 'subscriptions/listen' ? gone([bytes]) : one([bytes], [id, 'null']);
    },
  ]);

const good: Arb = fc
  .tuple(goodId)
  .map(([id]) => ['good call', (context) => one([request(context, echo(context, id))], [id])]);

export const clientCase: Arb = fc.oneof(
  { weight: 4, arbitrary: bodies },
  { weight: 3, arbitrary: ids },
  { weight: 3, arbitrary: headers },
  { weight: 2, arbitrary: startLines },
  { weight: 2, arbitrary: chunkings },
  { weight: 2, arbitrary: truncations },
  { weight: 2, arbitrary: sessions },
  { weight: 2, arbitrary: messages },
  { weight: 2, arbitrary: batches },
  { weight: 2, arbitrary: pipelines },
  { weight: 1, arbitrary: streams },
  { weight: 1, arbitrary: openings },
  { weight: 4, arbitrary: stateless },
  { weight: 3, arbitrary: good },
);
