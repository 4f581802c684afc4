import fc from 'fast-check';
import { clientCase, type Attack, type ClientCase } from './client-cases.js';
import { foreignMarkers, markerOf } from './markers.js';
import { exchange, type Exchange } from './raw-client.js';
import { BOUND_MS, ControlSession, SERVICES, type FuzzWorld } from './world.js';

const WORKERS = 24;
const MAX_FAULTS = 20;

/** Runs the cases against the gateway, many at once; answers what was wrong, each with the bytes that were sent. */
export async function attackAsClients(
  world: FuzzWorld,
  cases: number,
  seed: number,
): Promise<string[]> {
  const planned = fc.sample(clientCase, { numRuns: cases, seed });
  const faults: string[] = [];
  const controls: ControlSession[] = [];
  for (const service of SERVICES)
    controls.push(new ControlSession(world, service, await world.open(service)));
  const kinds = new Map<string, number>();
  let next = 0;
  const worker = async (number: number): Promise<void> => {
    const service = SERVICES[number % SERVICES.length] ?? 'shared';
    const session = await world.open(service);
    const otherService = SERVICES[(number + 1) % SERVICES.length] ?? 'shared';
    const otherSession = await world.open(otherService);
    while (next < planned.length && faults.length < MAX_FAULTS) {
      const index = next;
      next += 1;
      const [kind, make] = planned[index] as ClientCase;
      const marker = markerOf(index);
      const attack = make({
        port: world.port,
        service,
        session,
        otherSession,
        marker,
        id: String(index),
      });
      const seen = await exchange(world.port, {
        parts: attack.parts,
        awaits: attack.awaits,
        withinMs: BOUND_MS,
      });
      for (const { headers } of seen.answers) {
        const opened = headers['mcp-session-id'];
        if (opened !== undefined)
          await world.close(kind === 'initialize' ? 'shared' : service, opened);
      }
      const fault = faultOf(attack, seen, marker);
      kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
      if (fault !== null)
        faults.push(`case ${index} (${kind}, ${service}): ${fault}\n${shown(attack, seen)}`);
    }
    await world.close(service, session);
    await world.close(otherService, otherSession);
  };
  await Promise.all(Array.from({ length: WORKERS }, (_, number) => worker(number)));
  for (const control of controls) {
    await control.stop();
    faults.push(...control.faults);
    if (control.calls < 2) faults.push('a control session did not come to call');
  }
  return faults;
}

function faultOf(attack: Attack, seen: Exchange, marker: string): string | null {
  const foreign = foreignMarkers(seen.text, marker);
  if (foreign.length > 0) return `heard ${foreign.join(', ')}`;
  if (seen.end === 'late' && attack.awaits > 0) return 'no end';
  for (const { status, body, headers } of seen.answers) {
    if (status === 500) return 'a client’s fault is told as a fault of ours';
    if (!(status >= 200 && status < 600)) return `status ${status}`;
    if (attack.ids === null || !(headers['content-type'] ?? '').startsWith('application/json'))
      continue;
    let id: unknown;
    try {
      ({ id } = JSON.parse(body) as { id: unknown });
    } catch {
      return 'the answer is no JSON';
    }
    const wanted = attack.ids.map((text) => valueOf(text));
    if (!wanted.includes(id)) return `the answer has the id ${JSON.stringify(id)}`;
  }
  return null;
}

function valueOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function shown(attack: Attack, seen: Exchange): string {
  const sent = attack.parts.map((part) => part.toString('latin1')).join('|');
  return `sent ${JSON.stringify(sent.slice(0, 1_500))}\ngot ${JSON.stringify(seen.text.slice(0, 800))} (${seen.end})`;
}
