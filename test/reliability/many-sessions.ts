import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { GatewayProcess, type Answer } from '../support/gateway-process.js';
import { calmed, isCalm, sampleOf, type Sample } from './gateway-watch.js';
import { SessionClient } from './session-client.js';

const server = join(import.meta.dirname, 'work-server.mjs');
const OPENING_AT_ONCE = 50;
const CALM_MS = 60_000;
const say = (line: string): void => void process.stdout.write(`${line}\n`);

interface Stage {
  readonly service: string;
  readonly sessions: number;
  readonly rounds: number;
}

/** Answers the exit code. */
export async function manySessions(argv: string[]): Promise<number> {
  const { values } = parseArgs({
    args: argv,
    options: {
      shared: { type: 'string', default: '1000' },
      own: { type: 'string', default: '100' },
      rounds: { type: 'string', default: '10' },
    },
  });
  const gateway = await GatewayProcess.start({ env: { SWITCHYARD_MAX_INSTANCES: '1000' } });
  try {
    for (const isolation of ['shared', 'session']) await register(gateway, isolation);
    const rounds = Number(values.rounds);
    const faults = [
      ...(await stage(gateway, { service: 'shared', sessions: Number(values.shared), rounds })),
      ...(await stage(gateway, { service: 'session', sessions: Number(values.own), rounds })),
    ];
    for (const fault of faults) say(`FAULT ${fault}`);
    return faults.length === 0 ? 0 : 1;
  } finally {
    await gateway.dispose();
  }
}

async function register(gateway: GatewayProcess, isolation: string): Promise<void> {
  const { status, body } = (await gateway.register({
    name: isolation,
    config: {
      runtime: {
        command: 'node',
        args: [server],
        isolation,
        max_instances: isolation === 'shared' ? 1 : 500,
        max_in_flight: 5_000,
      },
      network: { max_sessions: 5_000 },
    },
  })) as Answer<unknown>;
  if (status !== 201) throw new Error(`${status} ${JSON.stringify(body)}`);
}

async function stage(
  gateway: GatewayProcess,
  { service, sessions, rounds }: Stage,
): Promise<string[]> {
  // What the first sessions leave behind is code and pools, not sessions.
  const first = await sampleOf(gateway);
  const early = await openAll(gateway, service, Math.min(50, sessions));
  await callAll(early.clients, 'warm', 3);
  await closeAll(early.clients);
  const before = await calmed(gateway, first, CALM_MS);

  const startedMs = performance.now();
  const { clients, faults } = await openAll(gateway, service, sessions);
  const openedMs = performance.now();
  const open = await sampleOf(gateway);
  faults.push(...(await callAll(clients, 'm', rounds)));
  const calledMs = performance.now();
  const called = await sampleOf(gateway);
  faults.push(...(await closeAll(clients)));
  const after = await calmed(gateway, before, CALM_MS);
  if (!isCalm(before, after))
    faults.push(`not back to the baseline: ${show(before)} -> ${show(after)}`);

  const perSession = (sample: Sample): string =>
    (((sample.rssMb - before.rssMb) * 1024) / sessions).toFixed(1);
  say(
    `${service}: ${sessions} sessions, half of them with a standing stream, each on a connection of its own`,
  );
  say(
    `  opened in ${seconds(startedMs, openedMs)}; ${rounds} rounds of one call each in ${seconds(openedMs, calledMs)}; ${faults.length} faults`,
  );
  say(`  KiB resident a session: ${perSession(open)} open, ${perSession(called)} after the calls`);
  say(
    `  before ${show(before)}\n  open   ${show(open)}\n  called ${show(called)}\n  closed ${show(after)}`,
  );
  return faults;
}

async function openAll(
  gateway: GatewayProcess,
  service: string,
  count: number,
): Promise<{ clients: SessionClient[]; faults: string[] }> {
  const clients = Array.from({ length: count }, () => new SessionClient(gateway.port, service));
  const faults: string[] = [];
  const waiting = clients.map((client, index) => ({ client, index }));
  const open = async (): Promise<void> => {
    for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
      const status = await next.client.open();
      if (status !== 200) faults.push(`session ${next.index} was answered ${status}`);
      else if (next.index % 2 === 0) next.client.listen();
    }
  };
  await Promise.all(Array.from({ length: OPENING_AT_ONCE }, open));
  return { clients, faults };
}

/** One call of each session at once, so many times; every session’s ids and tokens are the same as all others’. */
async function callAll(
  clients: readonly SessionClient[],
  prefix: string,
  rounds: number,
): Promise<string[]> {
  const faults: string[] = [];
  for (let round = 0; round < rounds; round += 1) {
    await Promise.all(
      clients.map(async (client, index) => {
        const key = `${prefix}-${index}-${round}`;
        const steps = round % 3 === 2 ? 2 : 0;
        const id = client.nextId();
        const heard = await client.call(id, { key, steps, ms: steps }, 'token');
        const reply = heard.messages.at(-1);
        const texts = heard.messages.slice(0, -1).map(({ params }) => params?.message);
        const good =
          heard.status === 200 &&
          reply?.id === id &&
          reply.result?.content?.[0]?.text === `v1 ${key}` &&
          texts.length === steps &&
          texts.every((text) => text === key);
        if (!good) faults.push(`${key}: ${JSON.stringify(heard).slice(0, 400)}`);
      }),
    );
  }
  return faults;
}

async function closeAll(clients: readonly SessionClient[]): Promise<string[]> {
  const faults: string[] = [];
  await Promise.all(
    clients.map(async (client, index) => {
      const status = await client.close();
      if (status !== 200) faults.push(`closing session ${index} was answered ${status}`);
    }),
  );
  return faults;
}

function seconds(fromMs: number, toMs: number): string {
  return `${((toMs - fromMs) / 1000).toFixed(1)} s`;
}

function show({ rssMb, heapMb, descriptors, processes, sessions }: Sample): string {
  return `${rssMb} MB resident, ${heapMb} MB heap, ${descriptors} descriptors, ${processes} processes, ${sessions} sessions`;
}
