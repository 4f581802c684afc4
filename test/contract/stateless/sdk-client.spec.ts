import { afterEach, describe, expect, it } from '@jest/globals';
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import type { ClientOptions } from '@modelcontextprotocol/client';
import { SystemClock } from '../../../src/kernel/clock.js';
import { cleanUp } from '../upstream/harness.js';
import { endpointOf } from '../gateway/gateway-rig.js';
import { RealSource, type Era } from './real-source.js';
import { StatelessRig } from './stateless-rig.js';

const UPSTREAMS: [string, 'stdio' | 'streamable_http', Era][] = [
  ['a child with sessions', 'stdio', 'legacy'],
  ['an HTTP server with sessions', 'streamable_http', 'legacy'],
  ['a stateless child', 'stdio', 'modern'],
  ['a stateless HTTP server', 'streamable_http', 'modern'],
];

const PINNED = { versionNegotiation: { mode: { pin: '2026-07-28' } } };
const AUTO = { versionNegotiation: { mode: 'auto' as const } };
const ASKED = { capabilities: { elicitation: {}, sampling: {}, roots: {} } };

let rig: StatelessRig;
const clients: Client[] = [];
afterEach(async () => {
  for (const client of clients.splice(0)) await client.close();
  await rig.close();
  await cleanUp();
});

async function open(transport: 'stdio' | 'streamable_http', era: Era): Promise<RealSource> {
  const source = new RealSource(transport, era);
  const endpoint = endpointOf(source as never, { transport, isolation: 'session', tools: [] });
  rig = await new StatelessRig(new SystemClock()).listen(endpoint);
  return source;
}

async function connect(options: ClientOptions, name = 'sdk'): Promise<Client> {
  const client = new Client({ name, version: '1' }, options);
  if (options.capabilities?.elicitation !== undefined) {
    client.setRequestHandler('elicitation/create', ({ params }) => {
      if (params.mode === 'url') return { action: 'accept' as const };
      const names = Object.keys(params.requestedSchema.properties);
      const content = Object.fromEntries(names.map((key) => [key, `my-${key}`]));
      return { action: 'accept' as const, content };
    });
    client.setRequestHandler('sampling/createMessage', () => ({
      model: 'm',
      role: 'assistant' as const,
      content: { type: 'text' as const, text: 'completed' },
    }));
    client.setRequestHandler('roots/list', () => ({ roots: [{ uri: 'file:///r' }] }));
  }
  await client.connect(new StreamableHTTPClientTransport(rig.url('/mcp/x')));
  clients.push(client);
  return client;
}

async function call(
  client: Client,
  name: string,
  args: Record<string, unknown> = {},
): Promise<string> {
  const { content } = await client.callTool({ name, arguments: args });
  const [first] = content as { text: string }[];
  return first?.text ?? '';
}

describe.each(UPSTREAMS)('the SDK client in front of %s', (_name, transport, era) => {
  it.each([
    ['pinned', PINNED],
    ['that tries', AUTO],
  ])('%s lists, calls, reads and hears progress', async (_mode, options) => {
    const source = await open(transport, era);
    const client = await connect(options);
    expect(client.getServerVersion()?.name).toBe('stateless-fixture');
    expect(client.getInstructions()).toBe('try echo');
    expect((await client.listTools()).tools.map(({ name }) => name)).toContain('echo');
    expect(await call(client, 'echo', { message: 'hi' })).toBe('hi');
    const read = await client.readResource({ uri: 'note://one' });
    expect(JSON.stringify(read)).toContain('version 0');
    await expect(client.readResource({ uri: 'note://nine' })).rejects.toMatchObject({
      code: -32602,
    });
    const prompt = await client.getPrompt({ name: 'greet', arguments: { name: 'Ann' } });
    expect(JSON.stringify(prompt)).toContain('Greet Ann');
    const heard: number[] = [];
    await client.callTool(
      { name: 'slow', arguments: { ms: 60, steps: 3 } },
      {
        onprogress: ({ progress }) => heard.push(progress),
      },
    );
    expect(heard).toEqual([1, 2, 3]);
    expect(await call(client, 'fail')).toBe('it failed');
    expect(source.started).toBe(1);
  });

  it('is asked for a form, a completion and roots', async () => {
    await open(transport, era);
    const client = await connect({ ...PINNED, ...ASKED });
    expect(await call(client, 'ask')).toBe('my-name likes my-color');
    expect(await call(client, 'sample')).toBe('sampled: completed');
    expect(await call(client, 'survey')).toBe('my-name at file:///r');
  });

  it('cancels a call', async () => {
    await open(transport, era);
    const client = await connect(PINNED);
    const abort = new AbortController();
    const slow = client.callTool(
      { name: 'slow', arguments: { ms: 500, steps: 50 } },
      {
        signal: abort.signal,
      },
    );
    setTimeout(() => abort.abort(), 100);
    await expect(slow).rejects.toThrow();
    let seen = { cancelled: 0, finished: 0 };
    for (let turn = 0; turn < 100 && seen.cancelled === 0; turn += 1) {
      seen = JSON.parse(await call(client, 'seen')) as typeof seen;
    }
    expect(seen).toMatchObject({ cancelled: 1, finished: 0 });
  });

  it('listens to changes', async () => {
    await open(transport, era);
    const client = await connect(PINNED);
    const heard: string[] = [];
    const changed = new Promise<void>((resolve) => {
      client.setNotificationHandler('notifications/tools/list_changed', () => {
        heard.push('tools');
        resolve();
      });
    });
    const subscription = await client.listen({ toolsListChanged: true });
    expect(subscription.honoredFilter).toEqual({ toolsListChanged: true });
    await call(client, 'change_tools');
    await changed;
    expect(heard).toEqual(['tools']);
    await subscription.close();
  });
});
