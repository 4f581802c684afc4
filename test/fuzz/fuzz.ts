import { parseArgs } from 'node:util';
import { CHANNEL_CLAIMS } from './channel-properties.js';
import { attackAsClients } from './client-run.js';
import { atTheGateway, type Attack } from './gateway-run.js';
import { EXCHANGE_CLAIMS } from './exchange-properties.js';
import { SCAN_CLAIMS } from './scan-properties.js';
import { tryClaims } from './tally.js';
import { attackAsUpstreams } from './upstream-run.js';

const say = (line: string): void => void process.stdout.write(`${line}\n`);
const WARM_UP_CASES = 200;

/** Answers the exit code. */
export async function fuzz(argv: string[]): Promise<number> {
  const { values } = parseArgs({
    args: argv,
    options: {
      cases: { type: 'string', default: '100000' },
      seed: { type: 'string', default: String(Date.now() % 1_000_000) },
      only: { type: 'string', default: 'pieces,clients,upstreams' },
    },
  });
  const cases = Number(values.cases);
  const seed = Number(values.seed);
  const wanted = new Set(values.only.split(','));
  say(`seed ${seed}`);
  const faults: string[] = [];
  if (wanted.has('pieces')) {
    const claims = [...SCAN_CLAIMS, ...CHANNEL_CLAIMS, ...EXCHANGE_CLAIMS];
    faults.push(...(await tryClaims(claims, Math.round(cases * 0.85), seed, say)));
  }
  if (wanted.has('clients')) faults.push(...(await attacked(attackAsClients, cases * 0.1, seed)));
  if (wanted.has('upstreams')) {
    faults.push(...(await attacked(attackAsUpstreams, cases * 0.05, seed)));
  }
  for (const fault of faults) say(`\n${fault}`);
  say(faults.length === 0 ? 'nothing found' : `${faults.length} found`);
  return faults.length === 0 ? 0 : 1;
}

async function attacked(attack: Attack, share: number, seed: number): Promise<readonly string[]> {
  const cases = Math.round(share);
  const report = await atTheGateway(attack, { cases, seed, warmUp: WARM_UP_CASES });
  const { faults, tookMs, before, after } = report;
  say(`${faults.length === 0 ? 'ok' : 'FAILED'}  ${cases} cases  ${tookMs} ms  ${attack.name}`);
  say(`    before ${JSON.stringify(before)}\n    after  ${JSON.stringify(after)}`);
  return faults;
}
