import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { type BackoffPolicy, backoffDelayMs } from '../kernel/backoff.js';
import type { CancelTimer, Clock } from '../kernel/clock.js';
import type { Logger } from '../kernel/logger.js';
import type { ProcessTable } from './process-table.js';
import type { Spawner } from './spawner.js';

export interface WatchdogParts {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly spawner: Spawner;
  readonly processes: ProcessTable;
  /** Names this run: `<identity of the data directory>.<identity of the run>`. */
  readonly run: string;
  /** The script of `watchdog.child`; tests point at one they built. */
  readonly script?: string;
}

const RESTART: BackoffPolicy = { first_ms: 100, factor: 2, cap_ms: 10_000, jitter: 0 };
const READY_TIMEOUT_MS = 10_000;
/** Longer than the child's own grace for what is left over. */
const END_TIMEOUT_MS = 4000;
/**
 * It holds a set of numbers; the defaults are made for servers. Without compilers and with one worker it has 5 MB of its
 * own instead of 9; the rest of what tools show as its memory are pages of the Node.js binary, shared with the gateway.
 */
const SMALL = [
  '--max-old-space-size=16',
  '--max-semi-space-size=1',
  '--jitless',
  '--v8-pool-size=1',
];

/** The environment variable that marks every process of a run. */
export const RUN_VARIABLE = 'SWITCHYARD_RUN';
/** The environment variable that marks every process of an instance. */
export const INSTANCE_VARIABLE = 'SWITCHYARD_INSTANCE';

/**
 * A small process beside the gateway that outlives it just long enough to end the gateway's children, even after SIGKILL.
 * Invariant: it knows every living group; when it dies it is started again and told anew.
 */
export class Watchdog {
  private readonly groups = new Set<number>();
  private child: ChildProcess | null = null;
  private cancelRestart: CancelTimer | null = null;
  private deaths = 0;
  private ended = false;

  constructor(private readonly parts: WatchdogParts) {}

  /** The value of `SWITCHYARD_RUN` that every child has to carry. */
  get run(): string {
    return this.parts.run;
  }

  /** Process id of the watchdog, or `null` while there is none. */
  get pid(): number | null {
    return this.child?.pid ?? null;
  }

  /** Resolves when it watches. Must be awaited before anything is spawned. */
  async start(): Promise<void> {
    const child = this.launch();
    let cancel: CancelTimer = () => {};
    await new Promise<void>((resolve, reject) => {
      cancel = this.parts.clock.schedule(READY_TIMEOUT_MS, () => {
        reject(new Error('The watchdog did not become ready'));
      });
      child.stdout?.once('data', () => {
        resolve();
      });
      child.once('error', reject);
      child.once('exit', (code) => {
        reject(new Error(`The watchdog ended with exit code ${String(code)}`));
      });
    }).finally(() => {
      cancel();
    });
  }

  add(group: number): void {
    this.groups.add(group);
    this.tell(`+ ${group}`);
  }

  /** To be called when nothing of the group is left: its number may be given to others. */
  remove(group: number): void {
    this.groups.delete(group);
    this.tell(`- ${group}`);
  }

  /** Ends the watchdog, and by it whatever still runs. */
  async stop(): Promise<void> {
    this.ended = true;
    this.cancelRestart?.();
    const child = this.child;
    if (child === null || child.exitCode !== null || child.signalCode !== null) return;
    child.ref();
    let cancel: CancelTimer = () => {};
    await new Promise<void>((resolve) => {
      child.once('exit', () => {
        resolve();
      });
      cancel = this.parts.clock.schedule(END_TIMEOUT_MS, () => {
        child.kill('SIGKILL');
      });
      child.stdin?.end();
    });
    cancel();
  }

  /**
   * Ends what earlier runs on the same data directory left behind, at boot. Children of other gateways carry another
   * directory's name. Answers how many processes were killed.
   */
  sweepOrphans(): number {
    const { run, processes, spawner, logger } = this.parts;
    const own = `${RUN_VARIABLE}=${run}`;
    const sameDirectory = `${own.slice(0, own.lastIndexOf('.'))}.`;
    const pids = processes.carrying((entry) => entry.startsWith(sameDirectory) && entry !== own);
    for (const pid of pids) spawner.signalProcess(pid, 'SIGKILL');
    if (pids.length > 0) logger.warn({ pids }, 'killed processes that an earlier run left behind');
    return pids.length;
  }

  private launch(): ChildProcess {
    const script =
      this.parts.script ?? fileURLToPath(new URL('./watchdog.child.js', import.meta.url));
    // Detached: in a session of its own, so that what is sent to the gateway's group passes it by.
    const child = spawn(process.execPath, [...SMALL, script], {
      detached: true,
      cwd: '/',
      env: {},
      stdio: ['pipe', 'pipe', 'ignore'],
    });
    this.child = child;
    child.on('error', (error) => {
      this.parts.logger.error({ err: error }, 'the watchdog could not be started');
      this.restart(child);
    });
    child.once('exit', () => {
      this.restart(child);
    });
    child.stdin.on('error', () => {});
    child.stdout.resume();
    child.unref();
    unrefStream(child.stdin);
    unrefStream(child.stdout);
    this.tell(`run ${this.parts.run}`);
    for (const group of this.groups) this.tell(`+ ${group}`);
    return child;
  }

  private restart(child: ChildProcess): void {
    if (this.ended || this.child !== child) return;
    this.child = null;
    const delayMs = backoffDelayMs(RESTART, this.deaths, 0);
    this.deaths += 1;
    this.parts.logger.warn({ delay_ms: delayMs }, 'the watchdog ended and is started again');
    this.cancelRestart = this.parts.clock.schedule(delayMs, () => {
      this.launch();
    });
  }

  private tell(line: string): void {
    const stdin = this.child?.stdin;
    if (stdin?.writable === true) stdin.write(`${line}\n`);
  }
}

/** A pipe of a child is a socket underneath, which keeps the process alive unless told not to. */
function unrefStream(stream: unknown): void {
  if (typeof stream !== 'object' || stream === null || !('unref' in stream)) return;
  if (typeof stream.unref === 'function') (stream.unref as () => void).call(stream);
}
