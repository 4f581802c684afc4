import { afterEach, describe, expect, it } from '@jest/globals';
import { scanEnvelope } from '../../../src/protocol/envelope-scan.js';
import type {
  CallHandle,
  Conversation,
  ExchangeConversation,
  MessageConversation,
  Upstream,
} from '../../../src/upstream/upstream.js';
import { cleanUp, factory, failure, until } from './harness.js';
import { RawExchange } from './raw.js';
import {
  ALICE,
  LegacyClient,
  type Message,
  type Seen,
  startStateless,
  textOf,
} from './stateless-harness.js';

const SUBSCRIPTION = 'io.modelcontextprotocol/subscriptionId';
const META = {
  'io.modelcontextprotocol/protocolVersion': '2026-07-28',
  'io.modelcontextprotocol/clientInfo': { name: 'carol', version: '3' },
  'io.modelcontextprotocol/clientCapabilities': { elicitation: {} },
};
const NO_SINK = { onMessage() {}, onEnd() {} };

afterEach(cleanUp);

function bodyOf(id: unknown, method: string, params: object = {}): Buffer {
  return Buffer.from(
    JSON.stringify({ jsonrpc: '2.0', id, method, params: { ...params, _meta: META } }),
  );
}

/** A stateless client over a message conversation. */
class StatelessClient {
  private constructor(readonly conversation: MessageConversation) {}

  static async open(upstream: Upstream): Promise<StatelessClient> {
    const conversation = await upstream.openStateless(NO_SINK);
    if (conversation?.kind !== 'messages') throw new Error('no message conversation');
    return new StatelessClient(conversation);
  }

  request(
    id: unknown,
    method: string,
    params: object = {},
    related: Message[] = [],
    started: (call: CallHandle) => void = () => {},
  ): Promise<Message> {
    const body = bodyOf(id, method, params);
    const envelope = scanEnvelope(body);
    if (envelope === null) throw new Error('odd');
    return new Promise((resolve, reject) => {
      const call = this.conversation.request(
        body,
        envelope,
        {
          onReply: (message, start, end) => {
            const own = `${message.toString('utf8', 0, start)}${JSON.stringify(id)}${message.toString('utf8', end)}`;
            resolve(JSON.parse(own) as Message);
          },
          onRelated: (message) => {
            related.push(JSON.parse(message.toString()) as Message);
          },
          onFail: reject,
        },
        3000,
      );
      started(call);
    });
  }

  async tool(name: string, args: object = {}): Promise<unknown> {
    const { result } = await this.request(1, 'tools/call', { name, arguments: args });
    return textOf(result);
  }
}

describe('a stateless client of a stateless child', () => {
  it('gets through as it is', async () => {
    const client = await StatelessClient.open(await startStateless('shared', 'modern'));
    const discovery = JSON.parse(client.conversation.server.resultJson.toString()) as object;
    expect(discovery).toMatchObject({ supportedVersions: ['2026-07-28'] });
    const { id, result } = await client.request('é', 'tools/call', { name: 'ask', arguments: {} });
    expect(id).toBe('é');
    expect(result).toMatchObject({ resultType: 'input_required' });
    const { envelope } = (await client.tool('seen')) as Seen;
    expect(envelope).toMatchObject(META);
  });

  it('knows its subscription by its own id, as others do theirs', async () => {
    const upstream = await startStateless('shared', 'modern');
    const listeners: Message[][] = [[], []];
    for (const related of listeners) {
      const client = await StatelessClient.open(upstream);
      const notifications = { resourceSubscriptions: ['note://one'] };
      void client
        .request('sub', 'subscriptions/listen', { notifications }, related)
        .catch(() => undefined);
    }
    expect(await until(() => listeners.every((related) => related.length === 1), 3000)).toBe(true);
    expect(upstream.inFlight).toBe(0);
    const other = await StatelessClient.open(upstream);
    await other.tool('touch');
    expect(await until(() => listeners.every((related) => related.length === 2), 3000)).toBe(true);
    for (const related of listeners) {
      expect(related.map(({ method }) => method)).toEqual([
        'notifications/subscriptions/acknowledged',
        'notifications/resources/updated',
      ]);
      for (const { params } of related) expect(params?._meta).toEqual({ [SUBSCRIPTION]: 'sub' });
    }
  });

  it('ends its subscription by a cancellation and by closing', async () => {
    const upstream = await startStateless('shared', 'modern');
    const related: Message[] = [];
    const client = await StatelessClient.open(upstream);
    const notifications = { resourceSubscriptions: ['note://one'] };
    const calls = [1, 2].map((id) =>
      failure(client.request(id, 'subscriptions/listen', { notifications }, related)),
    );
    expect(await until(() => related.length === 2, 3000)).toBe(true);
    const params = { requestId: 1 };
    client.conversation.send(
      Buffer.from(JSON.stringify({ jsonrpc: '2.0', method: 'notifications/cancelled', params })),
    );
    expect((await calls[0])?.code).toBe('aborted');
    client.conversation.close();
    expect((await calls[1])?.code).toBe('stopped');
    const other = await StatelessClient.open(upstream);
    await other.tool('touch');
    const { requests } = (await other.tool('seen')) as Seen;
    expect(requests.filter(({ method }) => method === 'notifications/cancelled')).toHaveLength(2);
    expect(related).toHaveLength(2);
  });

  it('has a child of its own only when such children are known to speak its protocol', async () => {
    const from = factory();
    const unknown = await startStateless('stdio', 'modern', [], from);
    expect(await unknown.openStateless(NO_SINK)).toBeNull();
    const legacy = await LegacyClient.open(unknown);
    expect(await legacy.tool('echo', { message: 'm' })).toBe('m');
    const client = await StatelessClient.open(await startStateless('stdio', 'modern', [], from));
    expect(await client.tool('echo', { message: 'm' })).toBe('m');
    const { requests } = (await client.tool('seen')) as Seen;
    expect(requests.map(({ method }) => method)).not.toContain('initialize');
  });

  it.each(['dual', 'legacy'] as const)(
    'has none where the child was initialised: %s',
    async (era) => {
      expect(await (await startStateless('shared', era)).openStateless(NO_SINK)).toBeNull();
    },
  );
});

