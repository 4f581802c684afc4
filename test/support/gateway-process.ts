import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..', '..');
export const MAIN = join(root, 'dist', 'bundle', 'main.js');
export const fixture = (name: string): string => join(root, 'test', 'fixtures', name);

export interface GatewayOptions {
  readonly env?: Readonly<Record<string, string>>;
  /** Kept over restarts; made when absent. */
  readonly dataDir?: string;
  readonly port?: number;
}

export interface Answer<Body> {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Body;
}

/** The built gateway as its own process, driven over HTTP like any user would. */
export class GatewayProcess {
  private constructor(
    readonly child: ChildProcess,
    readonly url: string,
    readonly port: number,
    readonly dataDir: string,
    readonly readyMs: number,
    private readonly output: readonly string[],
  ) {}

  static async start(options: GatewayOptions = {}): Promise<GatewayProcess> {
    if (!existsSync(MAIN)) throw new Error('not built: run `npm run build` first');
    const port = options.port ?? (await freePort());
    const dataDir = options.dataDir ?? mkdtempSync(join(tmpdir(), 'switchyard-'));
    const startedAt = performance.now();
    const child = spawn(process.execPath, [MAIN], {
      env: {
        PATH: process.env['PATH'],
        HOME: process.env['HOME'],
        NODE_ENV: 'production',
        SWITCHYARD_PORT: String(port),
        SWITCHYARD_DATA_DIR: dataDir,
        SWITCHYARD_LOG_LEVEL: 'warn',
        ...options.env,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const url = `http://127.0.0.1:${port}`;
    const output: string[] = [];
    child.stdout.on('data', (chunk: Buffer) => output.push(chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => output.push(chunk.toString()));
    for (;;) {
      if (child.exitCode !== null)
        throw new Error(`gateway exited ${child.exitCode}:\n${output.join('')}`);
      if (performance.now() - startedAt > 30_000) {
        child.kill('SIGKILL');
        throw new Error(`gateway not ready in 30 s:\n${output.join('')}`);
      }
      const ready = await fetch(`${url}/readyz`).then(
        (response) => response.ok,
        () => false,
      );
      if (ready) break;
      await pause(20);
    }
    return new GatewayProcess(child, url, port, dataDir, performance.now() - startedAt, output);
  }

  /** What it wrote to stdout and stderr so far. */
  get logs(): string {
    return this.output.join('');
  }

  get pid(): number {
    return this.child.pid ?? -1;
  }

  async request<Body = Json>(
    method: string,
    path: string,
    body?: unknown,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<Answer<Body>> {
    const response = await fetch(this.url + path, {
      method,
      headers: {
        ...(method === 'GET' ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    const isJson = (response.headers.get('content-type') ?? '').includes('json');
    return {
      status: response.status,
      headers: response.headers,
      body: (isJson && text !== '' ? JSON.parse(text) : text) as Body,
    };
  }

  register(spec: object, headers: Readonly<Record<string, string>> = {}): Promise<Answer<Json>> {
    return this.request('POST', '/api/v1/services', spec, headers);
  }

  /** SIGTERM and wait. */
  async stop(): Promise<number | null> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return this.child.exitCode;
    this.child.kill('SIGTERM');
    await this.exited(20_000);
    return this.child.exitCode;
  }

  async kill9(): Promise<void> {
    this.child.kill('SIGKILL');
    await this.exited(5000);
  }

  /** Stops it and removes its data. */
  async dispose(): Promise<void> {
    await this.stop();
    rmSync(this.dataDir, { recursive: true, force: true });
  }

  private async exited(withinMs: number): Promise<void> {
    const until = performance.now() + withinMs;
    while (this.child.exitCode === null && this.child.signalCode === null) {
      if (performance.now() > until) {
        this.child.kill('SIGKILL');
        throw new Error(`gateway still runs after ${withinMs} ms:\n${this.logs}`);
      }
      await pause(10);
    }
  }
}

/** A JSON answer, read loosely by tests. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- tests read foreign JSON member by member
export type Json = any;

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** Tries until `probe` answers something other than `false`/`undefined`, or fails with what it last saw. */
export async function eventually<T>(
  probe: () => Promise<T | false | undefined> | T | false | undefined,
  withinMs = 10_000,
  what = 'condition',
): Promise<T> {
  const until = performance.now() + withinMs;
  let last: unknown;
  for (;;) {
    try {
      const value = await probe();
      if (value !== false && value !== undefined) return value;
      last = value;
    } catch (error) {
      last = error;
    }
    if (performance.now() > until) {
      throw new Error(`${what} not met in ${withinMs} ms; last: ${String(last)}`);
    }
    await pause(25);
  }
}

export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}
