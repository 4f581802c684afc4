import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import { Client as SdkClient } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import {
  CallToolResultSchema,
  CreateMessageRequestSchema,
  ElicitRequestSchema,
  ListRootsRequestSchema,
  LoggingMessageNotificationSchema,
  ResourceUpdatedNotificationSchema,
} from '@modelcontextprotocol/sdk/types.js';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { GatewayProcess, eventually, fixture, pause } from '../support/gateway-process.js';
import { ListeningServer } from '../support/listening-server.js';
import { connectHttp, connectSse } from '../support/mcp-clients.js';
import type { ConnectOptions } from '../support/mcp-clients.js';

const EVERYTHING = join(
  import.meta.dirname,
  '..',
  '..',
  'node_modules',
  '@modelcontextprotocol',
  'server-everything',
  'dist',
  'index.js',
);

let gateway: GatewayProcess;
let remote: ListeningServer;
let folder: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'switchyard-record-'));
  [gateway, remote] = await Promise.all([
    GatewayProcess.start(),
    ListeningServer.start(EVERYTHING, ['streamableHttp']),
  ]);
  const check = { checks: [{ kind: 'functional', tool: 'echo', arguments: { message: 'hi' } }] };
  for (const [name, config] of [
    [
      'stdio',
      { runtime: { command: 'node', args: [EVERYTHING], isolation: 'session' }, monitoring: check },
    ],
    ['http', { network: { url: `http://127.0.0.1:${remote.port}/mcp` }, monitoring: check }],
  ] as const) {
    const created = await gateway.register({ name, config });
    expect(created.status).toBe(201);
  }
}, 60_000);

afterAll(async () => {
  await gateway.dispose();
  await remote.stop();
  rmSync(folder, { recursive: true, force: true });
}, 30_000);

/** A client that answers everything a server may ask of one, and writes down what it was asked. */
function talkative(heard: string[]): ConnectOptions {
  return {
    capabilities: {
      sampling: {},
      elicitation: { form: {}, url: {} },
      roots: { listChanged: true },
    },
    prepare: (client) => {
      client.setRequestHandler(CreateMessageRequestSchema, (request) => {
        heard.push(`sampling ${JSON.stringify(request.params.messages)}`);
        return {
          model: 'm',
          role: 'assistant' as const,
          content: { type: 'text' as const, text: 'sampled' },
        };
      });
      client.setRequestHandler(ElicitRequestSchema, (request) => {
        heard.push(`elicitation ${String(request.params.message)}`);
        return { action: 'decline' as const };
      });
      client.setRequestHandler(ListRootsRequestSchema, () => {
        heard.push('roots');
        return { roots: [{ uri: 'file:///srv/project', name: 'project' }] };
      });
    },
  };
}

async function directClient(kind: string, options: ConnectOptions): Promise<Client> {
  if (kind === 'http') return connectHttp(`http://127.0.0.1:${remote.port}/mcp`, options);
  const client = new SdkClient(
    { name: 'e2e', version: '1.0.0' },
    { capabilities: options.capabilities ?? {} },
  );
  options.prepare?.(client);
  await client.connect(
    new StdioClientTransport({ command: process.execPath, args: [EVERYTHING], stderr: 'ignore' }),
  );
  return client;
}

/** What a client sees of the everything server, in the order of asking. */
async function transcriptOf(client: Client, heard: string[]): Promise<unknown[]> {
  const seen: unknown[] = [
    client.getServerVersion(),
    client.getServerCapabilities(),
    client.getInstructions(),
  ];
  await eventually(() => heard.includes('roots'), 5000, 'the server asked for roots');
  seen.push(
    await client.listTools(),
    await client.listPrompts(),
    await client.listResources(),
    await client.listResourceTemplates(),
  );
  seen.push(await client.ping());
  seen.push(
    await client.callTool({ name: 'get-structured-content', arguments: { location: 'Chicago' } }),
  );
  seen.push(
    await client.callTool({
      name: 'get-annotated-message',
      arguments: { messageType: 'error', includeImage: true },
    }),
  );
  seen.push(
    await client.callTool({
      name: 'trigger-sampling-request',
      arguments: { prompt: 'p', maxTokens: 5 },
    }),
  );
  seen.push(await client.callTool({ name: 'trigger-elicitation-request', arguments: {} }));
  seen.push(await client.callTool({ name: 'get-roots-list', arguments: {} }));
  seen.push(await client.getPrompt({ name: 'args-prompt', arguments: { city: 'Paris' } }));
  seen.push(
    await client.complete({
      ref: { type: 'ref/prompt', name: 'completable-prompt' },
      argument: { name: 'department', value: 'E' },
    }),
  );
  seen.push(
    await client
      .callTool({ name: 'no-such-tool', arguments: {} })
      .catch((error: unknown) => String(error)),
  );
  seen.push(
    await client.readResource({ uri: 'no://such' }).catch((error: unknown) => String(error)),
  );
  const progress: unknown[] = [];
  seen.push(
    await client.callTool(
      { name: 'trigger-long-running-operation', arguments: { duration: 0.4, steps: 4 } },
      CallToolResultSchema,
      {
        onprogress: (step) => progress.push(step),
      },
    ),
    // The last one races with the answer inside the client, however it is connected.
    progress.slice(0, 3),
  );
  seen.push([...heard]);
  return seen;
}

