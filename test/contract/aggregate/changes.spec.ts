import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { UpstreamError } from '../../../src/upstream/upstream.errors.js';
import { AggregateRig, eventually, names, textOf, type Member } from './aggregate-rig.js';
import { script, tool } from './member-server.js';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';

let rig: AggregateRig;
beforeEach(() => {
  rig = new AggregateRig();
});
afterEach(async () => {
  await rig.close();
});

const DOWN = { state: 'error', reason: 'CrashLoop', message: 'It crashes', retry_after_s: 3 };

/** A client, and the methods of the notifications it heard. */
async function listening(query = ''): Promise<{ client: Client; heard: string[] }> {
  const heard: string[] = [];
  const client = await rig.connect(query, {
    prepare: (each) => {
      each.fallbackNotificationHandler = ({ method }) => {
        heard.push(method);
        return Promise.resolve();
      };
    },
  });
  return { client, heard };
}

const changed = 'notifications/tools/list_changed';
const count = (heard: readonly string[]): number => heard.filter((each) => each === changed).length;
const other = (member: Member, over: Partial<Member['endpoint']>): Member => ({
  ...member,
  endpoint: { ...member.endpoint, ...over },
});

describe('connected clients', () => {
  it('hear once of a burst of services that come, and of one that goes', async () => {
    const members = ['alpha', 'beta', 'gamma'].map((name) => rig.member(script(name)));
    const [first] = members as [Member];
    await rig.listen(first);
    const { client, heard } = await listening();
    const picky = await listening('?services=alpha');
    for (let known = 2; known <= 3; known += 1) rig.swap(...members.slice(0, known));
    await eventually(() => count(heard) === 1);
    expect(names(await client.listTools())).toContain('gamma__echo');
    rig.swap(...members.slice(0, 2));
    await eventually(() => count(heard) === 2);
    expect(names(await client.listTools())).not.toContain('gamma__echo');
    expect(count(picky.heard)).toBe(0);
  });

  it('hear of other tools, and not of a new revision with the same', async () => {
    const alpha = rig.member(script('alpha'));
    await rig.listen(alpha);
    const { client, heard } = await listening();
    const again = rig.member(script('alpha'));
    rig.swap(other(again, { revision: 2 }));
    expect(textOf(await client.callTool({ name: 'alpha__echo' }))).toBe('alpha/echo:{}');
    expect(again.source.made).toHaveLength(1);
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(count(heard)).toBe(0);
    rig.swap(other(again, { tools: [tool('only')] }));
    await eventually(() => count(heard) === 1);
  });

  it('hear what a member itself says of its lists, once, and see the new list', async () => {
    const own = script('alpha');
    const alpha = rig.member(own, 'session');
    await rig.listen(alpha);
    const { client, heard } = await listening();
    await client.callTool({ name: 'alpha__echo' });
    await client.listTools();
    own.tools.push(tool('born'));
    for (let i = 0; i < 5; i += 1) await alpha.source.latest.server.sendToolListChanged();
    await eventually(() => count(heard) === 1);
    expect(names(await client.listTools())).toContain('alpha__born');
    expect(count(heard)).toBe(1);
  });

  it('hear what a member says of its lists before they have called it', async () => {
    const own = script('alpha');
    const alpha = rig.member(own);
    await rig.listen(alpha);
    const { client, heard } = await listening();
    await client.listTools();
    own.tools.push(tool('born'));
    for (let i = 0; i < 5; i += 1) await alpha.source.latest.server.sendToolListChanged();
    await eventually(() => count(heard) === 1);
    expect(names(await client.listTools())).toContain('alpha__born');
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(count(heard)).toBe(1);
  });

  it('keep calls under way on a revision that is replaced, and go on with the next', async () => {
    const alpha = rig.member(script('alpha'));
    await rig.listen(alpha);
    const { client } = await listening();
    const held = client.callTool({ name: 'alpha__hold' });
    await eventually(() => alpha.script.held.length === 1);
    const next = rig.member(script('alpha'));
    rig.swap(other(next, { revision: 2 }));
    await client.callTool({ name: 'alpha__echo' });
    expect(next.source.made).toHaveLength(1);
    alpha.script.held[0]?.();
    expect(textOf(await held)).toBe('alpha:held');
    await eventually(() => alpha.source.leases === 0);
  });
});

