// The processes a run needs: the upstreams that listen, and a gateway with every upstream registered.
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { SetupError } from './suite.mjs';

const fixtures = join(import.meta.dirname, '..', 'fixtures');
const START_TIMEOUT_MS = 30_000;

const argsOf = ({ file, transport, args = [] }) => [
  join(fixtures, file),
  '--transport',
  transport,
  ...args,
];

/** A child with everything it wrote. */
class Running {
  #output = '';

  constructor(args, env = {}) {
    this.child = spawn(process.execPath, args, {
      env: { PATH: process.env.PATH, HOME: process.env.HOME, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const keep = (chunk) => (this.#output += chunk);
    this.child.stdout.on('data', keep);
    this.child.stderr.on('data', keep);
  }

  get output() {
    return this.#output;
  }

  /** Answers what `probe` answers once it is truthy. */
  async until(probe) {
    const deadline = performance.now() + START_TIMEOUT_MS;
    for (;;) {
      const found = await probe();
      if (found) return found;
      if (this.child.exitCode !== null) throw new Error(`ended while starting:\n${this.output}`);
      if (performance.now() > deadline) throw new Error(`did not start:\n${this.output}`);
      await pause(25);
    }
  }

  async stop() {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const ended = new Promise((resolve) => this.child.once('exit', resolve));
    this.child.kill('SIGTERM');
    const cut = setTimeout(() => this.child.kill('SIGKILL'), 15_000);
    await ended;
    clearTimeout(cut);
  }
}

export class World {
  #running = [];
  #urls = new Map();
  #dataDir = mkdtempSync(join(tmpdir(), 'switchyard-conformance-'));

  /** `main` is the built gateway. */
  constructor(main) {
    if (!existsSync(main)) throw new SetupError(`${main} is missing: run \`npm run build\` first`);
    this.main = main;
  }

  /** Starts `upstreams` (name → what plan.mjs says of it) and registers those in `registered`. */
  async start(upstreams, registered) {
    const listening = Object.entries(upstreams).filter(
      ([, { transport }]) => transport !== 'stdio',
    );
    await Promise.all([this.#startGateway(), ...listening.map((entry) => this.#listen(...entry))]);
    for (const name of registered) await this.register(name, this.#specOf(name, upstreams[name]));
  }

  directUrl(name) {
    return this.#urls.get(name);
  }

  gatewayUrl(name) {
    return `${this.url}/mcp/${name}`;
  }

  get logs() {
    return this.gateway?.output ?? '';
  }

  async register(name, spec) {
    const response = await fetch(`${this.url}/api/v1/services`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ name, ...spec }),
    });
    if (response.status !== 201) {
      throw new Error(`${name} was not registered: ${response.status} ${await response.text()}`);
    }
  }

  async stop() {
    await Promise.all(this.#running.map((running) => running.stop()));
    rmSync(this.#dataDir, { recursive: true, force: true });
  }

  async #startGateway() {
    const port = await freePort();
    this.url = `http://127.0.0.1:${port}`;
    this.gateway = this.#run([this.main], {
      NODE_ENV: 'production',
      SWITCHYARD_PORT: String(port),
      SWITCHYARD_DATA_DIR: this.#dataDir,
      SWITCHYARD_LOG_LEVEL: 'warn',
    });
    await this.gateway.until(() =>
      fetch(`${this.url}/readyz`).then(
        ({ ok }) => ok,
        () => false,
      ),
    );
  }

  async #listen(name, upstream) {
    const server = this.#run(argsOf(upstream));
    const [, port] = await server.until(() => /listening on (\d+)/.exec(server.output));
    const path = upstream.transport === 'sse' ? '/sse' : '/mcp';
    this.#urls.set(name, `http://127.0.0.1:${port}${path}`);
  }

  #specOf(name, upstream) {
    const monitoring = {
      checks: [{ kind: 'functional', tool: 'test_simple_text', arguments: {} }],
    };
    if (upstream.transport !== 'stdio') {
      const hosting_mode = upstream.transport === 'sse' ? 'sse' : 'streamable_http';
      return { hosting_mode, config: { network: { url: this.directUrl(name) }, monitoring } };
    }
    const { isolation } = upstream;
    // Clients of the suite leave some of their sessions open, and each has a child here; scenarios wait half a second
    // for the first message, which the start of a child can take.
    const warm = isolation === 'session' ? 2 : 0;
    const args = argsOf(upstream);
    const runtime = { command: 'node', args, isolation, warm, idle_stop_ms: 5000 };
    return { config: { runtime, monitoring } };
  }

  #run(args, env) {
    const running = new Running(args, env);
    this.#running.push(running);
    return running;
  }
}

async function freePort() {
  const server = createServer();
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}
