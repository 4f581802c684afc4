// Everything that can be measured with this repository alone: the gateway against a raw bridge in Node, on one machine,
// in turns. Linux: reads /proc.
//
//   npm run build && node test/bench/run.mjs [--quick] [--parts calls,sessions,start,recovery] [--kind stdio,http]
import { cpus, loadavg } from 'node:os';
import { CALL_HEAD, callPace, callRow, compareCalls } from './cpu-per-call.mjs';
import { SESSION_HEAD, sessionRounds, sessionRow } from './open-sessions.mjs';
import { flag, option } from './processes.mjs';
import { RECOVERY_HEAD, recoveries, recoveryRow } from './recovery.mjs';
import { START_HEAD, startRow, startUps } from './start-up.mjs';

const quick = flag('quick');
const kinds = option('kind', 'stdio,http').split(',');
const parts = new Set(option('parts', 'calls,sessions,start,recovery').split(','));

async function section(name, title, head, rows) {
  if (!parts.has(name)) return;
  console.log(`\n${title}\n\n${head}`);
  for await (const row of rows()) console.log(row);
}

const load = () =>
  loadavg()
    .map((one) => one.toFixed(1))
    .join(' ');

console.log(
  `Node.js ${process.version}, ${cpus().length} CPUs, load ${load()}. Pairs: bridge / gateway.`,
);
await section('calls', 'Calls', CALL_HEAD, async function* () {
  for (const kind of kinds) {
    for (const row of await compareCalls(kind, callPace(quick))) yield callRow(row);
  }
});
await section('sessions', 'Opening sessions', SESSION_HEAD, async function* () {
  const pace = quick ? { rounds: 1, sessions: 500 } : { rounds: 3, sessions: 2000 };
  for (const kind of kinds) yield sessionRow(kind, await sessionRounds(kind, pace));
});
await section('start', 'Starting', START_HEAD, async function* () {
  const all = await startUps(quick ? 2 : 7);
  for (const [name, figures] of Object.entries(all)) yield startRow(name, figures);
});
await section('recovery', 'The upstream is killed', RECOVERY_HEAD, async function* () {
  for (const kind of kinds) yield recoveryRow(kind, await recoveries(kind, quick ? 2 : 7));
});
console.log(`\nLoad at the end: ${load()}.`);
