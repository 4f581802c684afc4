// What is compared: a raw bridge in Node and the gateway, in front of the same upstream.
import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort, launch, until } from './processes.mjs';

const HERE = import.meta.dirname;
const DIST = process.env.BENCH_DIST ?? join(HERE, '..', '..', 'dist');
export const MAIN = join(DIST, 'main.js');
const BUNDLED = join(DIST, 'bundle', 'main.js');
export const BUNDLE = existsSync(BUNDLED) ? BUNDLED : null;
const UPSTREAM = join(HERE, 'echo-server.mjs');
const KEY = 'sy_bench_key';

/** The server behind both. Over stdio each target starts its own. */
export async function startUpstream(kind) {
  if (kind === 'stdio') return { url: null, pid: null, end: async () => {} };
  const port = await freePort();
  const url = `http://127.0.0.1:${port}/mcp`;
  const begin = async () => {
    const started = launch([UPSTREAM, String(port)]);
    await until('the upstream', () => fetch(url).then(() => true));
    return started;
  };
  const upstream = { url, ...(await begin()) };
  upstream.restart = async () => Object.assign(upstream, await begin());
  return upstream;
}

export async function startBridge(upstream) {
  const port = await freePort();
  const target =
    upstream.url === null ? ['stdio', process.execPath, UPSTREAM] : ['http', upstream.url];
  const { pid, end } = launch([join(HERE, 'raw-bridge.mjs'), String(port), ...target]);
  const url = `http://127.0.0.1:${port}`;
  await until('the bridge', () => fetch(url, { method: 'POST', body: '{}' }).then(() => true), 5);
  return { pid, end, url, path: '/' };
}

/** An API key that may do all, the tools named, a limit that is never reached. */
const POLICIES = {
  tools: { allow: ['echo', 'other_*'], deny: ['secret_*'] },
  rate_limit: { requests: 10_000_000, window_ms: 60_000 },
};

/** `policies`: with credentials, a tool rule and a rate limit. `flags` are for Node.js itself. */
export async function startGateway(upstream, { policies = false, main = MAIN, flags = [] } = {}) {
  const port = await freePort();
  const folder = mkdtempSync(join(tmpdir(), 'switchyard-bench-'));
  const url = `http://127.0.0.1:${port}`;
  const key = policies ? KEY : null;
  const started = launch([...flags, main], {
    SWITCHYARD_PORT: String(port),
    SWITCHYARD_DATA_DIR: folder,
    SWITCHYARD_LOG_LEVEL: 'error',
    SWITCHYARD_COMMANDS: process.execPath,
    ...(policies ? { SWITCHYARD_API_KEYS_FILE: keysFile(folder) } : {}),
  });
  const end = async () => {
    await started.end();
    rmSync(folder, { recursive: true, force: true });
  };
  let readyAt;
  try {
    await until('the gateway', () => fetch(`${url}/readyz`).then(({ ok }) => ok), 5);
    readyAt = performance.now();
    await register(url, key, upstream, policies);
  } catch (error) {
    await end();
    throw error;
  }
  return { pid: started.pid, end, url, path: '/mcp/echo', key, readyAt };
}

function keysFile(folder) {
  const file = join(folder, 'keys.json');
  const sha256 = createHash('sha256').update(KEY).digest('hex');
  const scopes = ['admin', 'write', 'read', 'invoke', 'exec'];
  const keys = [{ id: 'bench', sha256, scopes, services: null, expires_at: null }];
  writeFileSync(file, JSON.stringify({ keys }), { mode: 0o600 });
  return file;
}

async function register(url, key, upstream, policies) {
  const runtime = { command: process.execPath, args: [UPSTREAM], isolation: 'shared' };
  const network = { max_sessions: 20_000, ...(upstream.url === null ? {} : { url: upstream.url }) };
  const reached = upstream.url === null ? { runtime, network } : { network };
  const config = policies ? { ...reached, security: POLICIES } : reached;
  const answer = await fetch(`${url}/api/v1/services`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      prefer: 'wait=30',
      ...(key === null ? {} : { authorization: `Bearer ${key}` }),
    },
    body: JSON.stringify({ name: 'echo', config }),
  });
  if (answer.status === 201) return;
  throw new Error(`not registered: ${answer.status} ${await answer.text()}`);
}
