import type { Readable } from 'node:stream';
import type { Clock } from '../kernel/clock.js';
import type { Logger } from '../kernel/logger.js';
import type { GroupSampler } from './group-sampler.js';
import { OutputRing } from './output-ring.js';
import type { GroupUse, ProcessTable } from './process-table.js';
import { scrubberOf } from './scrub.js';
import type { SpawnedProcess, Spawner } from './spawner.js';
import type { StraySweep } from './stray-sweep.js';
import { UpstreamError } from './upstream.errors.js';
import type { UpstreamFacts } from './upstream.js';
import type { CommandSpec, UpstreamSpec } from './upstream-spec.js';
import { INSTANCE_VARIABLE, RUN_VARIABLE, type Watchdog } from './watchdog.js';

export interface ChildParts {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly spawner: Spawner;
  readonly watchdog: Pick<Watchdog, 'add' | 'remove' | 'run'>;
  readonly processes: ProcessTable;
  readonly sampler: GroupSampler;
  readonly strays: StraySweep;
}

type ChildSpec = Pick<UpstreamSpec, 'instanceId' | 'limits' | 'secrets' | 'tellsOutput'> &
  Partial<Pick<UpstreamSpec, 'serviceName'>>;

const TERM_AFTER_MS = 2000;
const KILL_AFTER_MS = 8000;
/** From the leader's own end to SIGKILL for what it left in its group. */
const LEFTOVER_KILL_MS = 2000;
const POLL_MS = 50;
/** How long the last output of a child that exited is waited for: a grandchild may hold the pipe open for ever. */
const LAST_OUTPUT_MS = 20;

/**
 * One spawned command with everything it starts: a process group of its own, known to the watchdog, limited, logged, and
 * stopped in the order close stdin, SIGTERM after 2 s, SIGKILL after 8 s. Invariant: after `stop` nothing of it runs.
 */
export class UpstreamChild {
  readonly output: OutputRing;
  private spawned: SpawnedProcess | null = null;
  private exit: UpstreamFacts['exit'] = null;
  private exited = false;
  private killedFor: UpstreamError | null = null;
  private gone: Promise<void> | null = null;
  private stopping = false;
  private endSampling: () => void = () => {};
  private endListener: ((error: UpstreamError) => void) | null = null;

  constructor(
    private readonly parts: ChildParts,
    private readonly spec: ChildSpec,
    private readonly command: Omit<CommandSpec, 'listen'>,
  ) {
    this.output = new OutputRing(scrubberOf(spec.secrets), (line) => {
      if (spec.tellsOutput === true) this.tell(line);
    });
  }

  /** Spawns. Rejects with `command-missing`, `command-denied`, `spawn-failed` or `stopped`. */
  async start(): Promise<SpawnedProcess> {
    const { file, args, env, cwd } = this.command;
    const { spawner, watchdog } = this.parts;
    const spawned = await spawner.spawn({
      file,
      args,
      cwd,
      env: { ...env, [INSTANCE_VARIABLE]: this.spec.instanceId, [RUN_VARIABLE]: watchdog.run },
      openFiles: this.spec.limits.openFiles,
    });
    watchdog.add(spawned.pid);
    this.spawned = spawned;
    spawned.stdin.on('error', () => {});
    spawned.stdout.on('error', () => {});
    spawned.stderr.on('error', () => {});
    spawned.stderr.on('data', (chunk: Buffer) => {
      this.output.push(chunk);
    });
    spawned.onExit((code, signal) => {
      this.hearExit(code, signal);
    });
    if (this.stopping) {
      await this.stop();
      throw new UpstreamError('stopped', 'The upstream was stopped while it started');
    }
    this.watchLimits(spawned.pid);
    return spawned;
  }

  get hasExited(): boolean {
    return this.exited;
  }

  /** Hears the end of the child, its last output read, once. Also after `stop`. */
  onEnd(listener: (error: UpstreamError) => void): void {
    this.endListener = listener;
  }

  /** Ends it at once for a reason, which `onEnd` then tells. */
  kill(reason: UpstreamError): void {
    if (this.killedFor === null && !this.exited) {
      const fields = { instance_id: this.spec.instanceId, code: reason.code };
      this.parts.logger.warn(fields, 'killed an upstream');
    }
    this.killedFor ??= reason;
    if (this.spawned !== null) this.parts.spawner.signalGroup(this.spawned.pid, 'SIGKILL');
    void this.stop();
  }

  /** Resolves when no process of it is left, whether or not it stayed in its group. */
  stop(): Promise<void> {
    this.stopping = true;
    if (this.spawned === null) return Promise.resolve();
    this.gone ??= this.end(this.spawned);
    return this.gone;
  }

