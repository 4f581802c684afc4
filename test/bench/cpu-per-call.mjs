// CPU per call of the gateway against a raw bridge in Node with the same upstream. CPU per call comes first, as it repeats
// where calls per second depend on who else uses the machine; only ratios within one run count. Linux: reads /proc.
// Every answer is checked.
//
//   npm run build && node test/bench/cpu-per-call.mjs [--kind stdio,http] [--bursts 12] [--ms 400]
import { pathToFileURL } from 'node:url';
import { compared, inTurns } from './bursts.mjs';
import { flag, option } from './processes.mjs';
import { startBridge, startGateway, startUpstream } from './targets.mjs';

const SIZES = [
  { size: 200, count: 16 },
  { size: 200, count: 1 },
  { size: 65_536, count: 8 },
  { size: 1_048_576, count: 4 },
];

/** Rows `{ kind, size, count, bridge, gateway, policies }`. With policies: API key, tool rules and a rate limit. */
export async function compareCalls(kind, { bursts, burstMs, warmMs, sizes = SIZES }) {
  const started = [];
  const start = async (starter, options) => {
    const upstream = await startUpstream(kind);
    started.push(upstream);
    const target = await starter(upstream, options);
    started.push(target);
    return target;
  };
  try {
    const targets = {
      bridge: await start(startBridge),
      gateway: await start(startGateway),
      policies: await start(startGateway, { policies: true }),
    };
    const rows = [];
    for (const { size, count } of sizes) {
      const figures = await inTurns(targets, { size, count, bursts, burstMs, warmMs });
      rows.push({ kind, size, count, ...figures });
    }
    return rows;
  } finally {
    for (const one of started.reverse()) await one.end();
  }
}

export const CALL_HEAD = `| upstream | bytes each way | callers | CPU µs a call | with policies, µs more | calls a second | p50 ms | p99 ms |
| --- | --- | --- | --- | --- | --- | --- | --- |`;

export function callRow({ kind, size, count, bridge, gateway, policies }) {
  const cells = [
    compared(bridge.us, gateway.us, 1),
    (policies.us - gateway.us).toFixed(1),
    compared(bridge.rate, gateway.rate),
    compared(bridge.p50, gateway.p50, 3),
    compared(bridge.p99, gateway.p99, 2),
  ];
  return `| ${kind} | ${size} | ${count} | ${cells.join(' | ')} |`;
}

/** How long and how often, for a full look or a quick one. */
export function callPace(quick) {
  return quick
    ? { bursts: 5, burstMs: 200, warmMs: 700 }
    : { bursts: 12, burstMs: 400, warmMs: 2000 };
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const pace = callPace(flag('quick'));
  const bursts = Math.min(Number(option('bursts', pace.bursts)), 200);
  const burstMs = Math.min(Number(option('ms', pace.burstMs)), 10_000);
  console.log(`Raw bridge / gateway (ratio), medians of the bursts.\n\n${CALL_HEAD}`);
  for (const kind of option('kind', 'stdio,http').split(',')) {
    for (const row of await compareCalls(kind, { ...pace, bursts, burstMs })) {
      console.log(callRow(row));
    }
  }
}
