import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import type { GatewayProcess } from '../support/gateway-process.js';
import { FailureCallers, judgeExecutions } from './failure-callers.js';
import type { FailureCase, FailureRow, Level } from './failure-case.js';
import { FAILURES } from './failure-cases.js';
import { startGateway } from './failure-gateway.js';
import { FailurePlace, NEEDED } from './failure-place.js';
import { tableOf } from './failure-table.js';
import {
  restartsOf,
  type AlertsAnswer,
  type HealthAnswer,
  type InstancesAnswer,
} from './gateway-answers.js';

const SETTLE_MS = 1_500;
const LASTS_MS = 4_000;
/** A recovery is one when it has lasted so long. */
const STEADY_MS = 1_000;
const STEP_MS = 50;
const say = (line: string): void => void process.stdout.write(`${line}\n`);

/** Answers the exit code: 0 when health was right about every failure. */
export async function injectFailures(argv: string[]): Promise<number> {
  const { values } = parseArgs({
    args: argv,
    options: { only: { type: 'string' }, out: { type: 'string' } },
  });
  const directory = mkdtempSync(join(tmpdir(), 'failures-'));
  const surroundings = join(directory, 'surroundings.json');
  writeFileSync(surroundings, '{}');
  const rows: FailureRow[] = [];
  const gateway = await startGateway(surroundings);
  try {
    for (const failure of FAILURES) {
      if (values.only !== undefined && !values.only.split(',').includes(failure.name)) continue;
      const row = await inject(failure, gateway, join(directory, failure.name), surroundings);
      rows.push(row);
      say(JSON.stringify(row, null, 1));
    }
  } finally {
    await gateway.dispose();
    rmSync(directory, { recursive: true, force: true });
  }
  const table = tableOf(rows);
  say(table);
  if (values.out !== undefined) {
    mkdirSync(values.out, { recursive: true });
    writeFileSync(join(values.out, 'failures.json'), `${JSON.stringify(rows, null, 2)}\n`);
    writeFileSync(join(values.out, 'failures.md'), table);
  }
  const wrong = rows.filter(({ faults }) => faults.length > 0);
  for (const { name, faults } of wrong) for (const fault of faults) say(`FAULT ${name}: ${fault}`);
  say(`${String(rows.length)} failures, ${String(wrong.length)} with faults`);
  return wrong.length === 0 ? 0 : 1;
}

async function inject(
  failure: FailureCase,
  shared: GatewayProcess,
  directory: string,
  surroundings: string,
): Promise<FailureRow> {
  say(`--- ${failure.name}: ${failure.injected}`);
  const own = failure.gateway === undefined ? null : await failure.gateway(surroundings);
  const place = new FailurePlace(own?.gateway ?? shared, failure.name, directory, surroundings);
  try {
    await failure.setUp(place);
    return await observe(failure, place);
  } finally {
    await place.close();
    await own?.close();
    place.surround({});
  }
}

async function observe(failure: FailureCase, place: FailurePlace): Promise<FailureRow> {
  const { expect } = failure;
  const callers = (place.callers = new FailureCallers(place.gateway, place.service));
  await pause(SETTLE_MS);
  const before = await factsOf(place);
  const failedMs = performance.now();
  await failure.fail(place);
  const detectedMs = await firstUnwell(place, failedMs, expect.level, expect.withinMs * 2);
  await pause(failure.lastsMs ?? LASTS_MS);
  const mendedMs = performance.now();
  await failure.mend(place);
  if (failure.operator !== undefined) await failure.operator(place);
  const recoveredMs = await recovery(place, callers, mendedMs, expect.recoversMs * 2);
  await callers.stop();
  const after = await factsOf(place);
  const seen = callers.during(failedMs, mendedMs);
  const executions = judgeExecutions(callers.seen, place.record);
  const found = place.shown.filter(({ atMs }) => atMs >= failedMs && atMs < mendedMs);
  const first = found.find(isExpected(expect)) ?? found.find(isUnwell) ?? place.shown.at(-1);
  const extra = (await failure.also?.(place)) ?? [];
  const facts = { failedMs, detectedMs, mendedMs, recoveredMs };
  const faults = [
    ...judge(failure, place, callers, facts),
    ...executions.faults,
    ...(before.level === 'healthy' ? [] : [`was ${before.level} before`]),
    ...extra,
  ];
  return {
    name: failure.name,
    injected: failure.injected,
    level: (first?.level ?? 'unknown') as Level,
    reason: first?.reason ?? '',
    action: first?.action ?? null,
    detected_ms: detectedMs === null ? null : Math.round(detectedMs - failedMs),
    shown: place.shown
      .filter(({ atMs }) => atMs >= failedMs)
      .map(
        ({ atMs, level, reason, summary }) =>
          `${((atMs - failedMs) / 1000).toFixed(1)} s ${level} ${reason}: ${summary}`,
      ),
    answers: tally(seen.map(({ kind }) => kind)),
    slowest_ms: Math.round(
      Math.max(0, ...seen.map(({ startedMs, endedMs }) => endedMs - startedMs)),
    ),
    executions: { sent: executions.sent, ran: executions.ran, twice: executions.twice },
    recovered_ms: recoveredMs === null ? null : Math.round(recoveredMs - mendedMs),
    recovery: `${failure.operator === undefined ? 'by itself' : 'by command'}, ${String(after.restarts - before.restarts)} failures counted, ${before.pid === after.pid ? 'same process' : 'another process'}`,
    alerts: await alertsOf(place),
    faults,
  };
}

