import { transformSync } from '@swc/core';
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { SystemClock } from '../../../src/kernel/clock.js';
import type { JsonObject } from '../../../src/kernel/json.js';
import { SilentLogger } from '../../../src/kernel/logger.js';
import type { ConversationClient } from '../../../src/upstream/conversation-client.js';
import { NodeSpawner } from '../../../src/upstream/spawner.js';
import { UpstreamFactory } from '../../../src/upstream/upstream.factory.js';
import type { UpstreamError } from '../../../src/upstream/upstream.errors.js';
import type { Upstream, UpstreamTransport } from '../../../src/upstream/upstream.js';
import type { CommandSpec, UpstreamSpec } from '../../../src/upstream/upstream-spec.js';

const FIXTURES = fileURLToPath(new URL('../../fixtures/upstreams/', import.meta.url));

export function fixture(name: string): string {
  return join(FIXTURES, name);
}

export const clock = new SystemClock();

/** Groups that the factory told the watchdog of and that it has not taken back. */
export const watched = new Set<number>();

export function factory(policy: 'any' | 'public' = 'any', ownPort = 0): UpstreamFactory {
  return new UpstreamFactory({
    clock,
    logger: new SilentLogger(),
    spawner: new NodeSpawner(),
    watchdog: {
      run: 'contract.1',
      add: (group) => watched.add(group),
      remove: (group) => watched.delete(group),
    },
    egress: { policy, ownListeners: () => [{ address: '127.0.0.1', port: ownPort }] },
  });
}

let lastInstance = 0;

export function spec(transport: UpstreamTransport, over: Partial<UpstreamSpec> = {}): UpstreamSpec {
  lastInstance += 1;
  return {
    instanceId: `contract-${process.pid}-${lastInstance}`,
    serviceName: 'fixture',
    transport,
    shared: false,
    command: null,
    remote: null,
    limits: { memoryBytes: null, processes: null, openFiles: null, lineBytes: 16 * 1024 * 1024 },
    startTimeoutMs: 5000,
    secrets: [],
    ...over,
  };
}

export function nodeCommand(
  script: string,
  env: Record<string, string> = {},
  listen: CommandSpec['listen'] = null,
  args: readonly string[] = [],
): CommandSpec {
  return { file: process.execPath, args: [script, ...args], env, cwd: null, listen };
}

export function remoteAt(
  url: string,
  headers: Record<string, string> = {},
): NonNullable<UpstreamSpec['remote']> {
  return { url, headers, connectTimeoutMs: 2000, tls: null };
}

const started: ChildProcess[] = [];

/** Starts a listening fixture by ourselves, as a server somewhere else; answers its origin. */
export async function remoteFixture(
  name: string,
  env: Record<string, string> = {},
  args: readonly string[] = [],
): Promise<string> {
  const child = spawn(process.execPath, [fixture(name), ...args], {
    env,
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  started.push(child);
  const port = await new Promise<string>((resolve) => {
    child.stdout.once('data', (chunk: Buffer) => {
      resolve(chunk.toString().trim());
    });
  });
  return `http://127.0.0.1:${port}`;
}

const upstreams: Upstream[] = [];

/** Starts an upstream that `cleanUp` stops. */
export async function startUpstream(
  made: UpstreamSpec,
  from: UpstreamFactory = factory(),
): Promise<Upstream> {
  const upstream = from.create(made);
  upstreams.push(upstream);
  await upstream.start(new AbortController().signal);
  return upstream;
}

export async function cleanUp(): Promise<void> {
  await Promise.all(upstreams.splice(0).map((upstream) => upstream.stop()));
  for (const child of started.splice(0)) child.kill('SIGKILL');
}

/** Text of a tool's answer, parsed where it is JSON. */
export async function callTool(
  client: ConversationClient,
  name: string,
  args: JsonObject = {},
  options: Parameters<ConversationClient['request']>[2] = {},
): Promise<unknown> {
  const result = await client.request('tools/call', { name, arguments: args }, options);
  const { text } = (result as { content: [{ text: string }] }).content[0];
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}

/** The error that a promise rejects with. */
export async function failure(promise: Promise<unknown>): Promise<UpstreamError> {
  try {
    await promise;
  } catch (error) {
    return error as UpstreamError;
  }
  throw new Error('nothing failed');
}

/** Whether a process lives; one that is dead but not reaped does not. */
export function isAlive(pid: number): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    return !'ZX'.includes(stat[stat.lastIndexOf(')') + 2] ?? 'X');
  } catch {
    return false;
  }
}

/** Waits until `condition` holds, at most `withinMs`; answers whether it came to hold. */
export async function until(condition: () => boolean, withinMs: number): Promise<boolean> {
  const deadline = performance.now() + withinMs;
  while (!condition()) {
    if (performance.now() > deadline) return false;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return true;
}

/** Builds a script of ours that runs as a process of its own. */
export function buildScript(source: string): { path: string; remove: () => void } {
  const directory = mkdtempSync(join(tmpdir(), 'upstream-contract-'));
  const path = join(directory, 'script.mjs');
  const { code } = transformSync(readFileSync(new URL(source, import.meta.url), 'utf8'), {
    jsc: { target: 'es2023', parser: { syntax: 'typescript' } },
    module: { type: 'es6' },
  });
  writeFileSync(path, code);
  return {
    path,
    remove: () => {
      rmSync(directory, { recursive: true, force: true });
    },
  };
}
