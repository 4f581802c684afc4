// What a client sees when the upstream is killed under a call: how soon the call ends with an error, and when the same
// session works again.
//
//   npm run build && node test/bench/recovery.mjs [--kind stdio,http] [--rounds 5]
import { setTimeout as pause } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { mediansOf } from './bursts.mjs';
import { Caller } from './caller.mjs';
import { childrenOf, option } from './processes.mjs';
import { startGateway, startUpstream } from './targets.mjs';

const GIVE_UP_MS = 10_000;
const HANGS = 'hang';

/** Kills the upstream; over HTTP it is started again at once, as a supervisor would. */
async function kill(gateway, upstream) {
  if (upstream.pid !== null) {
    process.kill(upstream.pid, 'SIGKILL');
    await upstream.restart();
    return;
  }
  const child = childrenOf(gateway.pid).find(({ command }) => command.includes('echo-server'));
  if (child === undefined) throw new Error('there is no upstream to kill');
  process.kill(child.pid, 'SIGKILL');
}

async function once(gateway, upstream, caller) {
  await caller.call('before');
  const hanging = caller.ask(HANGS).then(() => performance.now());
  await pause(100);
  const from = performance.now();
  const killing = kill(gateway, upstream);
  const errorMs = (await hanging) - from;
  await killing;
  for (;;) {
    const works = await caller.call('after').then(
      () => true,
      () => false,
    );
    if (works) break;
    if (performance.now() - from > GIVE_UP_MS) throw new Error('the session did not come back');
    await pause(5);
  }
  return { errorMs, worksMs: performance.now() - from };
}

/** Medians and worst of the rounds. Each has a gateway of its own: one that crashes again and again is restarted later. */
export async function recoveries(kind, rounds) {
  const seen = [];
  for (let round = 0; round < rounds; round += 1) seen.push(await freshly(kind));
  const worst = (figure) => Math.max(...seen.map((one) => one[figure]));
  return { ...mediansOf(seen), worstErrorMs: worst('errorMs'), worstWorksMs: worst('worksMs') };
}

async function freshly(kind) {
  const upstream = await startUpstream(kind);
  const gateway = await startGateway(upstream);
  const caller = new Caller(gateway);
  try {
    await caller.open();
    return await once(gateway, upstream, caller);
  } finally {
    await caller.close();
    await gateway.end();
    await upstream.end();
  }
}

export const RECOVERY_HEAD = `| upstream | call in flight ends with an error, ms (worst) | same session works again, ms (worst) |
| --- | --- | --- |`;

export const recoveryRow = (kind, { errorMs, worksMs, worstErrorMs, worstWorksMs }) =>
  `| ${kind} | ${errorMs.toFixed(0)} (${worstErrorMs.toFixed(0)}) | ${worksMs.toFixed(0)} (${worstWorksMs.toFixed(0)}) |`;

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const rounds = Math.min(Number(option('rounds', 5)), 50);
  console.log(RECOVERY_HEAD);
  for (const kind of option('kind', 'stdio,http').split(',')) {
    console.log(recoveryRow(kind, await recoveries(kind, rounds)));
  }
}
