import fc from 'fast-check';
import { ExchangeCall, isReplyTo } from '../../src/gateway/exchange-call.js';
import { ReplyWatch } from '../../src/gateway/reply-watch.js';
import { ToolDoor, withoutRefusedTools } from '../../src/gateway/tool-door.js';
import { scanEnvelope } from '../../src/protocol/envelope-scan.js';
import type { ExchangeConversation, ExchangeSink, ReplySink } from '../../src/upstream/upstream.js';
import { UpstreamError } from '../../src/upstream/upstream.errors.js';
import { chunked, cuts, messageBytes } from './json-text.js';
import type { Claim } from './scan-properties.js';

/** What an HTTP upstream may answer to one POST, as the gateway reads it where it has to read it. */

const status = fc.constantFrom(200, 200, 200, 202, 204, 400, 404, 500, 599);
const type = fc.constantFrom(
  'text/event-stream',
  'text/event-stream; charset=utf-8',
  'application/json',
  'text/html',
  '',
);
const own = fc.constantFrom('7', '"a"', '7.0', '"\\u0061"');
const goodReply = own.map((id) => Buffer.from(`{"jsonrpc":"2.0","id":${id},"result":{}}`));
const eventBytes = fc
  .tuple(
    fc.constantFrom(
      'data: ',
      'event: message\ndata: ',
      'id: 5\ndata:',
      'event: other\ndata: ',
      ': ',
    ),
    fc.oneof(goodReply, messageBytes),
    fc.constantFrom('\n\n', '\r\n\r\n', '\n', ''),
  )
  .map(([head, data, end]) => Buffer.concat([Buffer.from(head), data, Buffer.from(end)]));
const bodyBytes = fc.oneof(
  goodReply,
  messageBytes,
  fc.array(eventBytes, { maxLength: 5 }).map((parts) => Buffer.concat(parts)),
);
const ending = fc.constantFrom('end', 'fail', 'fail twice', 'end then fail');

function drive(sink: ExchangeSink, chunks: readonly Buffer[], end: string): void {
  for (const chunk of chunks) sink.onChunk(chunk);
  if (end.startsWith('end')) sink.onEnd();
  if (end.includes('fail')) sink.onFail(new UpstreamError('disconnected', 'cut'));
  if (end === 'fail twice') sink.onFail(new UpstreamError('disconnected', 'cut'));
}

const answers = fc.property(
  status,
  type,
  bodyBytes,
  cuts,
  ending,
  own,
  (code, contentType, body, at, end, id) => {
    let sink: ExchangeSink | null = null;
    const conversation: ExchangeConversation = {
      kind: 'exchange',
      server: {
        protocolVersion: '',
        capabilities: {},
        serverInfo: {},
        instructions: null,
        resultJson: Buffer.alloc(0),
      },
      post: (_body, _headers, given) => {
        sink ??= given;
        return { resume: () => undefined, abort: () => undefined };
      },
      listen: () => ({ resume: () => undefined, abort: () => undefined }),
      close: () => undefined,
    };
    let ends = 0;
    const heard: ReplySink = {
      onReply(message) {
        ends += 1;
        const envelope = scanEnvelope(message);
        if (envelope === null || !isReplyTo(Buffer.from(id), message, envelope))
          throw new Error('a reply to another id');
      },
      onRelated() {
        if (ends > 0) throw new Error('something came after the end');
      },
      onFail() {
        ends += 1;
      },
    };
    new ExchangeCall(conversation, Buffer.from('{}'), heard, Buffer.from(id), 1_000);
    const exchange = sink as ExchangeSink | null;
    if (exchange === null) throw new Error('nothing was posted');
    exchange.onHead(code, contentType === '' ? {} : { 'content-type': contentType });
    drive(exchange, chunked(body, at), end);
    if (ends !== 1) throw new Error(`${ends} ends`);
  },
);

const watches = fc.property(bodyBytes, cuts, own, (body, at, id) => {
  const watch = new ReplyWatch(Buffer.from(id));
  for (const chunk of chunked(body, at)) watch.push(chunk);
});

const DOOR = new ToolDoor(
  {
    allowTools: null,
    denyTools: ['secret'],
    readOnlyTools: false,
    rateLimit: null,
    authenticationRequired: false,
    allowedScopes: [],
  },
  [],
);
const toolList = fc.oneof(
  messageBytes,
  fc
    .constantFrom(10, 1_000, 20_000)
    .map((depth) =>
      Buffer.from(
        `{"jsonrpc":"2.0","id":1,"result":{"tools":[{"name":"a","inputSchema":${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}},{"name":"secret"}]}}`,
      ),
    ),
  fc
    .array(
      fc.constantFrom(
        '{"name":"secret"}',
        '{"name":"sec\\u0072et"}',
        '{"name":"a","x":1}',
        '3',
        'null',
        '{"name":"a","name":"secret"}',
      ),
    )
    .map((tools) =>
      Buffer.from(`{"jsonrpc":"2.0","id":1,"result":{"tools":[${tools.join(',')}]}}`),
    ),
);
const lists = fc.property(toolList, (message) => {
  const filtered = JSON.parse(
    withoutRefusedTools(DOOR, message, Buffer.from('"mine"')).toString('utf8'),
  ) as {
    id: unknown;
    result?: { tools?: { name?: unknown }[] };
  };
  if (filtered.id !== 'mine') throw new Error('the id is the caller’s');
  const tools = filtered.result?.tools;
  if (Array.isArray(tools) && tools.some((tool) => tool.name === 'secret'))
    throw new Error('a refused tool is listed');
});

export const EXCHANGE_CLAIMS: readonly Claim[] = [
  {
    name: 'an HTTP answer has one end, and only the reply to its id is a reply',
    weight: 3,
    property: answers as Claim['property'],
  },
  { name: 'a watched stream may hold anything', weight: 1, property: watches as Claim['property'] },
  {
    name: 'a filtered tools/list is valid, the caller’s, and without refused tools',
    weight: 1,
    property: lists as Claim['property'],
  },
];
