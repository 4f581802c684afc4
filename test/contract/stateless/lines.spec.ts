import { afterEach, describe, expect, it } from '@jest/globals';
import { LINE_LIMITS } from '../../../src/stateless/line-table.js';
import { ManualClock } from '../../support/manual-clock.js';
import type { Endpoint } from '../../../src/gateway/endpoint.js';
import { endpointOf, until } from '../gateway/gateway-rig.js';
import { ScriptedSource, type Script } from './scripted-upstream.js';
import { StatelessRig, type Asking } from './stateless-rig.js';

const ASKS: Asking = { capabilities: { elicitation: {} } };
const AUTO = ['tools/call', 'tools/list', 'prompts/list', 'resources/list'];

let rig: StatelessRig;
let source: ScriptedSource;
let clock: ManualClock;
afterEach(async () => {
  await rig.close();
});

function endpoint(changes: Partial<Endpoint> = {}): Endpoint {
  return endpointOf(source as never, { isolation: 'session', ...changes });
}

async function start(script: Script = {}, changes: Partial<Endpoint> = {}): Promise<void> {
  clock = new ManualClock();
  source = new ScriptedSource(script);
  rig = await new StatelessRig(clock, {
    lines: { ...LINE_LIMITS, maxParallel: 2 },
  }).listen(endpoint(changes));
}

const underWay = (): number =>
  source.conversations.reduce((sum, { calls }) => sum + calls.length, 0);

