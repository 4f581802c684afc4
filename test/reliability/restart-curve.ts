import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventually, fixture, GatewayProcess } from '../support/gateway-process.js';
import { linesOf } from './failure-callers.js';

const SERVER = fixture('failing-server.mjs');
/** The first is started at once; then `first_ms` by `factor` up to `cap_ms`. */
const EXPECTED_MS = [0, 1_000, 2_000, 4_000, 8_000, 16_000, 16_000] as const;
const POLICY = { first_ms: 1_000, factor: 2, cap_ms: 16_000, crash_loop_after: 50 };
const JITTER = 0.2;
/** From the end of a process until the gateway hears of it, and from a start until the new one runs, on a busy machine. */
const OVERHEAD_MS = 150;
const AT_ONCE_MS = 500;
const WITHIN_MS = 90_000;
const say = (line: string): void => void process.stdout.write(`${line}\n`);

/** Answers the exit code: 0 when every start came when the policy has it. Nobody calls the services meanwhile. */
export async function restartCurve(): Promise<number> {
  const directory = mkdtempSync(join(tmpdir(), 'restart-curve-'));
  const gateway = await GatewayProcess.start();
  try {
    const kinds = ['stdio', 'streamable_http'] as const;
    const faults = await Promise.all(kinds.map((kind) => follow(gateway, kind, directory)));
    const count = faults.flat().length;
    say(`${String(count)} starts out of bounds`);
    return count === 0 ? 0 : 1;
  } finally {
    await gateway.dispose();
    rmSync(directory, { recursive: true, force: true });
  }
}

async function follow(gateway: GatewayProcess, kind: string, directory: string): Promise<string[]> {
  const control = join(directory, `${kind}.json`);
  writeFileSync(control, '{"mode":"well"}');
  const runtime = {
    command: 'node',
    args: [SERVER, control],
    isolation: 'shared',
    restart: POLICY,
  };
  const name = kind.replaceAll('_', '-');
  const created = await gateway.register({ name, hosting_mode: kind, config: { runtime } });
  if (created.status !== 201) throw new Error(JSON.stringify(created.body));
  writeFileSync(control, '{"mode":"exit"}');
  const count = EXPECTED_MS.length;
  await eventually(() => linesOf(`${control}.ends`).length > count, WITHIN_MS, 'every start');
  writeFileSync(control, '{"mode":"well"}');
  const starts = linesOf(`${control}.starts`).map(Number);
  const ends = linesOf(`${control}.ends`).map(Number);
  return EXPECTED_MS.flatMap((expectedMs, at) => {
    const waitedMs = (starts[at + 1] ?? NaN) - (ends[at] ?? NaN);
    const latestMs = expectedMs === 0 ? AT_ONCE_MS : expectedMs * (1 + JITTER) + OVERHEAD_MS;
    const isRight = waitedMs >= expectedMs * (1 - JITTER) - 5 && waitedMs <= latestMs;
    const line = `${kind}: start ${String(at + 1)} after ${String(Math.round(waitedMs))} ms, by the policy ${String(expectedMs)}`;
    say(isRight ? line : `FAULT ${line}`);
    return isRight ? [] : [line];
  });
}
