// From the start of the process to the first right answer of a tool: start, registration with its proof, session, call.
//
//   npm run build && node test/bench/start-up.mjs [--rounds 5]
import { pathToFileURL } from 'node:url';
import { mediansOf } from './bursts.mjs';
import { Caller } from './caller.mjs';
import { option } from './processes.mjs';
import { BUNDLE, MAIN, startBridge, startGateway, startUpstream } from './targets.mjs';

async function once(start) {
  const upstream = await startUpstream('stdio');
  const from = performance.now();
  const target = await start(upstream);
  const caller = new Caller(target);
  try {
    await caller.open();
    await caller.call('first');
    const firstMs = performance.now() - from;
    return { readyMs: (target.readyAt ?? performance.now()) - from, firstMs };
  } finally {
    await caller.close();
    await target.end();
    await upstream.end();
  }
}

/** Medians by name, in turns: the bridge, the built files, and the one bundle if there is one. */
export async function startUps(rounds) {
  const starters = {
    bridge: startBridge,
    'gateway, built files': (upstream) => startGateway(upstream, { main: MAIN }),
    ...(BUNDLE === null
      ? {}
      : { 'gateway, one bundle': (upstream) => startGateway(upstream, { main: BUNDLE }) }),
  };
  const seen = Object.fromEntries(Object.keys(starters).map((name) => [name, []]));
  for (let round = 0; round < rounds; round += 1) {
    for (const [name, start] of Object.entries(starters)) seen[name].push(await once(start));
  }
  return Object.fromEntries(Object.entries(seen).map(([name, all]) => [name, mediansOf(all)]));
}

export const START_HEAD = `| start | ready, ms | first right answer, ms |
| --- | --- | --- |`;

export const startRow = (name, { readyMs, firstMs }) =>
  `| ${name} | ${readyMs.toFixed(0)} | ${firstMs.toFixed(0)} |`;

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  console.log(START_HEAD);
  const all = await startUps(Math.min(Number(option('rounds', 5)), 50));
  for (const [name, figures] of Object.entries(all)) console.log(startRow(name, figures));
}
