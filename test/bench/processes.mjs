// Processes of a benchmark: started, found ready, measured from /proc (Linux), ended. Only what was started here is ended.
import { spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';

const READY_MS = 30_000;
const END_MS = 10_000;

/** The value of `--name`, or `fallback`. */
export function option(name, fallback) {
  const at = process.argv.indexOf(`--${name}`);
  return at < 0 ? fallback : process.argv[at + 1];
}

export const flag = (name) => process.argv.includes(`--${name}`);

export function median(numbers) {
  const sorted = [...numbers].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? NaN;
}

export async function freePort() {
  const server = createServer();
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** Tries `test` until it answers true; a failure of it means "not yet". */
export async function until(what, test, everyMs = 20) {
  for (const end = Date.now() + READY_MS; Date.now() < end; await pause(everyMs)) {
    if (await test().catch(() => false)) return;
  }
  throw new Error(`${what} did not become ready`);
}

/** Starts a Node.js process and answers how to end it. */
export function launch(args, env = {}) {
  const child = spawn(process.execPath, args, {
    env: { PATH: process.env.PATH, NODE_ENV: 'production', ...env },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const gone = new Promise((resolve) => child.once('exit', resolve));
  const end = async () => {
    child.kill('SIGTERM');
    const late = setTimeout(() => child.kill('SIGKILL'), END_MS);
    await gone;
    clearTimeout(late);
  };
  return { pid: child.pid, end };
}

function statOf(pid) {
  const text = readFileSync(`/proc/${pid}/stat`, 'latin1');
  return text.slice(text.lastIndexOf(')') + 2).split(' ');
}

/**
 * CPU time of one process so far, all its threads, user and system, in microseconds. From `schedstat`, which counts
 * nanoseconds; the ticks of `stat` are too coarse for short bursts.
 */
export function cpuUs(pid) {
  let ns = 0;
  for (const thread of readdirSync(`/proc/${pid}/task`)) {
    try {
      const text = readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'latin1');
      ns += Number(text.slice(0, text.indexOf(' ')));
    } catch {
      // Ended meanwhile.
    }
  }
  return ns / 1000;
}

/** Direct children of a process, by the script or command they run. */
export function childrenOf(pid) {
  const found = [];
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    try {
      if (Number(statOf(name)[1]) !== pid) continue;
      const command = readFileSync(`/proc/${name}/cmdline`, 'utf8').split('\0').join(' ').trim();
      found.push({ pid: Number(name), command });
    } catch {
      // Gone meanwhile.
    }
  }
  return found;
}

/** Proportional set size in KB: shared pages count in parts, so that a sum over processes is true. */
export function pssKb(pid) {
  const text = readFileSync(`/proc/${pid}/smaps_rollup`, 'latin1');
  return Number(/^Pss:\s+(\d+)/m.exec(text)?.[1] ?? NaN);
}
