import { describe, expect, it, jest } from '@jest/globals';
import type { ExchangeConversation, ExchangeSink, ReplySink } from '../upstream/upstream.js';
import type { UpstreamError } from '../upstream/upstream.errors.js';
import { ExchangeCall } from './exchange-call.js';

const REPLY = '{"jsonrpc":"2.0","id":7,"result":{}}';
const NOTE = '{"jsonrpc":"2.0","method":"notifications/message","params":{}}';
const STREAM = { 'content-type': 'text/event-stream; charset=utf-8' };
const JSON_TYPE = { 'content-type': 'application/json' };

interface Started {
  readonly sink: ExchangeSink;
  readonly call: ExchangeCall;
  readonly heard: string[];
  readonly posted: string[];
  readonly abort: jest.Mock<() => void>;
}

function start(): Started {
  const posted: string[] = [];
  const heard: string[] = [];
  const abort = jest.fn<() => void>();
  let sink: ExchangeSink | null = null;
  const conversation = {
    kind: 'exchange',
    post: (body: Buffer, _headers: unknown, given: ExchangeSink) => {
      posted.push(body.toString());
      sink ??= given;
      return { resume: () => undefined, abort };
    },
  } as unknown as ExchangeConversation;
  const replies: ReplySink = {
    onReply: (message, idStart, idEnd) =>
      heard.push(`reply ${message.toString()} ${idStart} ${idEnd}`),
    onRelated: (message) => heard.push(`related ${message.toString()}`),
    onFail: (error: UpstreamError) => heard.push(`fail ${error.code}`),
  };
  const call = new ExchangeCall(conversation, Buffer.from('{}'), replies, Buffer.from('7'), 1_000);
  if (sink === null) throw new Error('nothing was posted');
  return { sink, call, heard, posted, abort };
}

describe('an exchange read as messages', () => {
  it('reads a JSON answer in pieces', () => {
    const { sink, heard } = start();
    sink.onHead(200, JSON_TYPE);
    sink.onChunk(Buffer.from(REPLY.slice(0, 10)));
    sink.onChunk(Buffer.from(REPLY.slice(10)));
    sink.onEnd();
    expect(heard).toEqual([`reply ${REPLY} 0 0`]);
  });

  it('reads a stream: what precedes the reply, the reply, and nothing after it', () => {
    const { sink, heard } = start();
    sink.onHead(200, STREAM);
    sink.onChunk(Buffer.from(`data: ${NOTE}\n\n: comment\n\ndata: ${REPLY}\n\ndata: ${NOTE}\n\n`));
    sink.onEnd();
    expect(heard).toEqual([`related ${NOTE}`, `reply ${REPLY} 0 0`]);
  });

  it('reads a batch', () => {
    const { sink, heard } = start();
    sink.onHead(200, JSON_TYPE);
    sink.onChunk(Buffer.from(`[${NOTE},${REPLY}]`));
    sink.onEnd();
    expect(heard).toEqual([`related ${NOTE}`, `reply ${REPLY} 0 0`]);
  });

  it.each<[string, number, Record<string, string>, string, string]>([
    ['a stream without a reply', 200, STREAM, `data: ${NOTE}\n\n`, 'fail disconnected'],
    ['an error page', 500, { 'content-type': 'text/html' }, '<h1>no</h1>', 'fail http-status'],
    ['an empty answer', 200, JSON_TYPE, '', 'fail disconnected'],
  ])('%s fails the call', (_case, status, headers, body, last) => {
    const { sink, heard } = start();
    sink.onHead(status, headers);
    if (body !== '') sink.onChunk(Buffer.from(body));
    sink.onEnd();
    expect(heard.at(-1)).toBe(last);
  });

  it('says nothing more once abandoned, and tells the upstream when asked to', () => {
    const { sink, call, heard, posted, abort } = start();
    call.abandon(true, 'enough');
    sink.onHead(200, JSON_TYPE);
    sink.onChunk(Buffer.from(REPLY));
    sink.onEnd();
    expect([heard, abort.mock.calls.length]).toEqual([[], 1]);
    expect(JSON.parse(posted[1] ?? '{}')).toMatchObject({
      method: 'notifications/cancelled',
      params: { requestId: 7, reason: 'enough' },
    });
  });
});
