import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { GatewayProcess, type Answer } from '../support/gateway-process.js';
import { descendantsOf } from '../support/process-tree.js';
import { calmed, isCalm, sampleOf, type Sample } from './gateway-watch.js';
import { caller, legacyVisitor, returner, visitor, type SoakContext } from './soak-clients.js';
import { SoakLedger } from './soak-ledger.js';

const server = join(import.meta.dirname, 'work-server.mjs');
const SERVICES = ['shared', 'own', 'http'] as const;
const SAMPLE_MS = 10_000;
const KILL_EVERY_MS = 7_000;
const UPDATE_EVERY_MS = 23_000;
/** Part of the time that is not judged: caches and pools fill. */
const WARM_UP = 0.3;
const CALM_MS = 90_000;
const LIMITS = { heapMb: 15, rssMb: 40, descriptors: 40, processes: 10 } as const;
const say = (line: string): void => void process.stdout.write(`${line}\n`);

/** Answers the exit code. */
export async function soak(argv: string[]): Promise<number> {
  const { values } = parseArgs({
    args: argv,
    options: { minutes: { type: 'string', default: '30' } },
  });
  const directory = mkdtempSync(join(tmpdir(), 'soak-'));
  const gateway = await GatewayProcess.start({ env: { SWITCHYARD_MAX_INSTANCES: '200' } });
  const ledger = new SoakLedger(join(directory, 'record'));
  try {
    for (const service of SERVICES) await register(gateway, service, join(directory, 'record'));
    const first = await sampleOf(gateway);
    const until = performance.now() + Number(values.minutes) * 60_000;
    const samples = await run(gateway, ledger, until);
    for (const fault of drift(samples)) ledger.fault(fault);
    const after = await calmed(gateway, first, CALM_MS);
    // A shared child is started with its first call and stays.
    if (!isCalm({ ...first, processes: first.processes + 2 }, after) || after.sessions < 0) {
      ledger.fault(
        `not back to the baseline: ${JSON.stringify(first)} -> ${JSON.stringify(after)}`,
      );
    }
    ledger.settle();
    say(`first ${JSON.stringify(first)}\nlast  ${JSON.stringify(after)}\n${ledger.summary()}`);
    const errors = gateway.logs.split('\n').filter((line) => line.includes('"level":"error"'));
    for (const line of errors.slice(0, 10)) ledger.fault(`logged: ${line.slice(0, 600)}`);
    say(`${ledger.faults.length} faults`);
    return ledger.faults.length === 0 ? 0 : 1;
  } finally {
    await gateway.dispose();
    rmSync(directory, { recursive: true, force: true });
  }
}

async function register(gateway: GatewayProcess, service: string, record: string): Promise<void> {
  const restart = {
    first_ms: 50,
    cap_ms: 500,
    crash_loop_after: 1_000,
    window_ms: 1_000,
    reset_after_ms: 1_000,
  };
  const { status, body } = (await gateway.register({
    name: service,
    ...(service === 'http' ? { hosting_mode: 'streamable_http' } : {}),
    config: {
      runtime: {
        command: 'node',
        args: [server, 'v1'],
        env: { RECORD: record },
        isolation: service === 'own' ? 'session' : 'shared',
        max_instances: 60,
        idle_stop_ms: service === 'own' ? 5_000 : 300_000,
        session_drain_ms: 2_000,
        restart,
      },
    },
  })) as Answer<unknown>;
  if (status !== 201) throw new Error(`${service}: ${status} ${JSON.stringify(body)}`);
}

async function run(gateway: GatewayProcess, ledger: SoakLedger, until: number): Promise<Sample[]> {
  const running = (): boolean => performance.now() < until && gateway.child.exitCode === null;
  const samples: Sample[] = [];
  const tasks: Promise<void>[] = [];
  for (const service of SERVICES) {
    const context = (name: string): SoakContext => {
      return { port: gateway.port, service, ledger, running, name: `${service}-${name}` };
    };
    tasks.push(caller(context('caller1')), caller(context('caller2')));
    tasks.push(visitor(context('visitor')), legacyVisitor(context('legacy')));
    // An HTTP upstream gives its own event ids, or, like this one, none.
    if (service !== 'http') tasks.push(returner(context('returner')));
  }
  tasks.push(every(KILL_EVERY_MS, running, () => kill(gateway, ledger)));
  tasks.push(every(UPDATE_EVERY_MS, running, (n) => update(gateway, ledger, n)));
  tasks.push(
    every(SAMPLE_MS, running, async () => {
      const sample = await sampleOf(gateway);
      samples.push(sample);
      say(
        `${samples.length * (SAMPLE_MS / 1000)} s ${JSON.stringify(sample)}  ${ledger.summary()}`,
      );
    }),
  );
  await Promise.all(tasks);
  if (gateway.child.exitCode !== null)
    ledger.fault(`the gateway ended:\n${gateway.logs.slice(-3_000)}`);
  return samples;
}

async function every(
  ms: number,
  running: () => boolean,
  work: (n: number) => Promise<void> | void,
): Promise<void> {
  for (let n = 1; running(); n += 1) {
    await pause(ms);
    if (running()) await work(n);
  }
}

function kill(gateway: GatewayProcess, ledger: SoakLedger): void {
  const children = descendantsOf(gateway.pid).filter(({ command }) => command.includes(server));
  const victim = children[Math.floor(Math.random() * children.length)];
  if (victim === undefined) return;
  ledger.count('killed');
  try {
    process.kill(victim.pid, 'SIGKILL');
  } catch {
    ledger.count('was gone');
  }
}

async function update(gateway: GatewayProcess, ledger: SoakLedger, n: number): Promise<void> {
  const path = `/api/v1/services/${SERVICES[n % SERVICES.length] ?? 'shared'}`;
  const current = await gateway.request('GET', `${path}?view=spec`);
  const spec = current.body as { config: { runtime: { args: string[] } } };
  spec.config.runtime.args = [server, `v${n + 1}`];
  const { status, body }: Answer<unknown> = await gateway.request('PUT', path, spec, {
    'if-match': current.headers.get('etag') ?? '',
  });
  ledger.count('updated');
  // Its new child may just have been killed: then the old version serves on.
  if (status !== 200) ledger.count(`update ${status}: ${String((body as { code?: string }).code)}`);
}

/** Compares the least of the first third after warming up with the least of the last: what only grows shows in it. */
export function drift(samples: readonly Sample[]): string[] {
  const judged = samples.slice(Math.floor(samples.length * WARM_UP));
  const third = Math.floor(judged.length / 3);
  if (third < 3) return [];
  const least = (part: readonly Sample[], what: keyof typeof LIMITS): number =>
    Math.min(...part.map((sample) => sample[what]));
  return (Object.keys(LIMITS) as (keyof typeof LIMITS)[]).flatMap((what) => {
    const [from, to] = [least(judged.slice(0, third), what), least(judged.slice(-third), what)];
    say(`${what}: ${from} -> ${to}`);
    return to - from > LIMITS[what] ? [`${what} grew from ${from} to ${to}`] : [];
  });
}
