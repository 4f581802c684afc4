import { describe, expect, it } from '@jest/globals';
import { encodeScanned, ExchangeCall } from './exchange-call.js';
import type { UpstreamError } from './upstream.errors.js';
import type { ExchangeConversation, ExchangeSink } from './upstream.js';

function make(): { posted: string[]; heard: string[]; aborted: () => number; call: ExchangeCall } {
  const posted: string[] = [];
  const heard: string[] = [];
  let aborted = 0;
  const conversation = {
    kind: 'exchange',
    post: (body: Buffer, _headers: unknown, _sink: ExchangeSink) => {
      posted.push(body.toString());
      return { resume() {}, abort: () => (aborted += 1) };
    },
  } as unknown as ExchangeConversation;
  const call = new ExchangeCall(
    conversation,
    5,
    Buffer.from('request'),
    {
      onReply: (message) => heard.push(`reply ${message.toString()}`),
      onRelated: (message) => heard.push(`related ${message.toString()}`),
      onFail: (error: UpstreamError) => heard.push(`fail ${error.code}`),
    },
    1000,
  );
  return { posted, heard, aborted: () => aborted, call };
}

const JSON_TYPE = { 'content-type': 'application/json' };
const SSE_TYPE = { 'content-type': 'text/event-stream; charset=utf-8' };
const REPLY = '{"jsonrpc":"2.0","id":5,"result":{}}';

describe('ExchangeCall', () => {
  it('takes the answer out of a JSON body', () => {
    const { call, heard } = make();
    call.onHead(200, JSON_TYPE);
    call.onChunk(Buffer.from(REPLY.slice(0, 9)));
    call.onChunk(Buffer.from(REPLY.slice(9)));
    call.onEnd();
    expect(heard).toEqual([`reply ${REPLY}`]);
  });

  it('takes the answer out of a stream, and answers what the server asks', () => {
    const { call, heard, posted } = make();
    call.onHead(200, SSE_TYPE);
    for (const line of [
      '',
      '{"jsonrpc":"2.0","method":"notifications/progress"}',
      '{"jsonrpc":"2.0","id":"p","method":"ping"}',
      '{"jsonrpc":"2.0","id":8,"method":"roots/list"}',
      '{"jsonrpc":"2.0","id":6,"result":{}}',
      'noise',
      REPLY,
      REPLY,
    ]) {
      call.onChunk(Buffer.from(`data: ${line}\n\n`));
    }
    call.onEnd();
    expect(heard).toEqual([
      'related {"jsonrpc":"2.0","method":"notifications/progress"}',
      `reply ${REPLY}`,
    ]);
    expect(posted.slice(1).map((text) => JSON.parse(text) as unknown)).toMatchObject([
      { id: 'p', result: {} },
      { id: 8, error: { code: -32601 } },
    ]);
  });

  it.each([
    [500, JSON_TYPE, 'oops', 'fail http-status'],
    [200, JSON_TYPE, 'oops', 'fail disconnected'],
    [200, SSE_TYPE, 'data: x\n\n', 'fail disconnected'],
    [400, JSON_TYPE, '{"jsonrpc":"2.0","id":5,"error":{"code":1,"message":"m"}}', 'reply'],
  ])('ends for HTTP %d %j %s', (status, headers, body, expected) => {
    const { call, heard } = make();
    call.onHead(status, headers);
    call.onChunk(Buffer.from(body));
    call.onEnd();
    expect(heard).toHaveLength(1);
    expect(heard[0]).toContain(expected);
  });

  it('bounds what it takes', () => {
    const { call, heard, aborted } = make();
    call.onHead(200, JSON_TYPE);
    const chunk = Buffer.alloc(1024 * 1024);
    for (let i = 0; i < 20; i += 1) call.onChunk(chunk);
    expect(heard).toEqual(['fail line-too-long']);
    expect(aborted()).toBeGreaterThan(0);
  });

  it('tells the server when it is given up, and nobody else', () => {
    const { call, heard, posted, aborted } = make();
    call.abandon(true, 'why');
    call.onEnd();
    expect(heard).toEqual([]);
    expect(aborted()).toBe(1);
    expect(JSON.parse(posted[1] ?? '')).toMatchObject({ params: { requestId: 5, reason: 'why' } });
  });
});

describe('encodeScanned', () => {
  it('takes keys that need an escape', () => {
    const message = Buffer.from('{"jsonrpc":"2.0","id":1,"method":"m","params":{"a\\"":1}}');
    expect(encodeScanned(message).envelope.method).toBe('m');
  });
});
