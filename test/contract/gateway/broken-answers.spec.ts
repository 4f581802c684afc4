import { afterEach, describe, expect, it } from '@jest/globals';
import { ProblemError } from '../../../src/kernel/problem.js';
import type { JsonObject, JsonValue } from '../../../src/kernel/json.js';
import type { Endpoint } from '../../../src/gateway/endpoint.js';
import type {
  Conversation,
  ExchangeConversation,
  Upstream,
} from '../../../src/upstream/upstream.js';
import { FakeSource } from './fake-upstreams.js';
import { call, endpointOf, GatewayRig, principal } from './gateway-rig.js';

let rig: GatewayRig;
afterEach(() => rig.close());

const EVENTS = 'text/event-stream';
const NOTE =
  '{"jsonrpc":"2.0","method":"notifications/message","params":{"level":"info","data":1}}';

/** An HTTP upstream whose tool calls are answered with `body`, whatever their id; `{id}` in it becomes that id. */
async function mounted(
  type: string,
  body: string,
): Promise<{ rig: GatewayRig; endpoint: Endpoint }> {
  const source = new FakeSource('streamable_http', true);
  const { upstream } = await source.acquire({ purpose: 'session' });
  const open = upstream.open.bind(upstream);
  upstream.open = async (...given: Parameters<Upstream['open']>): Promise<Conversation> => {
    const conversation = (await open(...given)) as ExchangeConversation;
    const post = conversation.post.bind(conversation);
    conversation.post = (message, headers, sink, timeoutMs) => {
      const { method, id } = JSON.parse(message.toString()) as JsonObject;
      if (method !== 'tools/call') return post(message, headers, sink, timeoutMs);
      setImmediate(() => {
        sink.onHead(200, { 'content-type': type });
        if (body !== '') sink.onChunk(Buffer.from(body.replace('{id}', JSON.stringify(id))));
        sink.onEnd();
      });
      return { resume: () => undefined, abort: () => undefined };
    };
    return conversation;
  };
  const endpoint = endpointOf(source, { transport: 'streamable_http' });
  rig = await new GatewayRig().listen(endpoint);
  return { rig, endpoint };
}

const LOST =
  'event: message\ndata: {"jsonrpc":"2.0","id":5,"error":{"code":-32000,"message":"The upstream ended its answer ' +
  'without a reply","data":{"service":"x","reason":"disconnected","may_have_run":true}}}\n\n';

describe('a stream that answers a call over MCP', () => {
  it.each<[string, string, string]>([
    ['nothing', '', LOST],
    ['a notification', `data: ${NOTE}\n\n`, `data: ${NOTE}\n\n\n\n${LOST}`],
    ['half an event', `data: ${NOTE}`, `data: ${NOTE}\n\n${LOST}`],
  ])('that ends after %s ends with an error', async (_case, body, expected) => {
    await mounted(EVENTS, body);
    const answer = await rig.post('/mcp/x', call(5, 'echo'), await rig.open('/mcp/x'));
    expect([answer.status, answer.text]).toEqual([200, expected]);
  });

  it.each<[string, string]>([
    ['the reply', 'data: {"result":{},"jsonrpc":"2.0","id":{id}}\n\n'],
    ['an event id to resume from', 'id: up-1\ndata: \n\n'],
  ])('that ends after %s is passed as it is', async (_case, body) => {
    await mounted(EVENTS, body);
    const answer = await rig.post('/mcp/x', call(5, 'echo'), await rig.open('/mcp/x'));
    expect(answer.text).toBe(body.replace('{id}', '5'));
  });
});

/** What came of a tool call by REST. */
function fate({ dispatcher }: GatewayRig, endpoint: Endpoint): Promise<unknown> {
  return dispatcher.callTool(endpoint, principal('ann'), 'echo', {}).then(
    () => 'ok',
    (error: unknown) => (error instanceof ProblemError ? [error.code, error.status] : error),
  );
}

describe('a tool call of ours', () => {
  const deep = (levels: number): string => '['.repeat(levels) + ']'.repeat(levels);
  const answered = (result: string, id = '{id}'): string =>
    `{"jsonrpc":"2.0","id":${id},"result":{"content":[],"structuredContent":{"a":${result}}}}`;

  const outcome = async (body: string, type = 'application/json'): Promise<unknown> => {
    const at = await mounted(type, body);
    return fate(at.rig, at.endpoint);
  };

  it.each<[string, string, string]>([
    ['with another id', 'application/json', answered('1', '"zzz"')],
    ['with another id in a stream', EVENTS, `data: ${answered('1', '"zzz"')}\n\n`],
    ['nested too deep', 'application/json', answered(deep(5_000))],
  ])('fails as the upstream’s fault for an answer %s', async (_case, type, body) => {
    expect(await outcome(body, type)).toEqual(['gateway.upstream-failed', 502]);
  });

  it.each<[number, unknown]>([
    [500, 'ok'],
    [600, ['gateway.upstream-failed', 502]],
  ])('takes what a stdio server answers %d levels deep, or fails: %j', async (levels, expected) => {
    const source = new FakeSource('stdio', true);
    source.server.serve = (_message, answer) => {
      answer.result({ content: [], structuredContent: JSON.parse(deep(levels)) as JsonValue });
    };
    const endpoint = endpointOf(source);
    rig = await new GatewayRig().listen(endpoint);
    expect(await fate(rig, endpoint)).toEqual(expected);
  });

  it('takes an answer that is nested deep, but not too deep', async () => {
    expect(await outcome(answered(deep(500)))).toBe('ok');
  });
});
