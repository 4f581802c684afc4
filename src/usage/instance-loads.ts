import type { InstanceView } from '../lifecycle/instance.js';

interface Reading {
  readonly cpuMs: number;
  /** Monotonic milliseconds. */
  readonly atMs: number;
  /** Share of a core up to this reading, 1 = one core; `null` before the second one. */
  readonly cpu: number | null;
}

/** A share of CPU over less than this says nothing: the system counts in hundredths of a second. */
const SHORTEST_MS = 1_000;

/** What running instances use, from readings of what they have used so far. Pure; keeps one reading per instance. */
export class InstanceLoads {
  private readonly services = new Map<string, Map<string, Reading>>();

  /**
   * Takes a reading of every instance that a service has now, and answers the CPU time that they used since the last one,
   * in milliseconds. Instances that are gone are forgotten; the last moments of one are not counted.
   */
  read(serviceId: string, instances: readonly InstanceView[], atMs: number): number {
    const before = this.services.get(serviceId);
    const now = new Map<string, Reading>();
    let usedMs = 0;
    for (const { instance_id, cpu_ms, uptime_s } of instances) {
      if (typeof cpu_ms !== 'number') continue;
      const since = before?.get(instance_id) ?? beginning(atMs, uptime_s);
      // A process of the group that ended takes its time with it.
      usedMs += Math.max(0, cpu_ms - since.cpuMs);
      now.set(instance_id, { cpuMs: cpu_ms, atMs, cpu: shareSince(since, cpu_ms, atMs) });
    }
    if (now.size === 0) this.services.delete(serviceId);
    else this.services.set(serviceId, now);
    return usedMs;
  }

  /** Share of a core since the last reading, or up to it where that was just now; 1 = one core; `null`: not known. */
  cpuOf(
    serviceId: string,
    { instance_id, cpu_ms, uptime_s }: InstanceView,
    atMs: number,
  ): number | null {
    if (typeof cpu_ms !== 'number') return null;
    const since = this.services.get(serviceId)?.get(instance_id) ?? beginning(atMs, uptime_s);
    return shareSince(since, cpu_ms, atMs);
  }

  /** Forgets services that are not in `live`. */
  keepOnly(live: ReadonlySet<string>): void {
    for (const id of this.services.keys()) if (!live.has(id)) this.services.delete(id);
  }

  get size(): number {
    return this.services.size;
  }
}

/** An instance that was never read used nothing when it began. */
function beginning(atMs: number, uptimeS: number): Reading {
  return { cpuMs: 0, atMs: atMs - uptimeS * 1_000, cpu: null };
}

function shareSince(since: Reading, cpuMs: number, atMs: number): number | null {
  const elapsedMs = atMs - since.atMs;
  if (elapsedMs < SHORTEST_MS) return since.cpu;
  return Math.max(0, cpuMs - since.cpuMs) / elapsedMs;
}
