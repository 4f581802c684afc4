import type { Clock } from '../kernel/clock.js';
import type { ProcessTable } from './process-table.js';
import type { Spawner } from './spawner.js';
import { INSTANCE_VARIABLE } from './watchdog.js';

/** Instances that end close together share one look at the process table. */
const GATHER_MS = 20;

/** Kills what left its process group (a daemon that called setsid) but still carries the mark of an ended instance. */
export class StraySweep {
  private marks = new Set<string>();
  private pending: Promise<void> | null = null;

  constructor(
    private readonly clock: Clock,
    private readonly spawner: Spawner,
    private readonly processes: ProcessTable,
  ) {}

  /** Resolves when nothing carries the mark of the instance any more, apart from what the kernel has yet to bury. */
  sweep(instanceId: string): Promise<void> {
    this.marks.add(`${INSTANCE_VARIABLE}=${instanceId}`);
    this.pending ??= this.clock.sleep(GATHER_MS).then(() => {
      this.run();
    });
    return this.pending;
  }

  private run(): void {
    const marks = this.marks;
    this.marks = new Set();
    this.pending = null;
    // Again until a look finds none: what is killed may just have forked.
    for (let look = 0; look < 5; look += 1) {
      const pids = this.processes.carrying((entry) => marks.has(entry));
      if (pids.length === 0) return;
      for (const pid of pids) this.spawner.signalProcess(pid, 'SIGKILL');
    }
  }
}
