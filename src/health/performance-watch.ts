import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { Clock } from '../kernel/clock.js';
import { isJsonObject } from '../kernel/json.js';
import type { InstanceView } from '../lifecycle/instance.js';
import { callEnd, isWork } from './call-fault.js';
import { CallWindow, type CallSample, type WindowSummary } from './call-window.js';

/** The data plane's channel, by name: health stands beside the gateway and imports nothing of it. */
const CHANNEL = 'switchyard:call';
/** The share of a core that an instance used between two readings, 1 = one core; `null` at the first reading. */
export interface InstanceLoad {
  readonly instance_id: string;
  readonly memory_bytes: number | null;
  readonly cpu: number | null;
}

interface Reading {
  readonly cpuMs: number;
  readonly atMs: number;
}

/** What calls and instances of each service came to lately. Fed by the channel of the hot path, never on its way. */
export class PerformanceWatch {
  private readonly windows = new Map<string, CallWindow>();
  /** By check, as two of them may read at different times. */
  private readonly readings = new Map<string, Map<string, Reading>>();
  private readonly listener = (message: unknown): void => {
    if (!isJsonObject(message)) return;
    const { service_id, method, outcome, reason, duration_ms } = message;
    if (typeof service_id !== 'string' || typeof duration_ms !== 'number') return;
    const failed = failedCall(method, outcome, reason);
    if (failed !== null) this.record(service_id, { failed, duration_ms });
  };

  /** `isKnown`: a call may end after its service is gone, and nothing is kept of that. */
  constructor(
    private readonly clock: Clock,
    private readonly isKnown: (serviceId: string) => boolean = () => true,
  ) {}

  start(): void {
    subscribe(CHANNEL, this.listener);
  }

  stop(): void {
    unsubscribe(CHANNEL, this.listener);
  }

  record(serviceId: string, sample: CallSample): void {
    let window = this.windows.get(serviceId);
    if (window === undefined) {
      if (!this.isKnown(serviceId)) return;
      this.windows.set(serviceId, (window = new CallWindow()));
    }
    window.record(sample, this.clock.monotonicMs());
  }

  callsOf(serviceId: string): WindowSummary {
    const window = this.windows.get(serviceId);
    return window?.summary(this.clock.monotonicMs()) ?? { calls: 0, errors: 0, p95_ms: null };
  }

  /** Loads since the last time that the same check asked. */
  loadsOf(
    serviceId: string,
    checkName: string,
    instances: readonly InstanceView[],
  ): readonly InstanceLoad[] {
    const key = `${serviceId} ${checkName}`;
    const before = this.readings.get(key);
    const now = new Map<string, Reading>();
    const atMs = this.clock.monotonicMs();
    const loads = instances.map(({ instance_id, memory_bytes, cpu_ms }): InstanceLoad => {
      if (typeof cpu_ms !== 'number') return { instance_id, memory_bytes, cpu: null };
      now.set(instance_id, { cpuMs: cpu_ms, atMs });
      const last = before?.get(instance_id);
      if (last === undefined || atMs <= last.atMs) return { instance_id, memory_bytes, cpu: null };
      // A process of the group that ended takes its time with it.
      const cpu = Math.max(0, cpu_ms - last.cpuMs) / (atMs - last.atMs);
      return { instance_id, memory_bytes, cpu };
    });
    this.readings.set(key, now);
    return loads;
  }

  forget(serviceId: string): void {
    this.windows.delete(serviceId);
    for (const key of this.readings.keys()) {
      if (key.startsWith(`${serviceId} `)) this.readings.delete(key);
    }
  }
}

/** `null`: it says nothing of the service. */
function failedCall(method: unknown, outcome: unknown, reason: unknown): boolean | null {
  if (!isWork(method)) return null;
  const end = callEnd(method, outcome, reason);
  if (end === null || end === 'cancelled' || end === 'refused') return null;
  // A request that was wrong was answered all the same.
  return end !== 'ok' && end !== 'caller';
}
