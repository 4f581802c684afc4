import { describe, expect, it } from '@jest/globals';
import type { JsonObject } from '../kernel/json.js';
import { answerTo, ConversationClient } from './conversation-client.js';
import type { Conversation, ReplySink } from './upstream.js';

/** A server that answers each request by a function. */
function clientOf(
  answer: (method: string, params: JsonObject) => unknown,
  capabilities: JsonObject = { tools: {} },
): { client: ConversationClient; asked: unknown[] } {
  const asked: unknown[] = [];
  const conversation = {
    kind: 'messages',
    server: { capabilities },
    request(body: Buffer, _spans: unknown, sink: ReplySink) {
      const { id, method, params } = JSON.parse(body.toString()) as {
        id: number;
        method: string;
        params: JsonObject;
      };
      asked.push(params);
      sink.onReply(
        Buffer.from(JSON.stringify({ jsonrpc: '2.0', id, ...(answer(method, params) as object) })),
        0,
        0,
      );
      return { abandon() {} };
    },
  } as unknown as Conversation;
  return { client: new ConversationClient(conversation), asked };
}

describe('ConversationClient', () => {
  it('follows pages to their end', async () => {
    const { client, asked } = clientOf((_method, { cursor }) => ({
      result:
        cursor === undefined
          ? { tools: [{ name: 'a' }, 7], nextCursor: '2' }
          : { tools: [{ name: 'b' }] },
    }));
    expect(await client.listAllTools()).toEqual([{ name: 'a' }, { name: 'b' }]);
    expect(asked).toEqual([{}, { cursor: '2' }]);
  });

  it.each([
    ['the same page again', () => ({ result: { tools: [], nextCursor: 'x' } })],
    [
      'pages without end',
      (_m: string, p: JsonObject) => ({
        result: { tools: [], nextCursor: `${String(p.cursor)}x` },
      }),
    ],
    ['no tools', () => ({ result: {} })],
    [
      'a list that breaks off',
      (_m: string, { cursor }: JsonObject) =>
        cursor === undefined
          ? { result: { tools: [{ name: 'a' }], nextCursor: '2' } }
          : { error: { code: -32603, message: 'later' } },
    ],
  ])('refuses %s', async (_name, answer) => {
    await expect(clientOf(answer).client.listAllTools()).rejects.toMatchObject({ code: 'not-mcp' });
  });

  it('does not ask a server that has no tools', async () => {
    const { client, asked } = clientOf(() => ({}), {});
    expect(await client.listAllTools()).toEqual([]);
    expect(asked).toEqual([]);
  });

  it('asks for progress only where somebody listens', async () => {
    const { client, asked } = clientOf(() => ({ result: 1 }));
    await client.request('m', { _meta: { a: 1 } });
    await client.request('m', { _meta: { a: 1 } }, { onNotification: () => {} });
    expect(asked).toEqual([{ _meta: { a: 1 } }, { _meta: { a: 1, progressToken: 2 } }]);
  });

  it('rejects with the error of the server, and before asking when it is given up already', async () => {
    const { client, asked } = clientOf(() => ({ error: { code: 7, message: 'no', data: 1 } }));
    await expect(client.request('m')).rejects.toMatchObject({
      code: 'rpc-error',
      facts: { rpc: { code: 7, message: 'no', data: 1 } },
    });
    const signal = AbortSignal.abort();
    await expect(client.request('m', {}, { signal })).rejects.toMatchObject({ code: 'aborted' });
    expect(asked).toHaveLength(1);
  });
});

describe('answerTo', () => {
  it.each([
    [{ id: 1, method: 'ping' }, '{"jsonrpc":"2.0","id":1,"result":{}}'],
    [
      { id: 'a', method: 'x' },
      '{"jsonrpc":"2.0","id":"a","error":{"code":-32601,"message":"x is not supported by this client"}}',
    ],
    [{ method: 'x' }, undefined],
    [{ id: 1, result: {} }, undefined],
    ['x', undefined],
  ])('%j', (message, expected) => {
    expect(answerTo(message)?.toString()).toBe(expected);
  });
});
