import type { CancelTimer, Clock } from '../kernel/clock.js';
import type { GroupUse, ProcessTable } from './process-table.js';

const SAMPLE_MS = 1000;
const NOTHING: GroupUse = { processes: 0, bytes: 0 };

/**
 * Measures process groups once a second, all by one look at the process table, and only while somebody wants to know.
 */
export class GroupSampler {
  private readonly watchers = new Map<number, (use: GroupUse) => void>();
  private cancel: CancelTimer | null = null;
  private snapshot = new Map<number, GroupUse>();
  private takenMs = -Infinity;

  constructor(
    private readonly clock: Clock,
    private readonly processes: ProcessTable,
  ) {}

  /** Tells `listener` each second what the group uses, until the answer is called. */
  watch(group: number, listener: (use: GroupUse) => void): () => void {
    this.watchers.set(group, listener);
    this.cancel ??= this.clock.schedule(SAMPLE_MS, this.tick);
    return () => {
      if (this.watchers.get(group) === listener) this.watchers.delete(group);
    };
  }

  /** What the group uses; at most a second old. */
  useOf(group: number): GroupUse {
    if (this.clock.monotonicMs() - this.takenMs >= SAMPLE_MS) this.take();
    return this.snapshot.get(group) ?? NOTHING;
  }

  private readonly tick = (): void => {
    this.cancel = null;
    if (this.watchers.size === 0) return;
    this.cancel = this.clock.schedule(SAMPLE_MS, this.tick);
    this.take();
    for (const [group, listener] of [...this.watchers]) {
      listener(this.snapshot.get(group) ?? NOTHING);
    }
  };

  private take(): void {
    const snapshot = new Map<number, GroupUse>();
    for (const { group, zombie, bytes, cpuMs = 0 } of this.processes.entries()) {
      if (zombie) continue;
      const use = snapshot.get(group) ?? NOTHING;
      snapshot.set(group, {
        processes: use.processes + 1,
        bytes: use.bytes + bytes,
        cpuMs: (use.cpuMs ?? 0) + cpuMs,
      });
    }
    this.snapshot = snapshot;
    this.takenMs = this.clock.monotonicMs();
  }
}
