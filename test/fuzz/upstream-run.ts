import fc from 'fast-check';
import { foreignMarkers, markerOf } from './markers.js';
import { exchange, type Exchange } from './raw-client.js';
import { httpCase, lineCase, tornScripts, type UpstreamCase } from './upstream-cases.js';
import { BOUND_MS, ControlSession, type FuzzWorld } from './world.js';

const WORKERS = 24;
const MAX_FAULTS = 20;

interface Calling {
  readonly world: FuzzWorld;
  readonly service: string;
  readonly session: string;
}

/** Lets upstreams misbehave while many clients call; answers what reached a client that should not have. */
export async function attackAsUpstreams(
  world: FuzzWorld,
  cases: number,
  seed: number,
): Promise<string[]> {
  const faults: string[] = [];
  const sessions = await Promise.all(['shared', 'remote'].map((name) => world.open(name)));
  const controls = [
    new ControlSession(world, 'shared', sessions[0] ?? ''),
    new ControlSession(world, 'remote', sessions[1] ?? ''),
  ];
  const plans: Record<string, UpstreamCase[]> = {
    shared: fc.sample(lineCase, { numRuns: Math.round(cases * 0.4), seed }),
    own: fc.sample(lineCase, { numRuns: Math.round(cases * 0.1), seed: seed + 1 }),
    remote: fc.sample(httpCase, { numRuns: Math.round(cases * 0.5), seed }),
  };
  let count = 0;
  const worker = async (service: string, plan: UpstreamCase[]): Promise<void> => {
    const session = await world.open(service);
    for (let one = plan.pop(); one !== undefined && faults.length < MAX_FAULTS; one = plan.pop()) {
      count += 1;
      const id = count;
      const marker = markerOf(id);
      const seen = await call({ world, service, session }, marker, id, { script: one.script });
      const fault = faultOf(service, one, seen, marker, id);
      if (fault !== null)
        faults.push(
          `${service}, ${one.kind}: ${fault}\n${JSON.stringify(one.script).slice(0, 400)}\ngot ${JSON.stringify(seen.text.slice(0, 600))} (${seen.end})`,
        );
    }
    await world.close(service, session);
  };
  await Promise.all(
    Object.entries(plans).flatMap(([service, plan]) =>
      Array.from({ length: service === 'own' ? 4 : WORKERS }, () => worker(service, plan)),
    ),
  );
  faults.push(...(await tear(world, Math.ceil(cases / 100))));
  for (const control of controls) {
    await control.stop();
    faults.push(...control.faults);
  }
  return faults;
}

function call(
  { world, service, session }: Calling,
  marker: string,
  id: number,
  args: object,
): Promise<Exchange> {
  const params = {
    name: 'fuzz',
    arguments: { marker, ...args },
    _meta: { progressToken: `t${id}` },
  };
  const body = Buffer.from(JSON.stringify({ jsonrpc: '2.0', id, method: 'tools/call', params }));
  return exchange(world.port, {
    parts: [world.request(service, session, body)],
    awaits: 1,
    withinMs: BOUND_MS,
  });
}

/** Two clients whose answers a child writes into one another. */
async function tear(world: FuzzWorld, pairs: number): Promise<string[]> {
  const faults: string[] = [];
  const a = { world, service: 'shared', session: await world.open('shared') };
  const b = { world, service: 'shared', session: await world.open('shared') };
  for (let pair = 0; pair < pairs; pair += 1) {
    const write = tornScripts[pair % tornScripts.length] ?? '';
    const [mine, yours] = [markerOf(9_000_000 + pair * 2), markerOf(9_000_001 + pair * 2)];
    const both = await Promise.all([
      call(a, mine, 1, { script: [{ write }], other: yours }),
      call(b, yours, 2, { script: [{ ms: 200 }] }),
    ]);
    both.forEach((seen, index) => {
      const foreign = foreignMarkers(seen.text, index === 0 ? mine : yours);
      if (foreign.length > 0)
        faults.push(
          `torn line: heard ${foreign.join()} in ${JSON.stringify(seen.text.slice(0, 600))}`,
        );
      if (seen.end === 'late') faults.push('torn line: no end');
    });
  }
  await world.close('shared', a.session);
  await world.close('shared', b.session);
  return faults;
}

function faultOf(
  service: string,
  one: UpstreamCase,
  seen: Exchange,
  marker: string,
  id: number,
): string | null {
  const foreign = foreignMarkers(seen.text, marker);
  if (foreign.length > 0) return `heard ${foreign.join(', ')}`;
  if (seen.end === 'late') return 'no end';
  // The tokens of clients are texts; the numbers are ours, for the upstream only.
  if (
    service !== 'remote' &&
    /notifications\/progress","params":\{"progressToken":\d/.test(seen.text)
  ) {
    return 'a progress token of ours came out';
  }
  if (!one.answered) return null;
  const [answer] = seen.answers;
  if (answer?.status !== 200) return `status ${String(answer?.status)}`;
  return answer.body.includes(`"id":${id}`) && !answer.body.includes('"error"')
    ? null
    : 'not the reply';
}
