import { describe, expect, it } from '@jest/globals';
import { PassThrough } from 'node:stream';
import { ManualClock, settle } from '../../test/support/manual-clock.js';
import { SilentLogger } from '../kernel/logger.js';
import { UpstreamChild } from './child-process.js';
import { GroupSampler } from './group-sampler.js';
import { ProcessTable, type ProcessEntry } from './process-table.js';
import { Spawner, type SpawnedProcess, type SpawnRequest } from './spawner.js';
import { StraySweep } from './stray-sweep.js';
import { UpstreamError } from './upstream.errors.js';

/** A group of processes that dies of what it is told to die of. */
class FakeGroup extends Spawner {
  readonly log: string[] = [];
  request: SpawnRequest | null = null;
  living = 1;
  readonly stdin = new PassThrough();
  private exitListener: ((code: number | null, signal: string | null) => void) | null = null;

  constructor(
    private readonly clock: ManualClock,
    private readonly diesOf: 'EOF' | 'SIGTERM' | 'SIGKILL',
    private readonly leftover = 0,
  ) {
    super();
    this.stdin.once('finish', () => {
      this.hear('EOF');
    });
  }

  override spawn(request: SpawnRequest): Promise<SpawnedProcess> {
    this.request = request;
    const [stdout, stderr] = [new PassThrough(), new PassThrough()];
    return Promise.resolve({
      pid: 500,
      stdin: this.stdin,
      stdout,
      stderr,
      onExit: (listener) => {
        this.exitListener = listener;
      },
    });
  }

  override signalGroup(_group: number, signal: NodeJS.Signals | 0): boolean {
    if (signal !== 0 && this.living > 0) this.hear(signal);
    return this.living > 0;
  }

  override signalProcess(): boolean {
    return true;
  }

  exit(code: number | null, signal: string | null): void {
    this.living = this.leftover;
    this.exitListener?.(code, signal);
    this.exitListener = null;
  }

  private hear(what: string): void {
    this.log.push(`${what} ${this.clock.monotonicMs()}`);
    if (what === 'SIGKILL' && this.exitListener === null) this.living = 0;
    else if (what === this.diesOf || what === 'SIGKILL') this.exit(what === 'EOF' ? 0 : null, what);
  }
}

class GroupTable extends ProcessTable {
  constructor(private readonly group: FakeGroup) {
    super();
  }
  override entries(): ProcessEntry[] {
    return Array.from({ length: this.group.living }, (_, i) => ({
      pid: 500 + i,
      group: 500,
      zombie: false,
      bytes: 1000,
    }));
  }
  override pids(): number[] {
    return [];
  }
  override environmentOf(): string[] {
    return [];
  }
}

function make(
  diesOf: 'EOF' | 'SIGTERM' | 'SIGKILL',
  leftover = 0,
  limits: { memoryBytes?: number; processes?: number } = {},
): {
  clock: ManualClock;
  group: FakeGroup;
  child: UpstreamChild;
  told: string[];
  ends: UpstreamError[];
} {
  const clock = new ManualClock();
  const group = new FakeGroup(clock, diesOf, leftover);
  const processes = new GroupTable(group);
  const told: string[] = [];
  const child = new UpstreamChild(
    {
      clock,
      logger: new SilentLogger(),
      spawner: group,
      processes,
      watchdog: {
        run: 'dir.run',
        add: (id) => told.push(`+${id}`),
        remove: (id) => told.push(`-${id}`),
      },
      sampler: new GroupSampler(clock, processes),
      strays: new StraySweep(clock, group, processes),
    },
    {
      instanceId: 'i1',
      limits: { memoryBytes: null, processes: null, openFiles: 9, lineBytes: 1, ...limits },
      secrets: [],
    },
    { file: '/bin/x', args: ['a'], env: { A: '1' }, cwd: null },
  );
  const ends: UpstreamError[] = [];
  child.onEnd((error) => ends.push(error));
  return { clock, group, child, told, ends };
}

describe('UpstreamChild', () => {
  it('spawns with its marks, and has the watchdog know its group', async () => {
    const { child, group, told } = make('EOF');
    await child.start();
    expect(group.request).toMatchObject({
      file: '/bin/x',
      openFiles: 9,
      env: { A: '1', SWITCHYARD_INSTANCE: 'i1', SWITCHYARD_RUN: 'dir.run' },
    });
    expect(told).toEqual(['+500']);
    expect(child.facts()).toMatchObject({ pid: 500, memory_bytes: 1000, exit: null });
  });

  it.each([
    ['EOF', 0, ['EOF 0']],
    ['SIGTERM', 0, ['EOF 0', 'SIGTERM 2000']],
    ['SIGKILL', 0, ['EOF 0', 'SIGTERM 2000', 'SIGKILL 8000']],
    ['EOF', 2, ['EOF 0', 'SIGTERM 50', 'SIGKILL 2050']],
  ] as const)(
    'is stopped politely first: dies of %s, leaving %d',
    async (diesOf, leftover, log) => {
      const { child, clock, group, told } = make(diesOf, leftover);
      await child.start();
      let done = false;
      const stopped = child.stop().then(() => {
        done = true;
      });
      await clock.advance(1000);
      expect(done).toBe(diesOf === 'EOF' && leftover === 0);
      await clock.advance(9000);
      await stopped;
      expect(group.log).toEqual(log);
      expect(told).toEqual(['+500', '-500']);
      expect(clock.pendingTimers).toBe(0);
    },
  );

  it('clears up what a crashed leader leaves behind', async () => {
    const { child, clock, group, told, ends } = make('EOF', 3);
    await child.start();
    await clock.advance(5000);
    group.exit(1, null);
    await clock.advance(5000);
    expect(ends).toMatchObject([{ code: 'exited', facts: { exitCode: 1, mayHaveRun: true } }]);
    expect(group.log.filter((line) => line !== 'EOF 5000')).toEqual([
      'SIGTERM 5000',
      'SIGKILL 7000',
    ]);
    expect(told).toEqual(['+500', '-500']);
  });

  it.each([
    [{ memoryBytes: 999 }, 'memory-limit'],
    [{ processes: 0 }, 'process-limit'],
  ])('is killed beyond %j', async (limits, code) => {
    const { child, clock, ends, group } = make('SIGKILL', 0, limits);
    await child.start();
    await clock.advance(2000);
    expect(ends).toMatchObject([{ code }]);
    expect(group.log[0]).toBe('SIGKILL 1000');
  });

  it('is not spawned for good when it was stopped meanwhile', async () => {
    const { child, clock, told } = make('EOF');
    const stopped = child.stop();
    const start = child.start();
    start.catch(() => {});
    await stopped;
    await settle();
    await clock.advance(100);
    await expect(start).rejects.toMatchObject({ code: 'stopped' });
    expect(told).toEqual(['+500', '-500']);
  });

  it('keeps the first reason it is killed for', async () => {
    const { child, clock, ends } = make('SIGKILL');
    await child.start();
    child.kill(new UpstreamError('line-too-long', 'first'));
    child.kill(new UpstreamError('not-json', 'second'));
    await clock.advance(100);
    expect(ends).toMatchObject([{ code: 'line-too-long', message: 'first' }]);
  });
});
