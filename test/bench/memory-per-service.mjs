// What one registered remote service costs in memory: a gateway with its default checks and 0, 200 and 1,000 services,
// each proven by a light server of its own path. What counts is what a full collection leaves; the resident set before it
// says how much of the rest is room that the collector has not given back.
//
//   npm run build && node test/bench/memory-per-service.mjs [--services 0,200,1000] [--settle 20] [--snapshots <directory>]
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { freePort, launch, option, until } from './processes.mjs';
import { BUNDLE, MAIN } from './targets.mjs';

const HERE = import.meta.dirname;
const FLEET = join(HERE, '..', 'reliability', 'probe-fleet-server.mjs');
const LANES = 8;
const MEASURE_MS = 120_000;

async function startFleet() {
  const child = spawn(process.execPath, [FLEET], { stdio: ['pipe', 'pipe', 'inherit'] });
  const line = await new Promise((resolve) => child.stdout.once('data', resolve));
  return { ports: JSON.parse(line.toString()), end: () => child.stdin.end() };
}

async function startGateway(folder, snapshots) {
  const port = await freePort();
  const report = join(folder, 'memory.ndjson');
  const preload = join(HERE, 'memory-preload.mjs');
  const started = launch(['--expose-gc', '--import', preload, BUNDLE ?? MAIN], {
    SWITCHYARD_PORT: String(port),
    SWITCHYARD_DATA_DIR: join(folder, 'data'),
    SWITCHYARD_LOG_LEVEL: 'error',
    MEMORY_REPORT: report,
    ...(snapshots === undefined ? {} : { MEMORY_SNAPSHOTS: snapshots }),
  });
  const url = `http://127.0.0.1:${port}`;
  await until('the gateway', () => fetch(`${url}/readyz`).then(({ ok }) => ok));
  return { ...started, url, report };
}

async function register({ url }, { ports }, at) {
  const name = `remote-${at}`;
  const config = { network: { url: `http://127.0.0.1:${ports[at % ports.length]}/mcp/${name}` } };
  const answer = await fetch(`${url}/api/v1/services`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', prefer: 'wait=60' },
    body: JSON.stringify({ name, config }),
  });
  const text = await answer.text();
  if (answer.status !== 201) throw new Error(`${name}: ${answer.status} ${text}`);
}

/** Registers the services from the `from`th up to `to`, some at a time. */
async function registerUpTo(gateway, fleet, from, to) {
  let next = from;
  const lane = async () => {
    while (next < to) {
      next += 1;
      await register(gateway, fleet, next - 1);
    }
  };
  await Promise.all(Array.from({ length: LANES }, lane));
}

/** What is built on demand: the API's document, the metrics, the list and the search. */
async function askForAll({ url }) {
  const paths = ['openapi.json', 'metrics', 'api/v1/services?q=echo&limit=100'];
  for (const path of paths) {
    const answer = await fetch(`${url}/${path}`);
    await answer.arrayBuffer();
    if (!answer.ok) throw new Error(`${path}: ${answer.status}`);
  }
}

const linesOf = (file) =>
  existsSync(file) ? readFileSync(file, 'utf8').split('\n').filter(Boolean) : [];

async function measure({ pid, report }) {
  const seen = linesOf(report).length;
  process.kill(pid, 'SIGUSR2');
  for (const end = Date.now() + MEASURE_MS; Date.now() < end; await pause(100)) {
    const lines = linesOf(report);
    if (lines.length > seen) return JSON.parse(lines.at(-1));
  }
  throw new Error('the gateway did not answer its signal');
}

const mb = (bytes) => (bytes / 1024 / 1024).toFixed(1);

function row(services, { before, after }) {
  const cells = [
    before.rss,
    after.rss,
    after.heapTotal,
    after.heapUsed,
    after.code,
    after.external,
  ];
  return `| ${services} | ${cells.map(mb).join(' | ')} |`;
}

const counts = option('services', '0,200,1000').split(',').map(Number);
const settleMs = Number(option('settle', 20)) * 1000;
const folder = mkdtempSync(join(tmpdir(), 'switchyard-memory-'));
const fleet = await startFleet();
try {
  const gateway = await startGateway(folder, option('snapshots'));
  try {
    console.log(
      '| services | resident, MB | after a collection | heap | of it used | of that code | outside |',
    );
    console.log('| --- | --- | --- | --- | --- | --- | --- |');
    const measured = [];
    for (const [at, services] of counts.entries()) {
      await registerUpTo(gateway, fleet, counts[at - 1] ?? 0, services);
      await pause(settleMs);
      const figures = await measure(gateway);
      measured.push({ services, ...figures });
      console.log(row(services, figures));
    }
    await askForAll(gateway);
    console.log(row('asked', await measure(gateway)));
    const [one, other] = measured.slice(-2);
    const kb = (figure) =>
      ((figure(other) - figure(one)) / (other.services - one.services) / 1024).toFixed(1);
    console.log(`\nheap of one more service: ${kb(({ after }) => after.heapUsed)} KB`);
    console.log(`resident after a collection: ${kb(({ after }) => after.rss)} KB`);
    console.log(`resident as it was: ${kb(({ before }) => before.rss)} KB`);
  } finally {
    await gateway.end();
  }
} finally {
  fleet.end();
  rmSync(folder, { recursive: true, force: true });
}
