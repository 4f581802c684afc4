import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { CreateMessageRequestSchema } from '@modelcontextprotocol/sdk/types.js';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { GatewayProcess, eventually, fixture } from '../support/gateway-process.js';
import { connectHttp, connectSse, textOf } from '../support/mcp-clients.js';
import type { ConnectOptions } from '../support/mcp-clients.js';
import { processesWith } from '../support/process-tree.js';

const official = (name: string): string =>
  join(
    import.meta.dirname,
    '..',
    '..',
    'node_modules',
    '@modelcontextprotocol',
    `server-${name}`,
    'dist',
    'index.js',
  );
const KNOBBED = fixture('knobbed-server.mjs');

let gateway: GatewayProcess;
let folder: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'switchyard-aggregate-'));
  writeFileSync(join(folder, 'hello.txt'), 'from the file');
  gateway = await GatewayProcess.start();
  const runtimes: [string, object, string[]][] = [
    ['everything', { command: 'node', args: [official('everything')] }, ['demo']],
    ['files', { command: 'node', args: [official('filesystem'), folder] }, ['local']],
    [
      'memory',
      {
        command: 'node',
        args: [official('memory')],
        env: { MEMORY_FILE_PATH: join(folder, 'm.json') },
      },
      ['local'],
    ],
    ['mortal', { command: 'node', args: [KNOBBED, 'label=mortal'], isolation: 'shared' }, []],
  ];
  for (const [name, runtime, tags] of runtimes) {
    const created = await gateway.register({ name, tags, config: { runtime } });
    expect([name, created.status]).toEqual([name, 201]);
  }
}, 120_000);

afterAll(async () => {
  await gateway.dispose();
  rmSync(folder, { recursive: true, force: true });
}, 30_000);

async function connect(query = '', options: ConnectOptions = {}): Promise<Client> {
  return connectHttp(`${gateway.url}/mcp${query}`, options);
}

async function namesOf(client: Client): Promise<string[]> {
  return (await client.listTools()).tools.map(({ name }) => name);
}

const membersOf = async (client: Client): Promise<string[]> => [
  ...new Set((await namesOf(client)).map((name) => name.split('__')[0] ?? '')),
];

