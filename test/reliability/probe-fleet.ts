import { spawn, type ChildProcess } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Answer, GatewayProcess } from '../support/gateway-process.js';

const SERVER = join(import.meta.dirname, 'probe-fleet-server.mjs');
/** Of `/proc`, USER_HZ, on every platform Node runs on with it. */
const TICK_MS = 10;

export interface FleetCounts {
  /** Requests by name. */
  readonly counts: Readonly<Record<string, number>>;
  /** Requests under way at once, at most. */
  readonly most: number;
}

/** Light upstreams in a process of their own, one path for each service. */
export class ProbeFleet {
  private constructor(
    private readonly child: ChildProcess,
    private readonly ports: readonly number[],
  ) {}

  static async start(slowMs = 1_000): Promise<ProbeFleet> {
    const child = spawn(process.execPath, [SERVER, '--slow-ms', String(slowMs)], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    const line = await new Promise<Buffer>((resolve, reject) => {
      child.once('error', reject);
      child.stdout.once('data', resolve);
    });
    return new ProbeFleet(child, JSON.parse(line.toString()) as number[]);
  }

  /** Where the server of this name is; names are spread over the ports. */
  urlOf(name: string, at: number): string {
    return `http://127.0.0.1:${String(this.ports[at % this.ports.length])}/mcp/${name}`;
  }

  async counts(reset = false): Promise<FleetCounts> {
    const url = `http://127.0.0.1:${String(this.ports[0])}/counts${reset ? '?reset' : ''}`;
    return (await (await fetch(url)).json()) as FleetCounts;
  }

  async stop(): Promise<void> {
    if (this.child.exitCode !== null) return;
    const exited = new Promise((resolve) => this.child.once('exit', resolve));
    this.child.stdin?.end();
    await exited;
  }
}

/** Runs `act` for every member, `lanes` at a time. */
export async function each<T>(
  members: readonly T[],
  lanes: number,
  act: (member: T, at: number) => Promise<void>,
): Promise<void> {
  let next = 0;
  const lane = async (): Promise<void> => {
    while (next < members.length) {
      const at = next;
      next += 1;
      await act(members[at] as T, at);
    }
  };
  await Promise.all(Array.from({ length: lanes }, lane));
}

export async function register(
  gateway: GatewayProcess,
  name: string,
  config: object,
): Promise<void> {
  const { status, body } = (await gateway.register({ name, config })) as Answer<unknown>;
  if (status !== 201) throw new Error(`${name}: ${String(status)} ${JSON.stringify(body)}`);
}

/** CPU time of the process so far, in milliseconds. */
export function cpuMsOf(pid: number): number {
  const stat = readFileSync(`/proc/${String(pid)}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) * TICK_MS;
}

/** The metrics of the gateway, as numbers by series. */
export async function metricsOf(gateway: GatewayProcess): Promise<ReadonlyMap<string, number>> {
  const { body } = await gateway.request<string>('GET', '/metrics');
  const found = new Map<string, number>();
  for (const line of body.split('\n')) {
    const at = line.lastIndexOf(' ');
    if (at > 0 && !line.startsWith('#')) found.set(line.slice(0, at), Number(line.slice(at + 1)));
  }
  return found;
}

/** Upper bounds in seconds of what a histogram counted between two readings; `Infinity` past its last bucket. */
export function quantilesBetween(
  name: string,
  before: ReadonlyMap<string, number>,
  after: ReadonlyMap<string, number>,
  fractions: readonly number[],
): { readonly total: number; readonly bounds: readonly number[] } {
  const buckets: { bound: number; count: number }[] = [];
  for (const [series, count] of after) {
    const [, bound] = new RegExp(`^${name}_bucket\\{le="([^"]+)"\\}$`).exec(series) ?? [];
    if (bound === undefined) continue;
    const upTo = bound === '+Inf' ? Infinity : Number(bound);
    buckets.push({ bound: upTo, count: count - (before.get(series) ?? 0) });
  }
  buckets.sort((one, other) => one.bound - other.bound);
  const total = buckets.at(-1)?.count ?? 0;
  const boundOf = (fraction: number): number =>
    buckets.find(({ count }) => count >= Math.ceil(total * fraction))?.bound ?? NaN;
  return { total, bounds: fractions.map(boundOf) };
}

export function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
