// CPU per call of the gateway against a raw bridge in Node with the same upstream, in interleaved rounds on one machine.
// CPU per call comes first, as it repeats where calls per second depend on who else uses the machine; only ratios within
// one run count. Linux: reads /proc. Every answer is checked.
//
//   npm run build && node test/bench/cpu-per-call.mjs [--kind stdio,http] [--rounds 3] [--seconds 3] [--callers 16]
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { Pool } from 'undici';

const HERE = import.meta.dirname;
const MAIN = join(HERE, '..', '..', 'dist', 'main.js');
const UPSTREAM = join(HERE, 'echo-server.mjs');
const SIZES = [200, 65_536, 1_048_576];
/** Clock ticks of /proc/<pid>/stat; 100 a second on every Linux that Node.js runs on. */
const TICK_US = 10_000;
const READY_MS = 30_000;

function option(name, fallback) {
  const at = process.argv.indexOf(`--${name}`);
  return at < 0 ? fallback : process.argv[at + 1];
}

const kinds = option('kind', 'stdio,http').split(',');
const rounds = Math.min(Number(option('rounds', 3)), 20);
const seconds = Math.min(Number(option('seconds', 3)), 60);
const callers = Math.min(Number(option('callers', 16)), 256);

async function freePort() {
  const server = createServer();
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}

async function until(what, test) {
  for (const end = Date.now() + READY_MS; Date.now() < end; await pause(20)) {
    if (await test().catch(() => false)) return;
  }
  throw new Error(`${what} did not become ready`);
}

function cpuUs(pid) {
  const text = readFileSync(`/proc/${pid}/stat`, 'latin1');
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) * TICK_US;
}

/** Starts a process and answers how to end it. */
function launch(args, env = {}) {
  const child = spawn(process.execPath, args, {
    env: { PATH: process.env.PATH, NODE_ENV: 'production', ...env },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const gone = new Promise((resolve) => child.once('exit', resolve));
  const end = async () => {
    child.kill('SIGTERM');
    const late = setTimeout(() => child.kill('SIGKILL'), 10_000);
    await gone;
    clearTimeout(late);
  };
  return { pid: child.pid, end };
}

async function startBridge(upstream) {
  const port = await freePort();
  const target =
    upstream.url === null ? ['stdio', process.execPath, UPSTREAM] : ['http', upstream.url];
  const { pid, end } = launch([join(HERE, 'raw-bridge.mjs'), String(port), ...target]);
  const url = `http://127.0.0.1:${port}`;
  await until('the bridge', () => fetch(url, { method: 'POST', body: '{}' }).then(() => true));
  return { pid, end, url, path: '/' };
}

async function startGateway(upstream) {
  const port = await freePort();
  const folder = mkdtempSync(join(tmpdir(), 'switchyard-bench-'));
  const url = `http://127.0.0.1:${port}`;
  const started = launch([MAIN], {
    SWITCHYARD_PORT: String(port),
    SWITCHYARD_DATA_DIR: folder,
    SWITCHYARD_LOG_LEVEL: 'warn',
    SWITCHYARD_COMMANDS: process.execPath,
  });
  const end = async () => {
    await started.end();
    rmSync(folder, { recursive: true, force: true });
  };
  await until('the gateway', () => fetch(`${url}/readyz`).then(({ ok }) => ok));
  const runtime = { command: process.execPath, args: [UPSTREAM], isolation: 'shared' };
  const config = upstream.url === null ? { runtime } : { network: { url: upstream.url } };
  const answer = await fetch(`${url}/api/v1/services`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', prefer: 'wait=30' },
    body: JSON.stringify({ name: 'echo', config }),
  });
  if (answer.status !== 201) {
    await end();
    throw new Error(`not registered: ${answer.status} ${await answer.text()}`);
  }
  return { pid: started.pid, end, url, path: '/mcp/echo' };
}

/** One client session on a connection of its own; calls one after another. */
class Caller {
  constructor({ url, path }) {
    this.pool = new Pool(url, { connections: 1 });
    this.path = path;
    this.headers = {
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
    };
    this.lastId = 0;
  }

  async post(message) {
    const { path, headers } = this;
    const body = JSON.stringify({ jsonrpc: '2.0', ...message });
    const answer = await this.pool.request({ method: 'POST', path, headers, body });
    const text = await answer.body.text();
    return { status: answer.statusCode, headers: answer.headers, text };
  }

  async open() {
    const clientInfo = { name: 'bench', version: '1.0.0' };
    const params = { protocolVersion: '2025-06-18', capabilities: {}, clientInfo };
    const { headers } = await this.post({ id: 0, method: 'initialize', params });
    this.headers['mcp-session-id'] = headers['mcp-session-id'];
    await this.post({ method: 'notifications/initialized' });
  }

  async call(text) {
    this.lastId += 1;
    const params = { name: 'echo', arguments: { text } };
    const answer = await this.post({ id: this.lastId, method: 'tools/call', params });
    const { id, result } = JSON.parse(answer.text);
    if (id !== this.lastId || result?.content?.[0]?.text !== text) {
      throw new Error(`a wrong answer: ${answer.status} ${answer.text.slice(0, 200)}`);
    }
  }
}

async function load(all, text, forMs) {
  const took = [];
  const end = performance.now() + forMs;
  await Promise.all(
    all.map(async (caller) => {
      while (performance.now() < end) {
        const from = performance.now();
        await caller.call(text);
        took.push(performance.now() - from);
      }
    }),
  );
  return took.sort((a, b) => a - b);
}

async function measure(target, size) {
  const count = size > 500_000 ? 4 : size > 10_000 ? 8 : callers;
  const all = Array.from({ length: count }, () => new Caller(target));
  for (const caller of all) await caller.open();
  const text = 'x'.repeat(size);
  await load(all, text, seconds * 500);
  const before = cpuUs(target.pid);
  const from = performance.now();
  const took = await load(all, text, seconds * 1000);
  const us = (cpuUs(target.pid) - before) / took.length;
  const rate = took.length / ((performance.now() - from) / 1000);
  for (const { pool } of all) await pool.destroy();
  const at = (share) => took[Math.min(took.length - 1, Math.floor(took.length * share))];
  return { us, rate, p50: at(0.5), p99: at(0.99) };
}

const median = (numbers) => [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)];

