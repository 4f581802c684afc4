import { afterEach, describe, expect, it } from '@jest/globals';
import type { IncomingMessage } from 'node:http';
import type { JsonObject } from '../../../src/kernel/json.js';
import type { Endpoint } from '../../../src/gateway/endpoint.js';
import { META } from '../../../src/protocol/modern-meta.js';
import { ManualClock } from '../../support/manual-clock.js';
import { endpointOf, readUntil, until } from '../gateway/gateway-rig.js';
import { ScriptedSource, type Script } from './scripted-upstream.js';
import { StatelessRig } from './stateless-rig.js';

const CAPABLE = {
  tools: { listChanged: true },
  prompts: { listChanged: true },
  resources: { subscribe: true, listChanged: true },
};
const AUTO = ['tools/call', 'resources/subscribe', 'resources/unsubscribe'];

let rig: StatelessRig;
let source: ScriptedSource;
let clock: ManualClock;
afterEach(async () => {
  await rig.close();
});

async function start(script: Script = {}, changes: Partial<Endpoint> = {}): Promise<void> {
  clock = new ManualClock();
  source = new ScriptedSource({ capabilities: CAPABLE, auto: AUTO, ...script });
  rig = await new StatelessRig(clock).listen(
    endpointOf(source as never, { isolation: 'session', ...changes }),
  );
}

/** Reads messages off a stream as the test asks for them. */
class Heard {
  readonly messages: JsonObject[] = [];
  ended = false;

  constructor(readonly response: IncomingMessage) {
    let rest = '';
    response.on('data', (chunk: Buffer) => {
      const lines = (rest + chunk.toString('utf8')).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) {
        if (line.startsWith('data: {')) this.messages.push(JSON.parse(line.slice(6)) as JsonObject);
      }
    });
    response.on('close', () => {
      this.ended = true;
    });
  }

  async count(wanted: number): Promise<JsonObject[]> {
    await until(() => this.messages.length >= wanted);
    return this.messages;
  }
}

async function listen(notifications: JsonObject, token = 'ann'): Promise<Heard> {
  const heard = new Heard(await rig.begin('subscriptions/listen', { notifications }, { token }));
  await heard.count(1);
  return heard;
}

