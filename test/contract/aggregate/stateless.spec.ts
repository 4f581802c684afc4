import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { AggregateRig, eventually, names, textOf } from './aggregate-rig.js';
import { script, tool } from './member-server.js';

const PINNED = { versionNegotiation: { mode: { pin: '2026-07-28' } } };

let rig: AggregateRig;
const clients: Client[] = [];
beforeEach(() => {
  rig = new AggregateRig();
});
afterEach(async () => {
  for (const client of clients.splice(0)) await client.close();
  await rig.close();
});

async function connect(query = '', token = 'ann'): Promise<Client> {
  const client = new Client(
    { name: 'modern', version: '1' },
    { ...PINNED, capabilities: { sampling: {}, elicitation: { form: {} } } },
  );
  client.setRequestHandler('elicitation/create', ({ params }) => ({
    action: 'accept' as const,
    content: { colour: `red to ${params.message}` },
  }));
  client.setRequestHandler('sampling/createMessage', () => ({
    model: 'm',
    role: 'assistant' as const,
    content: { type: 'text' as const, text: 'completed' },
  }));
  const requestInit = { headers: { authorization: `Bearer ${token}` } };
  const url = rig.gateway.url(`/mcp${query}`);
  await client.connect(new StreamableHTTPClientTransport(url, { requestInit }));
  clients.push(client);
  return client;
}

