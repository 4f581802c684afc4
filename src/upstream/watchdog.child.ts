/**
 * The watchdog's own process: ends the gateway's children when the gateway is gone, however it went. Depends on nothing
 * of ours, and is never imported.
 *
 * Standard input, one line each: `run <marker>`, `+ <group>`, `- <group>`. It ends when the gateway's end of the pipe
 * does: then every group gets SIGTERM, and 2 s later SIGKILL, together with whatever carries the run's marker in its
 * environment but has left its group. Signals do not end it: whoever stops a whole control group stops the gateway too.
 */
import { readdirSync, readFileSync } from 'node:fs';

const GRACE_MS = 2000;
const POLL_MS = 50;
const groups = new Set<number>();
let marker = '';
let rest = '';

function obey(line: string): void {
  const [verb, argument = ''] = line.split(' ');
  if (verb === 'run') {
    marker = `SWITCHYARD_RUN=${argument}`;
    process.stdout.write('ready\n');
    return;
  }
  const group = Number(argument);
  // Group 1 and below would be everybody.
  if (!Number.isSafeInteger(group) || group <= 1) return;
  if (verb === '+') groups.add(group);
  else if (verb === '-') groups.delete(group);
}

function signal(target: number, name: NodeJS.Signals): void {
  try {
    process.kill(target, name);
  } catch {
    // Gone already.
  }
}

function exists(group: number): boolean {
  try {
    process.kill(-group, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** Living processes of the run, wherever they moved to. */
function strays(): number[] {
  if (marker === '') return [];
  const found: number[] = [];
  for (const name of readdirSync('/proc')) {
    const pid = Number(name);
    if (!Number.isInteger(pid) || pid === process.pid) continue;
    try {
      const text = readFileSync(`/proc/${name}/stat`, 'latin1');
      const state = text[text.lastIndexOf(')') + 2];
      if (state === 'Z' || state === 'X') continue;
      if (readFileSync(`/proc/${name}/environ`, 'latin1').split('\0').includes(marker)) {
        found.push(pid);
      }
    } catch {
      // Gone, or not ours.
    }
  }
  return found;
}

function straysOrNone(): number[] {
  try {
    return strays();
  } catch {
    return [];
  }
}

function signalAll(name: NodeJS.Signals): void {
  for (const group of groups) signal(-group, name);
  for (const pid of straysOrNone()) signal(pid, name);
}

function endAll(): void {
  signalAll('SIGTERM');
  // Why not the wall clock: one that is set back would let them live for as long.
  const deadlineMs = performance.now() + GRACE_MS;
  const timer = setInterval(() => {
    const quiet = ![...groups].some(exists) && straysOrNone().length === 0;
    if (!quiet && performance.now() < deadlineMs) return;
    clearInterval(timer);
    signalAll('SIGKILL');
    // Twice: what was forked between the look and the kill carries the marker too.
    signalAll('SIGKILL');
    process.exit(0);
  }, POLL_MS);
}

for (const name of ['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGPIPE'] as const) process.on(name, () => {});
process.stdout.on('error', () => {});
process.stdin.setEncoding('utf8');
process.stdin.on('data', (text: string) => {
  const lines = (rest + text).split('\n');
  rest = lines.pop() ?? '';
  for (const line of lines) obey(line);
});
process.stdin.once('close', endAll);
process.stdin.on('error', () => {});