describe('listening to an upstream with sessions', () => {
  it('is acknowledged first, with what the upstream can tell', async () => {
    await start({ capabilities: { ...CAPABLE, prompts: {} } });
    const { messages, response } = await listen({
      toolsListChanged: true,
      promptsListChanged: true,
      resourceSubscriptions: ['a:/', 'b:/'],
    });
    expect(response.headers['content-type']).toBe('text/event-stream');
    expect(messages).toEqual([
      {
        jsonrpc: '2.0',
        method: 'notifications/subscriptions/acknowledged',
        params: {
          notifications: { toolsListChanged: true, resourceSubscriptions: ['a:/', 'b:/'] },
          _meta: { [META.subscriptionId]: 1 },
        },
      },
    ]);
    expect(source.last.calls.map(({ message }) => message.params)).toEqual([
      { uri: 'a:/' },
      { uri: 'b:/' },
    ]);
    expect(source.listeners).toBe(1);
  });

  it('hears what it asked for and nothing else, marked as its own', async () => {
    await start();
    const heard = await listen({ toolsListChanged: true, resourceSubscriptions: ['a:/'] });
    source.last.say({ method: 'notifications/prompts/list_changed' });
    source.last.say({ method: 'notifications/resources/updated', params: { uri: 'b:/' } });
    source.last.say({ method: 'notifications/message', params: { level: 'error', data: 'x' } });
    source.last.say({ method: 'notifications/tools/list_changed' });
    source.last.say({ method: 'notifications/resources/updated', params: { uri: 'a:/' } });
    const mark = { [META.subscriptionId]: 1 };
    expect((await heard.count(3)).slice(1)).toEqual([
      { jsonrpc: '2.0', method: 'notifications/tools/list_changed', params: { _meta: mark } },
      {
        jsonrpc: '2.0',
        method: 'notifications/resources/updated',
        params: { uri: 'a:/', _meta: mark },
      },
    ]);
  });

  it('leaves out a resource that the upstream refuses, and holds back what comes before', async () => {
    await start({ auto: [] });
    const response = rig.begin('subscriptions/listen', {
      notifications: { toolsListChanged: true, resourceSubscriptions: ['a:/', 'b:/'] },
    });
    await until(() => source.conversations[0]?.calls.length === 2);
    source.last.say({ method: 'notifications/tools/list_changed' });
    const [a, b] = source.last.calls;
    a?.fail(-32602, 'no such');
    b?.reply({});
    const [first, second] = await new Heard(await response).count(2);
    expect(first?.params).toMatchObject({
      notifications: { toolsListChanged: true, resourceSubscriptions: ['b:/'] },
    });
    expect(second?.method).toBe('notifications/tools/list_changed');
  });

  it('subscribes once for all, and unsubscribes with the last', async () => {
    await start();
    const wish = { resourceSubscriptions: ['a:/'] };
    const [one, two] = [await listen(wish), await listen(wish)];
    const methods = (): string[] => source.last.calls.map(({ method }) => method);
    expect(methods()).toEqual(['resources/subscribe']);
    one.response.destroy();
    await until(() => source.listeners === 1);
    expect(methods()).toEqual(['resources/subscribe']);
    two.response.destroy();
    await until(() => source.listeners === 0);
    expect(methods()).toEqual(['resources/subscribe', 'resources/unsubscribe']);
  });

  it('hears of the gateway, too', async () => {
    await start();
    const tools = await listen({ toolsListChanged: true });
    const prompts = await listen({ promptsListChanged: true });
    rig.sessions.announce('service-1', ['notifications/tools/list_changed']);
    rig.sessions.announce('other', ['notifications/tools/list_changed']);
    await tools.count(2);
    expect(prompts.messages).toHaveLength(1);
  });

  it('shares the line of the calls, keeps it, and counts as no call', async () => {
    await start({}, { maxInFlight: 1 });
    await listen({ toolsListChanged: true });
    expect((await rig.call('t')).status).toBe(200);
    await clock.advance(200_000);
    expect(source.conversations).toHaveLength(1);
    expect(source.leases).toBe(1);
    expect(rig.dispatcher.ledger.total).toBe(0);
  });

  it('gets comments while nothing happens', async () => {
    await start();
    const response = await rig.begin('subscriptions/listen', { notifications: {} });
    await readUntil(response, (text) => text.includes('acknowledged'));
    await clock.advance(16_000);
    expect(await readUntil(response, (text) => text.includes(': keep-alive'))).toContain(':');
  });

  it.each<[string, () => unknown]>([
    ['the service is removed', () => rig.sessions.endService('service-1')],
    ['the service is replaced', () => rig.swap(endpointOf(new ScriptedSource() as never))],
    ['the gateway ends', () => rig.mount.drain(1_000)],
  ])('ends in order when %s', async (_why, end) => {
    await start();
    const heard = await listen({ toolsListChanged: true });
    await end();
    expect((await heard.count(2))[1]).toEqual({
      jsonrpc: '2.0',
      id: 1,
      result: { resultType: 'complete', _meta: { [META.subscriptionId]: 1 } },
    });
    await until(() => heard.ended && source.listeners === 0);
  });

  it('ends without a word when the upstream is lost, so that the client listens anew', async () => {
    await start();
    const heard = await listen({ toolsListChanged: true });
    source.last.end();
    await until(() => heard.ended);
    expect(heard.messages).toHaveLength(1);
    expect(source.leases).toBe(0);
  });

  it('is bounded for each service', async () => {
    await start({}, { maxSessions: 2 });
    await listen({});
    await listen({});
    const third = await rig.request('subscriptions/listen', { notifications: {} });
    expect(third.status).toBe(503);
    expect(third.headers['retry-after']).toBe('10');
  });

  it('is refused when the filter makes no sense, or nothing can be streamed', async () => {
    await start();
    expect((await rig.request('subscriptions/listen')).json()).toMatchObject({
      error: { code: -32602 },
    });
    const headers = { accept: 'application/json' };
    const wish = { notifications: {} };
    expect((await rig.request('subscriptions/listen', wish, { headers })).status).toBe(406);
  });
});

describe('listening to a stateless upstream', () => {
  it("is the upstream's own matter until either side ends it", async () => {
    await start({ discover: { supportedVersions: [] } });
    const begun = rig.begin('subscriptions/listen', { notifications: { toolsListChanged: true } });
    await until(() => source.conversations[0]?.calls.length === 1);
    const [call] = source.last.calls;
    call?.related({ method: 'notifications/subscriptions/acknowledged', params: {} });
    const heard = new Heard(await begun);
    call?.reply({ resultType: 'complete' });
    expect((await heard.count(2))[1]).toMatchObject({ id: 1, result: { resultType: 'complete' } });
    await until(() => heard.ended && source.listeners === 0);
    const second = rig.begin('subscriptions/listen', { notifications: {} });
    await until(() => source.last.calls.length === 2);
    source.last.calls[1]?.related({ method: 'notifications/x' });
    (await second).destroy();
    await until(() => source.last.calls[1]?.abandoned !== null);
  });

  it('may be refused by it', async () => {
    await start({ discover: { supportedVersions: [] } });
    const answer = rig.request('subscriptions/listen', { notifications: {} });
    await until(() => source.conversations[0]?.calls.length === 1);
    source.last.calls[0]?.fail(-32601, 'no');
    const { status, json } = await answer;
    expect(status).toBe(404);
    expect(json()).toMatchObject({ error: { code: -32601 } });
  });
});
