import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { AggregateRig, eventually, names, textOf } from './aggregate-rig.js';
import { script } from './member-server.js';

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

async function connect(query = ''): Promise<Client> {
  const client = new Client(
    { name: 'modern', version: '1' },
    { ...PINNED, capabilities: { sampling: {} } },
  );
  client.setRequestHandler('sampling/createMessage', () => ({
    model: 'm',
    role: 'assistant' as const,
    content: { type: 'text' as const, text: 'completed' },
  }));
  await client.connect(new StreamableHTTPClientTransport(rig.gateway.url(`/mcp${query}`)));
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
});
