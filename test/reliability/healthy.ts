import type { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { fixture, GatewayProcess, type Answer } from '../support/gateway-process.js';
import { ListeningServer } from '../support/listening-server.js';
import { connectHttp, connectSse, textOf } from '../support/mcp-clients.js';
import { HealthLedger, type Watched } from './healthy-ledger.js';

const modules = join(import.meta.dirname, '..', '..', 'node_modules', '@modelcontextprotocol');
const EVERYTHING = join(modules, 'server-everything', 'dist', 'index.js');
const KNOBBED = fixture('knobbed-server.mjs');
const CALL_EVERY_MS = 200;
const SESSION_EVERY_MS = 20_000;
const SAMPLE_MS = 1_000;
const TELL_MS = 60_000;
const say = (line: string): void => void process.stdout.write(`${line}\n`);

interface Loaded extends Watched {
  readonly body: object;
  /** `null`: nobody calls it, so that it goes idle. */
  readonly call: { readonly tool: string; readonly argument: string; readonly sse?: true } | null;
}

const spawned = (args: readonly string[], more: object = {}): object => ({
  config: { runtime: { command: 'node', args, ...more } },
});
const message = { tool: 'echo', argument: 'message' };
const text = { tool: 'echo', argument: 'text' };

/** Nothing but what is registered is configured: checks, alerts and the restart policy are the defaults. */
const services = (remotePort: number): readonly Loaded[] => [
  { name: 'everything-session', body: spawned([EVERYTHING]), call: message },
  {
    name: 'everything-shared',
    body: spawned([EVERYTHING], { isolation: 'shared' }),
    call: message,
  },
  {
    name: 'everything-http',
    body: { hosting_mode: 'streamable_http', ...spawned([EVERYTHING, 'streamableHttp']) },
    call: message,
  },
  {
    name: 'everything-sse',
    body: { hosting_mode: 'sse', ...spawned([EVERYTHING, 'sse']) },
    call: { ...message, sse: true },
  },
  { name: 'plain', body: spawned([KNOBBED], { isolation: 'shared', replicas: 2 }), call: text },
  {
    name: 'remote',
    body: {
      hosting_mode: 'streamable_http',
      config: {
        network: { url: `http://127.0.0.1:${String(remotePort)}/mcp` },
        integration: { dependencies: [{ service: 'plain' }] },
      },
    },
    call: { tool: 'label', argument: 'unused' },
  },
  { name: 'unused', body: spawned([KNOBBED], { isolation: 'shared' }), call: null },
];

/** Answers the exit code: 0 when nothing at all was said against a service. */
export async function healthyLoad(argv: string[]): Promise<number> {
  const { values } = parseArgs({
    args: argv,
    options: { minutes: { type: 'string', default: '30' } },
  });
  const gateway = await GatewayProcess.start();
  const remote = await ListeningServer.start(fixture('knobbed-http.mjs'));
  const ledger = new HealthLedger(gateway, say);
  try {
    const watched = services(remote.port);
    for (const { name, body } of watched) {
      const { status, body: answer } = (await gateway.register({
        name,
        ...body,
      })) as Answer<unknown>;
      if (status !== 201)
        throw new Error(`${name}: ${String(status)} ${JSON.stringify(answer, null, 1)}`);
    }
    const untilMs = performance.now() + Number(values.minutes) * 60_000;
    const running = (): boolean => performance.now() < untilMs && gateway.child.exitCode === null;
    await Promise.all([
      ...watched.flatMap((service) =>
        service.call === null ? [] : [load(gateway, service, ledger, running)],
      ),
      repeat(SAMPLE_MS, running, () => ledger.look(watched)),
      repeat(TELL_MS, running, () => ledger.tell()),
    ]);
    await ledger.settle(watched);
    return ledger.isClean ? 0 : 1;
  } finally {
    await gateway.dispose();
    await remote.stop();
  }
}

/** One client that calls all the while, and a new one in its place every 20 s. */
async function load(
  gateway: GatewayProcess,
  service: Loaded,
  ledger: HealthLedger,
  running: () => boolean,
): Promise<void> {
  const { name, call } = service;
  if (call === null) return;
  const url = `${gateway.url}/mcp/${name}`;
  for (let count = 0; running();) {
    let client: Client | null = null;
    const leaveMs = performance.now() + SESSION_EVERY_MS;
    try {
      client = await (call.sse === true ? connectSse(`${url}/sse`) : connectHttp(url));
      for (; running() && performance.now() < leaveMs; count += 1) {
        await ledger.timed(name, () =>
          callOnce(client as Client, call, `${name} ${String(count)}`),
        );
        await pause(CALL_EVERY_MS);
      }
    } catch (error) {
      ledger.deviation(name, `a caller met: ${String(error)}`);
      await pause(1_000);
    } finally {
      if (client !== null) await leave(client);
    }
  }
}

/** Ends its session: one that is left behind keeps its child until it has been idle for long enough. */
async function leave(client: Client): Promise<void> {
  const { transport } = client;
  if (transport instanceof StreamableHTTPClientTransport) {
    await transport.terminateSession().catch(() => undefined);
  }
  await client.close().catch(() => undefined);
}

async function callOnce(
  client: Client,
  { tool, argument }: NonNullable<Loaded['call']>,
  word: string,
): Promise<void> {
  const result = await client.callTool({ name: tool, arguments: { [argument]: word } });
  if (tool === 'echo' && !textOf(result).includes(word))
    throw new Error(`the answer to "${word}" was ${JSON.stringify(result)}`);
}

async function repeat(
  everyMs: number,
  running: () => boolean,
  work: () => Promise<void> | void,
): Promise<void> {
  while (running()) {
    await pause(everyMs);
    if (running()) await work();
  }
}