describe('a member that', () => {
  it('crashes fails its own calls and no others, and is opened again', async () => {
    const [alpha, beta] = ['alpha', 'beta'].map((name) => rig.member(script(name), 'session')) as [
      Member,
      Member,
    ];
    await rig.listen(alpha, beta);
    const { client } = await listening();
    const held = client.callTool({ name: 'beta__hold' });
    await eventually(() => beta.script.held.length === 1);
    await expect(client.callTool({ name: 'alpha__crash' })).rejects.toMatchObject({
      code: -32000,
      data: { service: 'alpha', reason: 'exited' },
    });
    expect(textOf(await client.callTool({ name: 'alpha__echo' }))).toBe('alpha/echo:{}');
    expect(alpha.source.made).toHaveLength(2);
    beta.script.held[0]?.();
    expect(textOf(await held)).toBe('beta:held');
  });

  it('cannot start answers why, with the service named', async () => {
    const alpha = rig.member(script('alpha'), 'session');
    await rig.listen(alpha);
    alpha.source.refuseWith = new UpstreamError('capacity', 'No room', { retryAfterS: 2 });
    const { client } = await listening();
    const messages: unknown[] = [];
    const listener = (message: unknown): void => void messages.push(message);
    subscribe('switchyard:call', listener);
    await expect(client.callTool({ name: 'alpha__echo' })).rejects.toMatchObject({
      code: -32012,
      data: { service: 'alpha', reason: 'capacity', retry_after_s: 2 },
    });
    unsubscribe('switchyard:call', listener);
    expect(messages).toMatchObject([{ service: 'alpha', tool: 'echo', reason: 'capacity' }]);
    expect(alpha.endpoint.load.inFlight).toBe(0);
  });

  it('is down for a while stays listed and says so when it is called', async () => {
    const alpha = rig.member(script('alpha'));
    const beta = rig.member(script('beta'));
    await rig.listen(alpha, beta);
    const { client, heard } = await listening();
    await client.listTools();
    rig.swap(alpha, other(beta, { unavailable: DOWN, tools: [] }));
    expect(names(await client.listTools())).toContain('beta__echo');
    await expect(client.callTool({ name: 'beta__echo' })).rejects.toMatchObject({
      code: -32010,
      data: { service: 'beta', reason: 'CrashLoop' },
    });
    rig.swap(alpha, other(beta, { unavailable: { ...DOWN, state: 'inactive' } }));
    await eventually(() => count(heard) > 0);
    expect(names(await client.listTools())).not.toContain('beta__echo');
  });

  it('is slow to list does not hold up the others, whose news come later', async () => {
    const alpha = rig.member(script('alpha'));
    const beta = rig.member(script('beta', { mute: true }));
    await rig.listen(alpha, beta);
    const { client } = await listening();
    const startedMs = performance.now();
    const listed = names(await client.listTools());
    expect(performance.now() - startedMs).toBeLessThan(4_500);
    expect(listed).toContain('alpha__echo');
    // What was proven when the service was activated.
    expect(listed).toContain('beta__echo');
  }, 10_000);
});

describe('calls through the aggregate', () => {
  it('are counted once, as calls of the member', async () => {
    const alpha = rig.member(script('alpha'));
    await rig.listen(alpha);
    const { client } = await listening();
    const messages: { service: string; method: string; tool: string | null; outcome: string }[] =
      [];
    const listener = (message: unknown): void => void messages.push(message as never);
    subscribe('switchyard:call', listener);
    await client.listTools();
    await client.callTool({ name: 'alpha__echo' });
    await client.callTool({ name: 'alpha__fail' }).catch(() => undefined);
    unsubscribe('switchyard:call', listener);
    expect(messages.map(({ service, tool: name, outcome }) => [service, name, outcome])).toEqual([
      ['alpha', 'echo', 'ok'],
      ['alpha', 'fail', 'rpc_error'],
    ]);
    expect(rig.gateway.dispatcher.ledger.total).toBe(0);
  });

  it('wait for their turn at a full member, and leave it when they are cancelled', async () => {
    const alpha = rig.member(script('alpha'), 'shared', { maxInFlight: 1 });
    await rig.listen(alpha);
    const { client } = await listening();
    const held = client.callTool({ name: 'alpha__hold' });
    await eventually(() => alpha.script.held.length === 1);
    const abort = new AbortController();
    const given = client.callTool({ name: 'alpha__echo' }, undefined, { signal: abort.signal });
    await eventually(() => alpha.endpoint.load.waiting === 1);
    abort.abort('enough');
    await expect(given).rejects.toThrow();
    await eventually(() => alpha.endpoint.load.waiting === 0);
    const next = client.callTool({ name: 'alpha__echo' });
    await eventually(() => alpha.endpoint.load.waiting === 1);
    alpha.script.held[0]?.();
    expect(textOf(await held)).toBe('alpha:held');
    expect(textOf(await next)).toBe('alpha/echo:{}');
  });

  it('leave nothing open once the client is gone', async () => {
    const alpha = rig.member(script('alpha'), 'session');
    const beta = rig.member(script('beta'));
    await rig.listen(alpha, beta);
    const headers = await rig.gateway.open('/mcp');
    for (const name of ['alpha__echo', 'beta__echo']) {
      const call = { jsonrpc: '2.0', id: name, method: 'tools/call', params: { name } };
      expect((await rig.gateway.post('/mcp', call, headers)).status).toBe(200);
    }
    expect([alpha.source.leases, beta.source.leases, rig.gateway.sessions.size]).toEqual([1, 1, 3]);
    await rig.gateway.ask('DELETE', '/mcp', headers);
    expect([alpha.source.leases, beta.source.leases, rig.gateway.sessions.size]).toEqual([0, 0, 0]);
    expect(alpha.source.latest.dead).toBe(true);
  });
});