describe.each(['stdio', 'http'])('everything behind %s', (kind) => {
  it.each(['streamable http', 'legacy sse'])(
    'is to a client over %s what it is directly: lists, calls, sampling, elicitation, roots, progress, errors',
    async (front) => {
      const directHeard: string[] = [];
      const direct = await directClient(kind, talkative(directHeard));
      const expected = await transcriptOf(direct, directHeard);
      await direct.close();

      const heard: string[] = [];
      const through =
        front === 'legacy sse'
          ? await connectSse(`${gateway.url}/mcp/${kind}/sse`, talkative(heard))
          : await connectHttp(`${gateway.url}/mcp/${kind}`, talkative(heard));
      const actual = await transcriptOf(through, heard);
      await through.close();
      expect(actual).toEqual(expected);
      expect(heard.some((line) => line.startsWith('sampling'))).toBe(true);
      expect(heard.some((line) => line.startsWith('elicitation'))).toBe(true);
    },
    60_000,
  );

  it('sends resource updates to the client that subscribed', async () => {
    const client = await connectHttp(`${gateway.url}/mcp/${kind}`);
    const updates: string[] = [];
    client.setNotificationHandler(
      ResourceUpdatedNotificationSchema,
      ({ params }) => void updates.push(params.uri),
    );
    const { resources } = await client.listResources();
    const uri = resources[0]?.uri ?? '';
    await client.subscribeResource({ uri });
    await client.callTool({ name: 'toggle-subscriber-updates', arguments: {} });
    await eventually(() => updates.includes(uri), 15_000, 'an update');
    await client.callTool({ name: 'toggle-subscriber-updates', arguments: {} });
    await client.unsubscribeResource({ uri });
    await client.close();
  }, 30_000);
});

describe.each(['stdio', 'http'])('a cancelled or interrupted call behind %s', (kind) => {
  let server: ListeningServer | undefined;
  let record: string;
  let endpoint: string;

  beforeAll(async () => {
    record = join(folder, `${kind}.log`);
    const script = fixture('recording-server.mjs');
    process.env['RECORD'] = record;
    server = kind === 'http' ? await ListeningServer.start(script, ['http']) : undefined;
    const created = await gateway.register({
      name: `recording-${kind}`,
      config:
        server === undefined
          ? { runtime: { command: 'node', args: [script], env: { RECORD: record } } }
          : { network: { url: `http://127.0.0.1:${server.port}/mcp` } },
    });
    expect(created.status).toBe(201);
    endpoint = created.body.endpoints.streamable_http;
  }, 30_000);
  afterAll(() => server?.stop());

  const recorded = (): string => {
    try {
      return readFileSync(record, 'utf8');
    } catch {
      return '';
    }
  };

  it('is cancelled in the upstream when the client says so', async () => {
    const client = await connectHttp(endpoint);
    const abort = new AbortController();
    const call = client.callTool({ name: 'wait', arguments: {} }, undefined, {
      signal: abort.signal,
    });
    await eventually(() => recorded().includes('started'), 5000, 'the call began');
    abort.abort('enough');
    await expect(call).rejects.toThrow();
    await eventually(() => recorded().includes('cancelled'), 3000, 'the cancellation arrived');
    await client.close();
  }, 30_000);

  it('goes on when the connection breaks, and the client gets every event and the answer by resumption', async () => {
    const cuts: AbortController[] = [];
    const cutting: typeof fetch = async (input, init) => {
      const cut = new AbortController();
      if (typeof init?.body === 'string' && init.body.includes('"tick"')) cuts.push(cut);
      const signals = [cut.signal, ...(init?.signal ? [init.signal] : [])];
      return fetch(input, { ...init, signal: AbortSignal.any(signals) });
    };
    const client = new SdkClient({ name: 'e2e', version: '1.0.0' }, { capabilities: {} });
    const ticks: string[] = [];
    client.setNotificationHandler(
      LoggingMessageNotificationSchema,
      ({ params }) => void ticks.push(String(params.data)),
    );
    await client.connect(
      new StreamableHTTPClientTransport(new URL(endpoint), {
        fetch: cutting,
        reconnectionOptions: {
          initialReconnectionDelay: 50,
          maxReconnectionDelay: 200,
          reconnectionDelayGrowFactor: 1,
          maxRetries: 20,
        },
      }),
    );
    const call = client.callTool({ name: 'tick', arguments: {} });
    await eventually(() => ticks.length >= 3, 5000, 'three ticks');
    cuts[0]?.abort();
    await pause(50);
    const result = await call;
    expect(JSON.stringify(result)).toContain('ticked');
    expect([...new Set(ticks)]).toEqual([1, 2, 3, 4, 5, 6, 7, 8].map((count) => `tick ${count}`));
    expect(ticks).toHaveLength(8);
    await client.close();
  }, 30_000);
});