describe('/mcp of the built gateway', () => {
  it('is all services as one: tools, prompts, resources, sampling', async () => {
    const client = await connect('', {
      capabilities: { sampling: {} },
      prepare: (each) => {
        each.setRequestHandler(CreateMessageRequestSchema, () => ({
          model: 'm',
          role: 'assistant' as const,
          content: { type: 'text' as const, text: 'sampled here' },
        }));
      },
    });
    expect(await membersOf(client)).toEqual(['everything', 'files', 'memory', 'mortal']);
    expect(
      textOf(await client.callTool({ name: 'everything__echo', arguments: { message: 'a' } })),
    ).toBe('Echo: a');
    const path = join(folder, 'hello.txt');
    expect(
      textOf(await client.callTool({ name: 'files__read_text_file', arguments: { path } })),
    ).toBe('from the file');
    const graph = await client.callTool({ name: 'memory__read_graph', arguments: {} });
    expect(graph.structuredContent).toEqual({ entities: [], relations: [] });
    // What this client can do has its own child know that it may be asked.
    await eventually(async () =>
      (await namesOf(client)).includes('everything__trigger-sampling-request'),
    );
    const sampled = await client.callTool({
      name: 'everything__trigger-sampling-request',
      arguments: { prompt: 'p', maxTokens: 5 },
    });
    expect(JSON.stringify(sampled)).toContain('sampled here');
    const { prompts } = await client.listPrompts();
    expect(prompts.map(({ name }) => name)).toContain('everything__simple-prompt');
    const { resources } = await client.listResources();
    const [first] = resources;
    expect((await client.readResource({ uri: first?.uri ?? '' })).contents).toHaveLength(1);
    await client.close();
  }, 60_000);

  it('serves a selection, over HTTP+SSE as well', async () => {
    const url = `${gateway.url}/mcp/sse?tags=local`;
    for (const client of [await connect('?services=files,memory'), await connectSse(url)]) {
      expect(await membersOf(client)).toEqual(['files', 'memory']);
      const path = join(folder, 'hello.txt');
      const read = await client.callTool({ name: 'files__read_text_file', arguments: { path } });
      expect(textOf(read)).toBe('from the file');
      await client.close();
    }
    const unknown = await gateway.request('GET', '/mcp?services=nowhere');
    expect(unknown.status).toBe(404);
    expect(unknown.body.code).toBe('aggregate.service-unknown');
  }, 60_000);

  it('finds and calls tools in search mode', async () => {
    const client = await connect('?mode=search');
    expect(await namesOf(client)).toEqual(['search_tools', 'call_tool']);
    const found = await client.callTool({
      name: 'search_tools',
      arguments: { query: 'read the contents of a text file', limit: 3 },
    });
    const { tools } = found.structuredContent as { tools: { name: string }[] };
    expect(tools.map(({ name }) => name)).toContain('files__read_text_file');
    const read = await client.callTool({
      name: 'call_tool',
      arguments: { name: 'files__read_text_file', arguments: { path: join(folder, 'hello.txt') } },
    });
    expect(textOf(read)).toBe('from the file');
    await client.close();
  }, 60_000);

  it('is stood by the others when one dies in a call', async () => {
    const client = await connect();
    const slow = client.callTool({
      name: 'everything__trigger-long-running-operation',
      arguments: { duration: 1, steps: 2 },
    });
    await expect(client.callTool({ name: 'mortal__die' })).rejects.toMatchObject({
      code: -32000,
      data: { service: 'mortal' },
    });
    expect(await membersOf(client)).toContain('mortal');
    expect(textOf(await slow)).toContain('completed');
    const label = await eventually(
      () => client.callTool({ name: 'mortal__label' }).catch(() => undefined),
      15_000,
      'the service is back',
    );
    expect(textOf(label)).toBe('mortal');
    await client.close();
  }, 60_000);

  it('tells clients of services that come, change and go', async () => {
    let heard = 0;
    const client = await connect('', {
      prepare: (each) => {
        each.fallbackNotificationHandler = ({ method }) => {
          if (method === 'notifications/tools/list_changed') heard += 1;
          return Promise.resolve();
        };
      },
    });
    const next = async (what: string): Promise<string[]> => {
      await eventually(() => heard > 0, 10_000, what);
      heard = 0;
      return namesOf(client);
    };
    const runtime = { command: 'node', args: [KNOBBED], isolation: 'shared' };
    await gateway.register({ name: 'late', config: { runtime } });
    expect(await next('it came')).toContain('late__echo');
    expect(textOf(await client.callTool({ name: 'late__label' }))).toBe('v1');
    const spec = await gateway.request('GET', '/api/v1/services/late?view=spec');
    const args = [KNOBBED, 'label=v2', 'extra-tool=added'];
    const changed = await gateway.request(
      'PUT',
      '/api/v1/services/late',
      { ...spec.body, config: { runtime: { ...runtime, args } } },
      { 'if-match': spec.headers.get('etag') ?? '' },
    );
    expect(changed.status).toBe(200);
    expect(await next('it changed')).toContain('late__added');
    expect(textOf(await client.callTool({ name: 'late__label' }))).toBe('v2');
    const removed = await gateway.request('DELETE', '/api/v1/services/late', undefined, {
      'if-match': changed.headers.get('etag') ?? '',
    });
    expect(removed.status).toBeLessThan(300);
    expect(await next('it went')).not.toContain('late__echo');
    await client.close();
  }, 60_000);

  it('counts calls for the member, and ends the children of a client that leaves', async () => {
    const before = processesWith(official('memory')).length;
    const client = await connect('?services=memory');
    await client.callTool({ name: 'memory__read_graph', arguments: {} });
    await client.callTool({ name: 'memory__read_graph', arguments: {} });
    const usage = await gateway.request('GET', '/api/v1/services/memory/usage');
    expect(JSON.stringify(usage.body)).toContain('read_graph');
    const metrics = await gateway.request<string>('GET', '/metrics');
    expect(metrics.body).not.toContain('service="aggregate"');
    const transport = client.transport as { terminateSession?: () => Promise<void> };
    await transport.terminateSession?.();
    await client.close();
    await eventually(() => processesWith(official('memory')).length <= before, 15_000, 'ended');
  }, 60_000);

  it('runs calls as tasks at the member that offers them', async () => {
    const client = await connect();
    const call = { name: 'everything__simulate-research-query', arguments: { topic: 'bees' } };
    // The SDK makes a task of it where the list says that the tool has to be one.
    await client.listTools();
    const seen: string[] = [];
    for await (const message of client.experimental.tasks.callToolStream(call)) {
      seen.push(message.type);
      if (message.type === 'error') throw message.error;
    }
    expect(seen[0]).toBe('taskCreated');
    expect(seen.at(-1)).toBe('result');
    await client.close();
  }, 60_000);

  it('knows its clients again after it was killed and started anew', async () => {
    const client = await connect('?services=memory,mortal');
    expect(textOf(await client.callTool({ name: 'mortal__label' }))).toBe('mortal');
    const { port, dataDir } = gateway;
    await gateway.kill9();
    gateway = await GatewayProcess.start({ port, dataDir });
    const label = await eventually(
      () => client.callTool({ name: 'mortal__label' }).catch(() => undefined),
      15_000,
      'called again',
    );
    expect(textOf(label)).toBe('mortal');
    expect(await membersOf(client)).toEqual(['memory', 'mortal']);
    await client.close();
  }, 60_000);
});