describe('a client of the stateless protocol at /mcp', () => {
  it('lists, calls, reads, is asked and hears progress', async () => {
    const alpha = rig.member(script('alpha', { resources: ['file:///a'] }), 'session');
    const beta = rig.member(script('beta'));
    await rig.listen(alpha, beta);
    const client = await connect();
    expect(client.getServerVersion()?.name).toBe('switchyard');
    const listed = names((await client.listTools()) as never);
    expect(listed).toEqual(expect.arrayContaining(['alpha__echo', 'beta__echo']));
    const echoed = await client.callTool({ name: 'beta__echo', arguments: { a: 1 } });
    expect(textOf(echoed)).toBe('beta/echo:{"a":1}');
    const read = await client.readResource({ uri: 'file:///a' });
    expect(JSON.stringify(read)).toContain('alpha');
    expect(textOf(await client.callTool({ name: 'alpha__sample' }))).toContain('completed');
    const heard: number[] = [];
    const progressing = client.callTool(
      { name: 'alpha__progress', arguments: {} },
      { onprogress: ({ progress }) => heard.push(progress) },
    );
    await eventually(() => heard.length === 3);
    alpha.script.held.shift()?.();
    await progressing;
    await expect(client.callTool({ name: 'beta__fail' })).rejects.toThrow('beta failed');
  });

  it('has its selection and search mode', async () => {
    await rig.listen(rig.member(script('alpha')), rig.member(script('beta')));
    const some = await connect('?services=beta');
    expect(
      names((await some.listTools()) as never).every((name) => name.startsWith('beta__')),
    ).toBe(true);
    const search = await connect('?mode=search');
    const found = await search.callTool({ name: 'search_tools', arguments: { query: 'echo' } });
    expect(JSON.stringify(found)).toContain('alpha__echo');
    const called = { name: 'call_tool', arguments: { name: 'alpha__echo', arguments: { b: 2 } } };
    expect(textOf(await search.callTool(called))).toBe('alpha/echo:{"b":2}');
  });

  it('is asked for input by members at the same time, in search mode as well', async () => {
    const alpha = rig.member(script('alpha', { tools: [tool('elicit')] }), 'session');
    const beta = rig.member(script('beta', { tools: [tool('elicit')] }), 'session');
    await rig.listen(alpha, beta);
    const client = await connect();
    const answers = await Promise.all(
      ['alpha', 'beta', 'alpha'].map((name) => client.callTool({ name: `${name}__elicit` })),
    );
    expect(answers.map(textOf)).toEqual([
      'alpha was told {"colour":"red to Which?"}',
      'beta was told {"colour":"red to Which?"}',
      'alpha was told {"colour":"red to Which?"}',
    ]);
    const search = await connect('?mode=search');
    const called = { name: 'call_tool', arguments: { name: 'beta__elicit' } };
    expect(textOf(await search.callTool(called))).toContain('beta was told');
  });

  it('listens: to services that come and go, to lists that change, to a resource', async () => {
    const own = script('alpha', { resources: ['file:///a'] });
    own.tools.push(tool('touch'));
    const alpha = rig.member(own);
    const beta = rig.member(script('beta'));
    await rig.listen(alpha);
    const client = await connect();
    const heard: string[] = [];
    for (const method of ['tools/list_changed', 'resources/updated'] as const) {
      client.setNotificationHandler(`notifications/${method}`, () => {
        heard.push(method);
      });
    }
    await client.listTools();
    const listening = await client.listen({
      toolsListChanged: true,
      resourceSubscriptions: ['file:///a'],
    });
    await eventually(() => own.subscribed.has('file:///a'));
    rig.swap(alpha, beta);
    await eventually(() => heard.includes('tools/list_changed'));
    heard.length = 0;
    own.tools.push(tool('born'));
    await alpha.source.latest.server.sendToolListChanged();
    await eventually(() => heard.includes('tools/list_changed'));
    expect(names((await client.listTools()) as never)).toContain('alpha__born');
    await client.callTool({ name: 'alpha__touch', arguments: { uri: 'file:///a' } });
    await eventually(() => heard.includes('resources/updated'));
    await listening.close();
    expect(textOf(await client.callTool({ name: 'beta__echo' }))).toBe('beta/echo:{}');
  });

  it('keeps calls of clients apart that use the same ids', async () => {
    const alpha = rig.member(script('alpha'));
    await rig.listen(alpha);
    const both = [await connect(), await connect('', 'bob')];
    const answers = await Promise.all(
      both.flatMap((client, who) =>
        [0, 1, 2, 3].map((n) => client.callTool({ name: 'alpha__echo', arguments: { who, n } })),
      ),
    );
    expect(answers.map(textOf)).toEqual(
      [0, 1].flatMap((who) => [0, 1, 2, 3].map((n) => `alpha/echo:{"who":${who},"n":${n}}`)),
    );
  });

  it('has its member told when it gives a call up, and goes on', async () => {
    const alpha = rig.member(script('alpha'));
    await rig.listen(alpha);
    const client = await connect();
    const abort = new AbortController();
    const held = client.callTool({ name: 'alpha__hold' }, { signal: abort.signal });
    await eventually(() => alpha.script.held.length === 1);
    abort.abort();
    await expect(held).rejects.toThrow();
    const cancelled = (): boolean =>
      alpha.source.latest.seen.some(
        (message) => 'method' in message && message.method === 'notifications/cancelled',
      );
    await eventually(cancelled);
    await eventually(() => alpha.endpoint.load.inFlight === 0);
    expect(textOf(await client.callTool({ name: 'alpha__echo' }))).toBe('alpha/echo:{}');
  });

  it('goes on when a member crashes, when all are gone and when one is back', async () => {
    const alpha = rig.member(script('alpha'));
    const beta = rig.member(script('beta'));
    await rig.listen(alpha, beta);
    const client = await connect();
    await expect(client.callTool({ name: 'alpha__crash' })).rejects.toThrow('exited');
    expect(textOf(await client.callTool({ name: 'alpha__echo' }))).toBe('alpha/echo:{}');
    rig.swap();
    expect(names((await client.listTools()) as never)).toEqual([]);
    await expect(client.callTool({ name: 'beta__echo' })).rejects.toThrow('There is no tool');
    rig.swap(beta);
    expect(textOf(await client.callTool({ name: 'beta__echo' }))).toBe('beta/echo:{}');
  });
});
