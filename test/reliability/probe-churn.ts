import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { GatewayProcess, eventually, pause } from '../support/gateway-process.js';
import { descendantsOf, usageOf } from '../support/process-tree.js';
import { ProbeFleet, each, metricsOf, register, say } from './probe-fleet.js';

const STDIO_SERVER = join(import.meta.dirname, 'work-server.mjs');
const INTERVAL_MS = 1_000;
/** Of an interval: jitter, the tick of the scheduler, and what a busy machine adds. */
const GRACE_MS = 1_000;
const STDIO = 6;
const LANES = 8;
const NEW_DESCRIPTION = 'a service that is probed';

/** What is done to one of the services. */
type Fate = 'delete' | 'rename' | 'update';

interface Subject {
  readonly name: string;
  readonly at: number;
  readonly fate: Fate;
  readonly isStdio: boolean;
}

/** Answers the exit code. */
export async function probeChurn(argv: string[]): Promise<number> {
  const { values } = parseArgs({
    args: argv,
    options: {
      services: { type: 'string', default: '50' },
      rounds: { type: 'string', default: '3' },
    },
  });
  const fleet = await ProbeFleet.start();
  const gateway = await GatewayProcess.start({ env: { SWITCHYARD_LOG_LEVEL: 'error' } });
  const faults: string[] = [];
  try {
    const idle = descendantsOf(gateway.pid).length;
    for (let round = 1; round <= Number(values.rounds); round += 1) {
      const found = await churn(gateway, fleet, { round, services: Number(values.services) });
      faults.push(...found, ...(await leftOver(gateway, idle)));
      const { rssMb, descriptors } = usageOf(gateway.pid);
      say(
        `round ${String(round)}: ${String(found.length)} faults, ${rssMb.toFixed(0)} MB, ${String(descriptors)} descriptors`,
      );
    }
  } finally {
    await gateway.dispose();
    await fleet.stop();
  }
  for (const fault of faults) say(`FAULT ${fault}`);
  say(faults.length === 0 ? 'GOAL MET' : 'GOAL MISSED');
  return faults.length === 0 ? 0 : 1;
}

async function churn(
  gateway: GatewayProcess,
  fleet: ProbeFleet,
  { round, services }: { readonly round: number; readonly services: number },
): Promise<string[]> {
  const subjects = Array.from({ length: services }, (_, at) => subjectOf(round, at));
  await each(subjects, LANES, ({ name, isStdio }, at) =>
    register(gateway, name, isStdio ? stdioConfig() : remoteConfig(fleet, name, at)),
  );
  await pause(2 * INTERVAL_MS);
  const early = (await fleet.counts(true)).counts;
  const unprobed = subjects.filter(({ name, isStdio }) => !isStdio && (early[name] ?? 0) === 0);

  await each(subjects, LANES, (subject) => changeOne(gateway, fleet, subject));
  await pause(INTERVAL_MS + GRACE_MS);
  await fleet.counts(true);
  await pause(3 * INTERVAL_MS);
  const { counts } = await fleet.counts();
  const faults = [
    ...unprobed.map(({ name }) => `${name} was not probed at all`),
    ...subjects.flatMap((subject) => wrongProbes(subject, counts)),
  ];
  const asked = Object.values(counts).reduce((sum, count) => sum + count, 0);
  say(
    `round ${String(round)}: ${String(services)} changed; ${String(asked)} requests of probes to those that are left`,
  );
  const metrics = await metricsOf(gateway);
  faults.push(...subjects.flatMap((subject) => wrongSeries(subject, metrics)));
  await each(subjects, LANES, ({ name, fate }) =>
    fate === 'delete' ? Promise.resolve() : remove(gateway, fate === 'rename' ? `${name}-r` : name),
  );
  return faults;
}

function subjectOf(round: number, at: number): Subject {
  const fates = ['delete', 'rename', 'update'] as const;
  const isStdio = at < STDIO;
  const name = `${isStdio ? 'child' : 'probed'}-${String(round)}-${String(at)}`;
  return { name, at, fate: fates[at % fates.length] ?? 'delete', isStdio };
}