async function openExchange(upstream: Upstream, hops?: number): Promise<ExchangeConversation> {
  const conversation: Conversation | null = await upstream.openStateless(NO_SINK, undefined, hops);
  if (conversation?.kind !== 'exchange') throw new Error('no exchange');
  return conversation;
}

function post(
  conversation: ExchangeConversation,
  method: string,
  params: object = {},
  headers: Record<string, string> = {},
): RawExchange & { abort(): void } {
  const exchange = new RawExchange();
  const all = { 'mcp-protocol-version': '2026-07-28', 'mcp-method': method, ...headers };
  const handle = conversation.post(bodyOf('own', method, params), all, exchange, 3000);
  return Object.assign(exchange, {
    abort: () => {
      handle.abort();
    },
  });
}

describe('a stateless client of an HTTP server', () => {
  it.each(['modern', 'dual'] as const)('gets through as bytes: %s', async (era) => {
    const conversation = await openExchange(await startStateless('http', era), 1);
    expect(JSON.parse(conversation.server.resultJson.toString())).toMatchObject({
      supportedVersions: expect.arrayContaining(['2026-07-28']) as unknown,
    });
    const named = { 'mcp-name': 'seen', 'mcp-session-id': 'forged' };
    const call = await post(
      conversation,
      'tools/call',
      { name: 'seen', arguments: {} },
      named,
    ).finished();
    expect(call.status).toBe(200);
    const { id, result } = JSON.parse(call.text) as Message;
    expect(id).toBe('own');
    const { requests } = textOf(result) as Seen;
    const headers = requests.at(-1)?.headers;
    expect(headers).toMatchObject({ 'mcp-method': 'tools/call', 'x-switchyard-hop': '2' });
    expect(headers).not.toHaveProperty('mcp-session-id');
    const unknown = await post(conversation, 'bogus').finished();
    expect(unknown.status).toBe(404);
    expect(JSON.parse(unknown.text)).toMatchObject({ error: { code: -32601 } });
    const mismatched = await post(conversation, 'tools/list', {}, { 'mcp-method': 'x' }).finished();
    expect(mismatched.status).toBe(400);
    expect(JSON.parse(mismatched.text)).toMatchObject({ error: { code: -32020 } });
  });

  it('listens without a time limit and without counting as a call', async () => {
    const upstream = await startStateless('http', 'modern');
    const conversation = await openExchange(upstream);
    const notifications = { resourceSubscriptions: ['note://one'] };
    const stream = post(conversation, 'subscriptions/listen', { notifications });
    expect(await until(() => stream.text.includes('acknowledged'), 3000)).toBe(true);
    expect(upstream.inFlight).toBe(0);
    const touch = post(
      conversation,
      'tools/call',
      { name: 'touch', arguments: {} },
      { 'mcp-name': 'touch' },
    );
    await touch.finished();
    expect(await until(() => stream.text.includes('resources/updated'), 3000)).toBe(true);
    conversation.close();
    expect((await stream.finished()).failed?.code).toBe('stopped');
  });

  it('is answered from one probe, whatever it found', async () => {
    const upstream = await startStateless('http', 'legacy');
    expect(
      await Promise.all([upstream.openStateless(NO_SINK), upstream.openStateless(NO_SINK)]),
    ).toEqual([null, null]);
    expect(await upstream.openStateless(NO_SINK)).toBeNull();
    const conversation = await upstream.open(ALICE, NO_SINK);
    if (conversation.kind !== 'exchange') throw new Error('no exchange');
    const exchange = new RawExchange();
    const params = { name: 'seen', arguments: {} };
    const body = Buffer.from(
      JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params }),
    );
    conversation.post(body, {}, exchange, 3000);
    const { text } = await exchange.finished();
    expect(text.match(/server\/discover/g)).toHaveLength(2);
  });

  it('may not listen as earlier clients did', async () => {
    const conversation = await openExchange(await startStateless('http', 'modern'));
    const exchange = new RawExchange();
    conversation.listen({}, exchange);
    expect((await exchange.finished()).failed).toMatchObject({ facts: { httpStatus: 405 } });
  });
});
