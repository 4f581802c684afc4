import { eventually, type GatewayProcess } from '../support/gateway-process.js';
import { descendantsOf, usageOf } from '../support/process-tree.js';

/** What a running gateway takes. */
export interface Sample {
  readonly rssMb: number;
  readonly heapMb: number;
  readonly descriptors: number;
  readonly processes: number;
  readonly sessions: number;
}

export async function sampleOf(gateway: GatewayProcess): Promise<Sample> {
  const { body } = await gateway.request<string>('GET', '/metrics');
  const value = (name: string): number =>
    Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(body)?.[1] ?? NaN);
  const { rssMb, descriptors } = usageOf(gateway.pid);
  return {
    rssMb: round(rssMb),
    heapMb: round(value('nodejs_heap_size_used_bytes') / 2 ** 20),
    descriptors,
    processes: descendantsOf(gateway.pid).length,
    sessions: value('switchyard_sessions'),
  };
}

/** Waits until sessions, processes and descriptors are down to what they were; answers the last sample. */
export async function calmed(
  gateway: GatewayProcess,
  before: Sample,
  withinMs: number,
): Promise<Sample> {
  let last = await sampleOf(gateway);
  await eventually(async () => {
    last = await sampleOf(gateway);
    return isCalm(before, last);
  }, withinMs).catch(() => undefined);
  return last;
}

export function isCalm(before: Sample, now: Sample): boolean {
  return (
    now.sessions <= before.sessions &&
    now.processes <= before.processes &&
    now.descriptors <= before.descriptors + 10
  );
}

function round(n: number): number {
  return Math.round(n * 10) / 10;
}
