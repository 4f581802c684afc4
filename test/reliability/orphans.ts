import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { fixture, GatewayProcess } from '../support/gateway-process.js';
import { connectHttp } from '../support/mcp-clients.js';
import { descendantsOf, liveProcesses, processesWith } from '../support/process-tree.js';

const SERVER = fixture('failing-server.mjs');
const LIMIT_MS = 5_000;
const STEP_MS = 20;
const say = (line: string): void => void process.stdout.write(`${line}\n`);

/**
 * Every kind of hosting that starts processes, each server with a child in its group and one that has left it, all of which
 * ignore the end of their input and every polite signal.
 */
const KINDS = [
  { name: 'session', hosting_mode: 'stdio', isolation: 'session' },
  { name: 'shared', hosting_mode: 'stdio', isolation: 'shared' },
  { name: 'http', hosting_mode: 'streamable_http', isolation: 'shared' },
] as const;

/** Answers the exit code: 0 when nothing was left after 5 s, each time. */
export async function orphans(argv: string[]): Promise<number> {
  const { values } = parseArgs({
    args: argv,
    options: { cycles: { type: 'string', default: '20' } },
  });
  const took: number[] = [];
  let faults = 0;
  for (let cycle = 1; cycle <= Number(values.cycles); cycle += 1) {
    const { tookMs, count, left } = await once();
    if (tookMs === null) faults += 1;
    else took.push(tookMs);
    const end = tookMs === null ? `LEFT ${left.join(', ')}` : `gone after ${String(tookMs)} ms`;
    say(`${String(cycle)}: ${String(count)} processes, ${end}`);
  }
  took.sort((left, right) => left - right);
  say(
    `${String(took.length)} of ${values.cycles} without an orphan; longest ${String(took.at(-1) ?? 0)} ms, median ${String(took[took.length >> 1] ?? 0)} ms`,
  );
  return faults === 0 ? 0 : 1;
}

interface End {
  readonly tookMs: number | null;
  readonly count: number;
  readonly left: readonly string[];
}

async function once(): Promise<End> {
  const directory = mkdtempSync(join(tmpdir(), 'orphans-'));
  const gateway = await GatewayProcess.start();
  const watched = new Map<number, string>();
  try {
    for (const { name, hosting_mode, isolation } of KINDS) {
      const control = join(directory, `${name}.json`);
      writeFileSync(control, '{"mode":"well","brood":true}');
      const runtime = { command: 'node', args: [SERVER, control], isolation };
      const created = await gateway.register({ name, hosting_mode, config: { runtime } });
      if (created.status !== 201) throw new Error(JSON.stringify(created.body));
    }
    // A session of its own, in which nothing is under way when the gateway ends.
    const client = await connectHttp(`${gateway.url}/mcp/session`);
    await client.callTool({ name: 'answer' });
    await pause(300);
    for (const { pid, command } of [...descendantsOf(gateway.pid), ...processesWith(directory)])
      watched.set(pid, command);
    await gateway.kill9();
    const end = await gone(watched);
    await client.close().catch(() => undefined);
    return end;
  } finally {
    if (gateway.child.exitCode === null && gateway.child.signalCode === null) await gateway.kill9();
    for (const { pid, command } of liveProcesses())
      if (watched.get(pid) === command) process.kill(pid, 'SIGKILL');
    rmSync(gateway.dataDir, { recursive: true, force: true });
    rmSync(directory, { recursive: true, force: true });
  }
}

async function gone(watched: ReadonlyMap<number, string>): Promise<End> {
  const begunMs = performance.now();
  for (;;) {
    const left = liveProcesses().filter(({ pid, command }) => watched.get(pid) === command);
    const tookMs = Math.round(performance.now() - begunMs);
    if (left.length === 0) return { tookMs, count: watched.size, left: [] };
    if (tookMs > LIMIT_MS) {
      const named = left.map(({ pid, command }) => `${String(pid)} ${command}`);
      return { tookMs: null, count: watched.size, left: named };
    }
    await pause(STEP_MS);
  }
}