async function upstreamOf(kind) {
  if (kind === 'stdio') return { url: null, end: async () => {} };
  const port = await freePort();
  const { end } = launch([UPSTREAM, String(port)]);
  const url = `http://127.0.0.1:${port}/mcp`;
  await until('the upstream', () => fetch(url).then(() => true));
  return { url, end };
}

async function run(kind) {
  const seen = new Map();
  for (let round = 0; round < rounds; round += 1) {
    const starters = [startBridge, startGateway];
    if (round % 2 === 1) starters.reverse();
    for (const start of starters) {
      const upstream = await upstreamOf(kind);
      const target = await start(upstream);
      try {
        for (const size of SIZES) {
          const key = `${size} ${start.name}`;
          seen.set(key, [...(seen.get(key) ?? []), await measure(target, size)]);
        }
      } finally {
        await target.end();
        await upstream.end();
      }
    }
  }
  for (const size of SIZES) {
    const [raw, ours] = [startBridge, startGateway].map(({ name }) => {
      const all = seen.get(`${size} ${name}`);
      return (figure) => median(all.map((one) => one[figure]));
    });
    const cells = ['us', 'rate', 'p50', 'p99'].map((figure) => {
      const digits = figure.startsWith('p') ? 2 : 0;
      const [a, b] = [raw(figure), ours(figure)];
      return `${a.toFixed(digits)} / ${b.toFixed(digits)} (${(b / a).toFixed(2)} x)`;
    });
    console.log(`| ${kind} | ${size} | ${cells.join(' | ')} |`);
  }
}

console.log('Raw bridge / gateway (ratio), medians of the rounds.\n');
console.log('| upstream | bytes each way | CPU µs a call | calls a second | p50 ms | p99 ms |');
console.log('| --- | --- | --- | --- | --- | --- |');
for (const kind of kinds) await run(kind);