describe('the conversations that stand in for sessions', () => {
  it('are opened as the client itself', async () => {
    await start({ auto: AUTO });
    await rig.call('t', {}, { ...ASKS, clientInfo: { name: 'me', version: '9' } });
    expect(source.last.client).toEqual({
      protocolVersion: '2025-11-25',
      capabilities: { elicitation: {} },
      clientInfo: { name: 'me', version: '9' },
    });
    expect(source.last.sent).toEqual([{ jsonrpc: '2.0', method: 'notifications/initialized' }]);
  });

  it('are shared by all calls of a client that cannot be asked', async () => {
    await start();
    const calls = [rig.call('a'), rig.call('b'), rig.call('c')];
    await until(() => underWay() === 3);
    expect(source.conversations).toHaveLength(1);
    for (const call of source.last.calls) call.reply({ content: [] });
    for (const answer of await Promise.all(calls)) expect(answer.status).toBe(200);
  });

  it.each<[string, Asking]>([
    ['another principal', { token: 'bob' }],
    ['another client', { clientInfo: { name: 'other', version: '1' } }],
    ['other capabilities', { capabilities: { roots: {} } }],
    ['a request that came through a gateway', { headers: { 'x-switchyard-hop': '1' } }],
  ])('are not shared with %s', async (_who, asking) => {
    await start({ auto: AUTO });
    await rig.call('t');
    await rig.call('t', {}, asking);
    await rig.call('t');
    expect(source.conversations).toHaveLength(2);
  });

  it('carry one call at a time where the upstream may ask, up to a bound', async () => {
    await start();
    const first = rig.call('a', {}, ASKS);
    const second = rig.call('b', {}, ASKS);
    await until(() => underWay() === 2);
    expect(source.conversations).toHaveLength(2);
    const third = await rig.call('c', {}, ASKS);
    expect(third.status).toBe(503);
    expect(third.headers['retry-after']).toBe('1');
    const listed = rig.request('tools/list', {}, ASKS);
    await until(() => underWay() === 3);
    for (const { calls } of source.conversations) for (const call of calls) call.reply({});
    await Promise.all([first, second, listed]);
    const fourth = rig.call('d', {}, ASKS);
    await until(() => underWay() === 4);
    expect(source.conversations).toHaveLength(2);
    source.conversations[0]?.calls[source.conversations[0].calls.length - 1]?.reply({});
    await fourth;
  });

  it('are closed after a minute without use, and not before', async () => {
    await start({ auto: AUTO });
    await rig.call('t');
    await clock.advance(45_000);
    await rig.call('t');
    await clock.advance(59_000);
    expect(source.leases).toBe(1);
    await clock.advance(20_000);
    expect(source.leases).toBe(0);
    expect(source.last.closed).toBe(true);
  });

  it('make room for another client when no more upstreams may be started', async () => {
    await start({ auto: AUTO, places: 1 });
    await rig.call('t');
    const other = rig.call('t', {}, { token: 'bob' });
    await until(() => source.leases === 0);
    await clock.advance(50);
    expect((await other).status).toBe(200);
    expect(source.conversations[0]?.closed).toBe(true);
  });

  it('do not give way while they are used', async () => {
    await start({ places: 1 });
    const first = rig.call('t');
    await until(() => underWay() === 1);
    const refused = await rig.call('t', {}, { token: 'bob' });
    expect(refused.status).toBe(503);
    expect(refused.json()).toMatchObject({ error: { data: { reason: 'capacity' } } });
    source.last.calls[0]?.reply({});
    await first;
  });

  it('are bounded for each service, the least used idle one gives way', async () => {
    await start({ auto: AUTO }, { maxSessions: 2 });
    await rig.call('t', {}, { token: 'a' });
    await clock.advance(10);
    await rig.call('t', {}, { token: 'b' });
    await rig.call('t', {}, { token: 'c' });
    expect(source.conversations.map(({ closed }) => closed)).toEqual([true, false, false]);
  });

  it('are left with the source when the routes name another one', async () => {
    await start();
    const before = source;
    const running = rig.call('t');
    await until(() => underWay() === 1);
    source = new ScriptedSource({ auto: AUTO });
    rig.swap(endpoint());
    expect((await rig.call('t')).status).toBe(200);
    expect(source.conversations).toHaveLength(1);
    expect(before.leases).toBe(1);
    before.last.calls[0]?.reply({ content: ['old'] });
    expect((await running).text).toContain('old');
    await until(() => before.leases === 0);
  });

  it('are opened anew when the upstream ended, and its calls are told', async () => {
    await start();
    const lost = rig.call('t');
    await until(() => underWay() === 1);
    source.last.calls[0]?.break('exited');
    source.last.end();
    expect((await lost).json()).toMatchObject({
      error: { code: -32000, data: { reason: 'exited', may_have_run: true } },
    });
    expect(source.leases).toBe(0);
    const again = rig.call('t');
    await until(() => source.conversations.length === 2 && underWay() === 2);
    source.last.calls[0]?.reply({});
    await again;
  });

  it('are closed when the gateway ends', async () => {
    await start({ auto: AUTO });
    await rig.call('t');
    await rig.mount.drain(1_000);
    expect(source.leases).toBe(0);
    expect(source.last.closed).toBe(true);
  });

  it('tell the upstream that a client closed the response', async () => {
    await start();
    const response = rig.begin('tools/call', { name: 't' });
    await until(() => underWay() === 1);
    await clock.advance(300);
    (await response).destroy();
    await until(() => source.last.calls[0]?.abandoned !== null);
    expect(rig.dispatcher.ledger.total).toBe(0);
  });
});

describe('log messages', () => {
  const log = (level: string): { method: string; params: { level: string; data: string } } => ({
    method: 'notifications/message',
    params: { level, data: level },
  });

  it('are asked for and passed from the level that the request names', async () => {
    await start({ capabilities: { logging: {} }, auto: ['logging/setLevel'] });
    const answer = rig.call('t', {}, { logLevel: 'warning' });
    await until(() => underWay() === 2);
    const [setLevel, call] = source.last.calls;
    expect(setLevel?.message.params).toEqual({ level: 'warning' });
    source.last.say(log('info'));
    source.last.say(log('error'));
    call?.reply({});
    const { text } = await answer;
    expect(text).toContain('"data":"error"');
    expect(text).not.toContain('"data":"info"');
  });

  it('are not passed to a request that wants none, or that may not be the one they are about', async () => {
    await start({ capabilities: { logging: {} }, auto: ['logging/setLevel'] });
    const plain = rig.call('a');
    await until(() => underWay() === 1);
    source.last.say(log('error'));
    const wanting = rig.call('b', {}, { logLevel: 'debug' });
    await until(() => underWay() === 3);
    source.last.say(log('alert'));
    for (const call of source.last.calls) if (call.method === 'tools/call') call.reply({});
    for (const { text } of await Promise.all([plain, wanting])) {
      expect(text).not.toContain('notifications/message');
    }
  });
});
