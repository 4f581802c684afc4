import type { ServiceLogLevel } from '../config/service-config.js';

/** One line of what a service did or said. `at` is when we noticed it. */
export interface LogLine {
  readonly at: string;
  /** `lifecycle`: what we did with it; `stderr`: what its process wrote, scrubbed of secrets. */
  readonly source: 'lifecycle' | 'stderr';
  readonly instance_id: string | null;
  readonly message: string;
}

export type LogListener = (line: LogLine) => void;

const GRAVITY: Readonly<Record<ServiceLogLevel, number>> = { debug: 0, info: 1, warn: 2, error: 3 };

/** Lines kept of one service. */
const CAPACITY = 500;

/** The last lines of one service, lifecycle and stderr merged in the order they were noticed. */
export class ServiceLog {
  private readonly lines: LogLine[] = [];
  private readonly listeners = new Set<LogListener>();
  /** What was last seen of each live instance's own ring. */
  private readonly seen = new Map<string, readonly string[]>();

  /** `least` is the least grave line that is logged now; stderr counts as `info`. */
  constructor(private readonly least: () => ServiceLogLevel = () => 'info') {}

  /** Whether a line of `level` is logged, here or anywhere. */
  wants(level: ServiceLogLevel): boolean {
    return GRAVITY[level] >= GRAVITY[this.least()];
  }

  get followed(): boolean {
    return this.listeners.size > 0;
  }

  append(line: LogLine): void {
    this.lines.push(line);
    if (this.lines.length > CAPACITY) this.lines.splice(0, this.lines.length - CAPACITY);
    for (const listener of [...this.listeners]) listener(line);
  }

  /** Takes over what is new in an instance's stderr ring. */
  collect(instanceId: string, ring: readonly string[], at: string): void {
    const before = this.seen.get(instanceId) ?? [];
    if (ring === before) return;
    this.seen.set(instanceId, ring);
    if (!this.wants('info')) return;
    for (const message of newLines(before, ring)) {
      this.append({ at, source: 'stderr', instance_id: instanceId, message });
    }
  }

  /** The instance is gone: its ring will not be seen again. */
  forget(instanceId: string): void {
    this.seen.delete(instanceId);
  }

  /** The last `count` lines, oldest first. */
  tail(count: number): readonly LogLine[] {
    return count <= 0 ? [] : this.lines.slice(-count);
  }

  follow(listener: LogListener): () => void {
    this.listeners.add(listener);
    return () => {
      this.listeners.delete(listener);
    };
  }
}

/**
 * The lines of `ring` that were not in `before`, where both are views of one sliding ring: the longest end of `before`
 * that `ring` begins with is old.
 */
export function newLines(before: readonly string[], ring: readonly string[]): readonly string[] {
  for (let old = Math.min(before.length, ring.length); old > 0; old -= 1) {
    const from = before.length - old;
    let equal = 0;
    while (equal < old && before[from + equal] === ring[equal]) equal += 1;
    if (equal === old) return ring.slice(old);
  }
  return ring;
}
