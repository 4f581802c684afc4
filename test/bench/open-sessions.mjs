// What it costs to open a session: `initialize`, `notifications/initialized` and a first call, four clients at a time.
// The first hundred run on code that is not compiled yet, as they do after a deployment; the later ones show the slope.
//
//   npm run build && node test/bench/open-sessions.mjs [--kind stdio,http] [--rounds 3] [--sessions 2000]
import { setTimeout as pause } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { compared, mediansOf } from './bursts.mjs';
import { Caller } from './caller.mjs';
import { childrenOf, cpuUs, option, pssKb } from './processes.mjs';
import { startBridge, startGateway, startUpstream } from './targets.mjs';

const AT_A_TIME = 4;
const FIRST = 100;
const SETTLE_MS = 700;
const STARTERS = [startBridge, startGateway];

async function openMany(target, callers, count) {
  let left = count;
  const before = cpuUs(target.pid);
  const from = performance.now();
  await Promise.all(
    callers.map(async (caller) => {
      while (left > 0) {
        left -= 1;
        await caller.open();
        await caller.call('hello');
      }
    }),
  );
  const seconds = (performance.now() - from) / 1000;
  return { us: (cpuUs(target.pid) - before) / count, rate: count / seconds };
}

/** Memory of the target and all it started, in MB. */
function wholeMb(target) {
  const pids = [target.pid, ...childrenOf(target.pid).map(({ pid }) => pid)];
  return pids.reduce((sum, pid) => sum + pssKb(pid), 0) / 1024;
}

/** Figures of one start. `sessions`: how many are opened after the first hundred. */
export async function measureSessions(target, sessions) {
  const callers = Array.from({ length: AT_A_TIME }, () => new Caller(target));
  try {
    const first = await openMany(target, callers, FIRST);
    await pause(SETTLE_MS);
    const mbAt100 = wholeMb(target);
    await openMany(target, callers, FIRST);
    await pause(SETTLE_MS);
    const before = pssKb(target.pid);
    const later = await openMany(target, callers, sessions);
    await pause(SETTLE_MS);
    const kb = (pssKb(target.pid) - before) / sessions;
    const [firstUs, firstRate, us, rate] = [first.us, first.rate, later.us, later.rate];
    return { firstUs, firstRate, us, rate, kb, mbAt100 };
  } finally {
    for (const caller of callers) await caller.close();
  }
}

/** The medians of the rounds: `{ raw, ours }`. */
export async function sessionRounds(kind, { rounds, sessions }) {
  const seen = STARTERS.map(() => []);
  for (let round = 0; round < rounds; round += 1) {
    for (const [at, start] of STARTERS.entries()) {
      const upstream = await startUpstream(kind);
      const target = await start(upstream);
      try {
        seen[at].push(await measureSessions(target, sessions));
      } finally {
        await target.end();
        await upstream.end();
      }
    }
  }
  const [raw, ours] = seen.map(mediansOf);
  return { raw, ours };
}

export const SESSION_HEAD = `| upstream | CPU µs, first 100 | a second, first 100 | CPU µs, later | a second, later | KB a session | MB in all at 100 |
| --- | --- | --- | --- | --- | --- | --- |`;

export function sessionRow(kind, { raw, ours }) {
  const figures = ['firstUs', 'firstRate', 'us', 'rate', 'kb', 'mbAt100'];
  const cells = figures.map((figure) =>
    compared(raw[figure], ours[figure], figure === 'kb' ? 1 : 0),
  );
  return `| ${kind} | ${cells.join(' | ')} |`;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const rounds = Math.min(Number(option('rounds', 3)), 20);
  const sessions = Math.min(Number(option('sessions', 2000)), 15_000);
  console.log(`Raw bridge / gateway (ratio), medians of the rounds.\n\n${SESSION_HEAD}`);
  for (const kind of option('kind', 'stdio,http').split(',')) {
    console.log(sessionRow(kind, await sessionRounds(kind, { rounds, sessions })));
  }
}
