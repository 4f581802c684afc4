import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { GatewayProcess, pause } from '../support/gateway-process.js';
import { usageOf } from '../support/process-tree.js';
import {
  ProbeFleet,
  cpuMsOf,
  each,
  metricsOf,
  quantilesBetween,
  register,
  say,
} from './probe-fleet.js';

const STDIO_SERVER = join(import.meta.dirname, 'work-server.mjs');
const POOL = 40;
const GOAL_S = 1;
const SAMPLE_MS = 500;
/** The first checks come after a random part of their intervals; by then the shortest are in their stride. */
const WARM_UP_MS = 15_000;

interface Load {
  readonly services: number;
  readonly stdio: number;
  readonly slow: number;
  readonly seconds: number;
}

/** Answers the exit code. */
export async function probeLoad(argv: string[]): Promise<number> {
  const { values } = parseArgs({
    args: argv,
    options: {
      services: { type: 'string', default: '1000' },
      stdio: { type: 'string', default: '20' },
      slow: { type: 'string', default: '0' },
      seconds: { type: 'string', default: '120' },
    },
  });
  const load: Load = {
    services: Number(values.services),
    stdio: Number(values.stdio),
    slow: Number(values.slow),
    seconds: Number(values.seconds),
  };
  const fleet = await ProbeFleet.start();
  const gateway = await GatewayProcess.start({ env: { SWITCHYARD_LOG_LEVEL: 'error' } });
  try {
    await registerAll(gateway, fleet, load);
    await pause(WARM_UP_MS);
    return await measure(gateway, fleet, load);
  } finally {
    await gateway.dispose();
    await fleet.stop();
  }
}

async function registerAll(gateway: GatewayProcess, fleet: ProbeFleet, load: Load): Promise<void> {
  const names = Array.from({ length: load.services }, (_, at) => nameOf(at, load));
  const startedMs = performance.now();
  await each(names, 8, (name, at) => {
    const runtime = { command: 'node', args: [STDIO_SERVER], isolation: 'shared' };
    const remote = { network: { url: fleet.urlOf(name, at) } };
    return register(gateway, name, at < load.stdio ? { runtime } : remote);
  });
  const seconds = (performance.now() - startedMs) / 1_000;
  const { rssMb } = usageOf(gateway.pid);
  say(
    `${String(load.services)} services registered and proven in ${seconds.toFixed(0)} s, ${rssMb.toFixed(0)} MB`,
  );
}

function nameOf(at: number, { stdio, slow }: Load): string {
  if (at < stdio) return `stdio-${String(at)}`;
  return at < stdio + slow ? `slow-${String(at)}` : `remote-${String(at)}`;
}

async function measure(gateway: GatewayProcess, fleet: ProbeFleet, load: Load): Promise<number> {
  await fleet.counts(true);
  const before = await metricsOf(gateway);
  const [cpuBefore, startedMs] = [cpuMsOf(gateway.pid), performance.now()];
  let [mostRunning, mostRssMb] = [0, 0];
  while (performance.now() - startedMs < load.seconds * 1_000) {
    await pause(SAMPLE_MS);
    mostRssMb = Math.max(mostRssMb, usageOf(gateway.pid).rssMb);
  }
  const cpuMs = cpuMsOf(gateway.pid) - cpuBefore;
  const elapsedMs = performance.now() - startedMs;
  const after = await metricsOf(gateway);
  mostRunning = after.get('switchyard_probes_running') ?? NaN;
  const { most, counts } = await fleet.counts();
  const lateness = quantilesBetween(
    'switchyard_probe_lateness_seconds',
    before,
    after,
    [0.5, 0.99, 1],
  );
  const [p50 = NaN, p99 = NaN, max = NaN] = lateness.bounds;
  const asked = Object.values(counts).reduce((sum, count) => sum + count, 0);
  const rate = (count: number): string => ((count * 1_000) / elapsedMs).toFixed(1);
  say(`checks: ${rate(lateness.total)} a second, ${String(lateness.total)} in all`);
  say(`requests to upstreams: ${rate(asked)} a second; at once at most ${String(most)}`);
  say(`checks under way at the end: ${String(mostRunning)} (limit ${String(POOL)})`);
  say(`CPU of the gateway: ${((cpuMs / elapsedMs) * 100).toFixed(1)} % of a core`);
  say(`CPU a check: ${((cpuMs / lateness.total) * 1_000).toFixed(0)} µs`);
  say(`memory of the gateway: ${mostRssMb.toFixed(0)} MB at most`);
  say(`lateness: p50 <= ${String(p50)} s, p99 <= ${String(p99)} s, longest <= ${String(max)} s`);
  for (const line of resultsOf(before, after)) say(line);
  const levels = [...after].filter(([series]) =>
    series.startsWith('switchyard_services_by_health'),
  );
  for (const [series, count] of levels) say(`${series} ${String(count)}`);
  const isGood = p99 <= GOAL_S && most <= POOL;
  say(isGood ? 'GOAL MET' : 'GOAL MISSED');
  return isGood ? 0 : 1;
}

/** Outcomes of checks, by kind. */
function resultsOf(
  before: ReadonlyMap<string, number>,
  after: ReadonlyMap<string, number>,
): string[] {
  return [...after]
    .filter(([series]) => series.startsWith('switchyard_probes_total'))
    .map(([series, count]) => `${series} +${String(count - (before.get(series) ?? 0))}`);
}
