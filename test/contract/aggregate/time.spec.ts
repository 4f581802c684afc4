import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { UpstreamError } from '../../../src/upstream/upstream.errors.js';
import { ManualClock } from '../../support/manual-clock.js';
import { readUntil, until } from '../gateway/gateway-rig.js';
import { AggregateRig, type Member } from './aggregate-rig.js';
import { script, tool } from './member-server.js';

let clock: ManualClock;
let rig: AggregateRig;
beforeEach(() => {
  clock = new ManualClock();
  rig = new AggregateRig(clock);
});
afterEach(async () => {
  await rig.close();
});

interface Answered {
  result?: { tools?: { name: string }[]; content?: { text: string }[] };
  error?: { code: number; data?: { reason?: string } };
}

async function ask(
  headers: Record<string, string>,
  method: string,
  params: Record<string, unknown> = {},
): Promise<Answered> {
  const message = { jsonrpc: '2.0', id: 1, method, params };
  return (await rig.gateway.post('/mcp', message, headers)).json() as Answered;
}

const listed = async (headers: Record<string, string>): Promise<string[]> =>
  ((await ask(headers, 'tools/list')).result?.tools ?? []).map(({ name }) => name);

const other = (member: Member, over: Partial<Member['endpoint']>): Member => ({
  ...member,
  endpoint: { ...member.endpoint, ...over },
});

const MINUTE_MS = 60_000;

describe('over time', () => {
  it('a member that stays down is taken from the list after five minutes, and clients hear', async () => {
    const alpha = rig.member(script('alpha'));
    const beta = rig.member(script('beta'));
    await rig.listen(alpha, beta);
    const headers = await rig.gateway.open('/mcp');
    const stream = await rig.gateway.send('GET', '/mcp', {
      ...headers,
      accept: 'text/event-stream',
    });
    const unavailable = { state: 'error', reason: 'X', message: 'm', retry_after_s: 1 };
    rig.swap(alpha, other(beta, { unavailable }));
    await clock.advance(5 * MINUTE_MS - 1);
    expect(await listed(headers)).toContain('beta__echo');
    await clock.advance(1);
    expect(await listed(headers)).not.toContain('beta__echo');
    const heard = readUntil(stream, (text) => text.includes('tools/list_changed'));
    await clock.advance(100);
    await heard;
    rig.swap(alpha, beta);
    expect(await listed(headers)).toContain('beta__echo');
  });

  it('tools that a health check found are listed at once, whatever was listed before', async () => {
    const alpha = rig.member(script('alpha', { tools: [tool('a')] }));
    await rig.listen(alpha);
    const headers = await rig.gateway.open('/mcp');
    expect(await listed(headers)).toEqual(['alpha__a']);
    rig.swap(other(alpha, { tools: [tool('b')] }));
    expect(await listed(headers)).toEqual(['alpha__b']);
  });

  it('a member that nobody used for half an hour is let go, and opened again when it is', async () => {
    const alpha = rig.member(script('alpha'), 'session');
    await rig.listen(alpha);
    const headers = await rig.gateway.open('/mcp');
    await ask(headers, 'tools/call', { name: 'alpha__echo' });
    await clock.advance(25 * MINUTE_MS);
    await ask(headers, 'tools/call', { name: 'alpha__echo' });
    await clock.advance(25 * MINUTE_MS);
    expect(alpha.source.made).toHaveLength(1);
    expect(alpha.source.leases).toBe(1);
    await clock.advance(6 * MINUTE_MS);
    expect(alpha.source.leases).toBe(0);
    await ask(headers, 'tools/call', { name: 'alpha__echo' });
    expect(alpha.source.made).toHaveLength(2);
  });

  it('a child of a client that seems to have left makes room for another client', async () => {
    const alpha = rig.member(script('alpha'), 'session');
    const acquire = alpha.source.acquire.bind(alpha.source);
    alpha.source.acquire = () =>
      alpha.source.made.some((made) => !made.dead)
        ? Promise.reject(new UpstreamError('capacity', 'One at a time', { retryAfterS: 1 }))
        : acquire();
    await rig.listen(alpha);
    const ann = await rig.gateway.open('/mcp', 'ann');
    const bob = await rig.gateway.open('/mcp', 'bob');
    const echo = (headers: Record<string, string>): Promise<Answered> =>
      ask(headers, 'tools/call', { name: 'alpha__echo' });
    expect((await echo(ann)).result).toBeDefined();
    expect((await echo(bob)).error?.data?.reason).toBe('capacity');
    await clock.advance(11_000);
    expect((await echo(bob)).result).toBeDefined();
    await clock.advance(11_000);
    expect((await echo(ann)).result).toBeDefined();
    expect(alpha.source.made).toHaveLength(3);
  });

  it('a list that comes too late is told of when it comes', async () => {
    const own = script('beta', { prompts: ['p'] });
    const beta = rig.member(own);
    let open = (): void => undefined;
    beta.source.gate = new Promise((resolve) => {
      open = resolve;
    });
    await rig.listen(rig.member(script('alpha', { prompts: ['q'] })), beta);
    const headers = await rig.gateway.open('/mcp');
    const stream = await rig.gateway.send('GET', '/mcp', {
      ...headers,
      accept: 'text/event-stream',
    });
    const asking = ask(headers, 'prompts/list');
    await until(() => rig.gateway.dispatcher.ledger.total === 1);
    await clock.advance(3_000);
    expect(JSON.stringify(await asking)).toContain('alpha__q');
    beta.source.gate = null;
    open();
    const heard = readUntil(stream, (text) => text.includes('prompts/list_changed'));
    await until(() => beta.source.made.length === 1);
    for (let turn = 0; turn < 20; turn += 1) await clock.advance(100);
    await heard;
    expect(JSON.stringify(await ask(headers, 'prompts/list'))).toContain('beta__p');
  });
});