function monitoring(): object {
  const kinds = ['functional', 'performance', 'dependency', 'security'];
  const off = kinds.map((kind) => ({ kind, enabled: false }));
  return { checks: [{ kind: 'basic', interval_ms: INTERVAL_MS }, ...off] };
}

function remoteConfig(fleet: ProbeFleet, name: string, at: number): object {
  return { network: { url: fleet.urlOf(name, at) }, monitoring: monitoring() };
}

function stdioConfig(): object {
  const runtime = { command: 'node', args: [STDIO_SERVER], isolation: 'shared' };
  return { runtime, monitoring: monitoring() };
}

async function changeOne(
  gateway: GatewayProcess,
  fleet: ProbeFleet,
  { name, at, fate, isStdio }: Subject,
): Promise<void> {
  if (fate === 'delete') {
    await remove(gateway, name);
    return;
  }
  const path = `/api/v1/services/${name}`;
  const { body: spec, headers } = await gateway.request<object>('GET', `${path}?view=spec`);
  const next: Record<string, unknown> = { ...spec };
  if (fate === 'rename') next.name = `${name}-r`;
  else if (isStdio) next.description = NEW_DESCRIPTION;
  else next.config = remoteConfig(fleet, `${name}-2`, at);
  const { status, body } = await gateway.request<unknown>('PUT', path, next, {
    'if-match': headers.get('etag') ?? '',
  });
  if (status !== 200) throw new Error(`${fate} ${name}: ${String(status)} ${JSON.stringify(body)}`);
}

async function remove(gateway: GatewayProcess, name: string): Promise<void> {
  const path = `/api/v1/services/${name}`;
  const etag = (await gateway.request('GET', path)).headers.get('etag') ?? '';
  const { status, body } = await gateway.request<unknown>('DELETE', path, undefined, {
    'if-match': etag,
  });
  if (status !== 204 && status !== 202) {
    throw new Error(`delete ${name}: ${String(status)} ${JSON.stringify(body)}`);
  }
}

/** Whether the upstreams were asked that still should be, and no other. */
function wrongProbes(
  { name, fate, isStdio }: Subject,
  counts: Readonly<Record<string, number>>,
): string[] {
  if (isStdio) return [];
  const isLive = (target: string): boolean => (counts[target] ?? 0) > 0;
  const faults: string[] = [];
  // A renamed service keeps its upstream.
  if (fate !== 'rename' && isLive(name)) faults.push(`${name} is probed after its ${fate}`);
  if (fate === 'rename' && !isLive(name)) faults.push(`${name} is not probed after its rename`);
  if (fate === 'update' && !isLive(`${name}-2`)) faults.push(`${name}-2 is not probed`);
  return faults;
}

/** Whether the metrics still speak of a name that is gone. */
function wrongSeries({ name, fate }: Subject, metrics: ReadonlyMap<string, number>): string[] {
  if (fate === 'update') return [];
  const left = [...metrics.keys()].filter((series) => series.includes(`service="${name}"`));
  return left.map((series) => `${series} is left after the ${fate} of ${name}`);
}

/** Once every service is gone: nothing planned, nothing under way, no instance, no process. */
async function leftOver(gateway: GatewayProcess, idle: number): Promise<string[]> {
  let left: string[] = [];
  await eventually(async () => {
    const metrics = await metricsOf(gateway);
    const names = [
      'switchyard_probes_planned',
      'switchyard_probes_running',
      'switchyard_instances',
    ];
    left = names.flatMap((name) => {
      const count = metrics.get(name) ?? NaN;
      return count === 0 ? [] : [`${name} is ${String(count)}`];
    });
    const children = descendantsOf(gateway.pid).length - idle;
    if (children > 0) left.push(`${String(children)} processes are left`);
    return left.length === 0;
  }, 20_000).catch(() => undefined);
  return left;
}