  facts(): UpstreamFacts {
    const pid = this.spawned?.pid ?? null;
    const use = pid === null || this.exited ? null : this.parts.sampler.useOf(pid);
    return {
      pid,
      process_group: pid,
      memory_bytes: use?.bytes ?? null,
      cpu_ms: use?.cpuMs ?? null,
      exit: this.exit,
      stderr: this.output.lines(),
    };
  }

  /** What an error about this child carries. */
  evidence(): { stderr: readonly string[]; exitCode?: number | null; signal?: string | null } {
    const stderr = this.output.lines();
    return this.exit === null
      ? { stderr }
      : { stderr, exitCode: this.exit.code, signal: this.exit.signal };
  }

  private tell(line: string): void {
    const { instanceId, serviceName } = this.spec;
    this.parts.logger.info({ instance_id: instanceId, service: serviceName, line }, 'stderr');
  }

  private hearExit(code: number | null, signal: string | null): void {
    this.exited = true;
    this.exit = { code, signal };
    this.endSampling();
    void this.stop();
    void this.lastOutput().then(() => {
      this.endListener?.(this.endError(code, signal));
      this.endListener = null;
    });
  }

  private endError(code: number | null, signal: string | null): UpstreamError {
    const facts = { ...this.evidence(), mayHaveRun: true };
    if (this.killedFor !== null) {
      return new UpstreamError(this.killedFor.code, this.killedFor.message, facts);
    }
    const how = signal === null ? `exit code ${String(code)}` : `signal ${signal}`;
    return new UpstreamError('exited', `The upstream ended with ${how}`, facts);
  }

  private async lastOutput(): Promise<void> {
    if (this.spawned === null) return;
    const { stdout, stderr } = this.spawned;
    const bound = new AbortController();
    await Promise.race([
      Promise.all([ended(stdout), ended(stderr)]),
      this.parts.clock.sleep(LAST_OUTPUT_MS, bound.signal),
    ]);
    bound.abort();
  }

  private async end(spawned: SpawnedProcess): Promise<void> {
    const { clock, spawner, watchdog } = this.parts;
    this.endSampling();
    spawned.stdin.end();
    const startMs = clock.monotonicMs();
    // The leader is gone and nobody will answer EOF for it.
    let termAtMs = this.exited ? startMs : startMs + TERM_AFTER_MS;
    let killAtMs = this.exited ? startMs + LEFTOVER_KILL_MS : startMs + KILL_AFTER_MS;
    while (this.groupLives(spawned.pid)) {
      const nowMs = clock.monotonicMs();
      if (nowMs >= killAtMs) spawner.signalGroup(spawned.pid, 'SIGKILL');
      else if (nowMs >= termAtMs) {
        spawner.signalGroup(spawned.pid, 'SIGTERM');
        termAtMs = Infinity;
      }
      await clock.sleep(POLL_MS);
      if (this.exited && killAtMs > clock.monotonicMs() + LEFTOVER_KILL_MS) {
        termAtMs = Math.min(termAtMs, clock.monotonicMs());
        killAtMs = clock.monotonicMs() + LEFTOVER_KILL_MS;
      }
    }
    await this.parts.strays.sweep(this.spec.instanceId);
    spawned.stdout.destroy();
    spawned.stderr.destroy();
    watchdog.remove(spawned.pid);
  }

  /** A dead process that nobody reaps still answers signal 0, so that its group has to be looked at. */
  private groupLives(group: number): boolean {
    if (!this.parts.spawner.signalGroup(group, 0)) return false;
    return !this.exited || this.parts.processes.groupUse(group).processes > 0;
  }

  private watchLimits(group: number): void {
    const { memoryBytes, processes } = this.spec.limits;
    if (memoryBytes === null && processes === null) return;
    this.endSampling = this.parts.sampler.watch(group, (use) => {
      this.checkLimits(use);
    });
  }

  private checkLimits(use: GroupUse): void {
    const { memoryBytes, processes } = this.spec.limits;
    if (memoryBytes !== null && use.bytes > memoryBytes) {
      const text = `The upstream uses ${use.bytes} bytes of memory, more than ${memoryBytes}`;
      this.kill(new UpstreamError('memory-limit', text));
    } else if (processes !== null && use.processes > processes) {
      const text = `The upstream has ${use.processes} processes, more than ${processes}`;
      this.kill(new UpstreamError('process-limit', text));
    }
  }
}

function ended(stream: Readable): Promise<void> {
  if (stream.readableEnded || stream.destroyed) return Promise.resolve();
  return new Promise((resolve) => {
    stream.once('end', resolve);
    stream.once('close', resolve);
  });
}