interface Times {
  readonly failedMs: number;
  readonly detectedMs: number | null;
  readonly mendedMs: number;
  readonly recoveredMs: number | null;
}

const isExpected =
  ({ level, reasons }: FailureCase['expect']) =>
  (one: { level: string; reason: string }): boolean =>
    one.level === level && reasons.includes(one.reason);
const isUnwell = ({ level }: { level: string }): boolean => level !== 'healthy';

function judge(
  { expect }: FailureCase,
  place: FailurePlace,
  callers: FailureCallers,
  times: Times,
): string[] {
  const { failedMs, detectedMs, mendedMs, recoveredMs } = times;
  const faults: string[] = [];
  const shown = place.shown.filter(({ atMs }) => atMs >= failedMs && atMs < mendedMs);
  const unwell = shown.find(isUnwell);
  if (expect.level === 'healthy') {
    if (unwell !== undefined)
      faults.push(`false alarm: ${unwell.level} ${unwell.reason}: ${unwell.summary}`);
  } else if (detectedMs === null || unwell === undefined) faults.push('not detected');
  else {
    if (detectedMs - failedMs > expect.withinMs)
      faults.push(
        `detected after ${String(Math.round(detectedMs - failedMs))} ms, promised ${String(expect.withinMs)}`,
      );
    if (
      !shown.some(({ level, reason }) => level === expect.level && expect.reasons.includes(reason))
    )
      faults.push(`never shown as ${expect.level} ${expect.reasons.join(' or ')}`);
    if (!expect.reasons.includes(unwell.reason))
      faults.push(`first shown as ${unwell.level} ${unwell.reason}`);
    const wellMs = wellAfter(place, detectedMs, mendedMs);
    if (wellMs > (expect.wellMs ?? 0))
      faults.push(`shown healthy for ${String(Math.round(wellMs))} ms while it lasted`);
    for (const { level, action, reason } of shown)
      if (level !== 'healthy' && level !== 'unknown' && (action ?? '') === '')
        faults.push(`${reason} has no action`);
  }
  if (recoveredMs === null) faults.push('not recovered');
  else if (recoveredMs - mendedMs > expect.recoversMs)
    faults.push(
      `recovered after ${String(Math.round(recoveredMs - mendedMs))} ms, promised ${String(expect.recoversMs)}`,
    );
  const lost = callers.during(failedMs, mendedMs).filter(({ kind }) => kind !== 'answered');
  if (expect.everyCallAnswered === true && lost.length > 0)
    faults.push(`${String(lost.length)} calls lost: ${lost[0]?.kind ?? ''}`);
  const silent = callers.seen.filter(({ kind }) => kind.startsWith('no answer'));
  if (silent.length > 0)
    faults.push(`${String(silent.length)} calls without any answer: ${silent[0]?.kind ?? ''}`);
  return faults;
}

/** Milliseconds for which it was shown as healthy between two moments. */
function wellAfter(place: FailurePlace, fromMs: number, untilMs: number): number {
  return place.shown.reduce((sum, { atMs, level }, at) => {
    const endMs = Math.min(untilMs, place.shown[at + 1]?.atMs ?? Infinity);
    const startMs = Math.max(fromMs, atMs);
    return level === 'healthy' && endMs > startMs ? sum + endMs - startMs : sum;
  }, 0);
}

async function firstUnwell(
  place: FailurePlace,
  failedMs: number,
  expected: Level,
  withinMs: number,
): Promise<number | null> {
  if (expected === 'healthy') return null;
  while (performance.now() < failedMs + withinMs) {
    const found = place.shown.find((one) => one.atMs >= failedMs && isUnwell(one));
    if (found !== undefined) return found.atMs;
    await pause(STEP_MS);
  }
  return null;
}

async function recovery(
  place: FailurePlace,
  callers: FailureCallers,
  mendedMs: number,
  withinMs: number,
): Promise<number | null> {
  for (let sinceMs = mendedMs; ;) {
    await pause(STEP_MS);
    const last = place.shown.at(-1);
    const nowMs = performance.now();
    const well = last?.level === 'healthy' && callers.isServedSince(sinceMs);
    if (well && nowMs - sinceMs >= STEADY_MS) return Math.max(sinceMs, last.atMs);
    const lost = callers.seen.findLast(
      ({ startedMs, kind }) => startedMs >= sinceMs && kind !== 'answered',
    );
    if (lost !== undefined) sinceMs = lost.endedMs;
    if (last !== undefined && last.level !== 'healthy') sinceMs = nowMs;
    if (nowMs > mendedMs + withinMs) return null;
  }
}

interface Facts {
  readonly level: string;
  readonly restarts: number;
  readonly pid: number | null;
}

async function factsOf(place: FailurePlace): Promise<Facts> {
  const { level } = await place.read<HealthAnswer>('/health');
  const instances = await place.read<InstancesAnswer>('/instances');
  return { level, restarts: restartsOf(instances), pid: instances.items[0]?.pid ?? null };
}

async function alertsOf(place: FailurePlace): Promise<string[]> {
  const { body } = await place.gateway.request<AlertsAnswer>('GET', '/api/v1/alerts?limit=500');
  const names = [place.service, `${place.service}-${NEEDED}`, 'gateway'];
  const own = body.items.filter(({ name }) => names.includes(name));
  return own.map(({ name, rule, state, reason }) => {
    const whose = name === place.service ? '' : `${name}: `;
    return `${whose}${rule} ${reason} ${state}`;
  });
}

function tally(kinds: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const kind of kinds) counts[kind] = (counts[kind] ?? 0) + 1;
  return counts;
}
