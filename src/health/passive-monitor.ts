import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { Clock } from '../kernel/clock.js';
import { isJsonObject } from '../kernel/json.js';

/** The data plane's channel, by name: health stands beside the gateway and imports nothing of it. */
const CHANNEL = 'switchyard:call';
const EJECT_AFTER = 5;
const EJECT_MS = 30_000;
const LONGEST_MS = 300_000;
/** What was failing so long ago, and was not heard of since, is most likely gone. */
const FORGET_MS = 900_000;

const ALIVE: ReadonlySet<string> = new Set(['ok', 'tool_error', 'rpc_error']);
const LOST: ReadonlySet<string> = new Set(['failed', 'timeout']);
/** Failures that are ours, or say nothing of the instance that was called. */
const NOT_ITS_FAULT: ReadonlySet<string> = new Set([
  'internal',
  'capacity',
  'retired',
  'stopped',
  'aborted',
  'crash-loop',
  'session-expired',
  'body-too-large',
]);

/** What of the lifecycle ejection needs. */
export interface InstanceRotation {
  /** Takes an instance out of picking; `false` = it stays, as too few others would be left. */
  ejectInstance(serviceId: string, instanceId: string, forMs: number): boolean;
  /** It answers: it is picked as any other. */
  pardonInstance(serviceId: string, instanceId: string): void;
}

interface Entry {
  readonly serviceId: string;
  /** Transport failures in a row. */
  failures: number;
  lastFailureMs: number;
  ejections: number;
  /** Monotonic; 0 = not ejected. Afterwards one caller tries it. */
  untilMs: number;
}

/**
 * Watches what calls meet at each instance: five transport failures in a row eject one of several for 30 s times the number
 * of ejections, at most 300 s; the first answer after that ends it, the next failure ejects it for longer. A single
 * instance is the affair of the data plane's circuit. Calls that were under way together fail of one cause and count once.
 */
export class PassiveMonitor {
  private readonly entries = new Map<string, Entry>();
  private readonly listener = (message: unknown): void => {
    if (!isJsonObject(message) || message.method === 'ping') return;
    const { service_id, instance_id, outcome, reason, duration_ms } = message;
    if (typeof service_id !== 'string' || typeof instance_id !== 'string') return;
    if (typeof outcome !== 'string') return;
    if (ALIVE.has(outcome)) this.noteAnswer(instance_id);
    else if (LOST.has(outcome) && !(typeof reason === 'string' && NOT_ITS_FAULT.has(reason))) {
      const tookMs = typeof duration_ms === 'number' ? duration_ms : 0;
      this.noteFailure(service_id, instance_id, this.clock.monotonicMs() - tookMs);
    }
  };

  constructor(
    private readonly rotation: InstanceRotation,
    private readonly clock: Clock,
  ) {}

  start(): void {
    subscribe(CHANNEL, this.listener);
  }

  stop(): void {
    unsubscribe(CHANNEL, this.listener);
  }

  forget(serviceId: string): void {
    for (const [id, entry] of this.entries) {
      if (entry.serviceId === serviceId) this.entries.delete(id);
    }
  }

  /** Instances that failed lately. */
  get size(): number {
    return this.entries.size;
  }

  private noteAnswer(instanceId: string): void {
    const entry = this.entries.get(instanceId);
    if (entry === undefined) return;
    // An answer to a call from before says nothing of what happened since.
    if (this.clock.monotonicMs() < entry.untilMs) return;
    this.entries.delete(instanceId);
    if (entry.ejections > 0) this.rotation.pardonInstance(entry.serviceId, instanceId);
  }

  private noteFailure(serviceId: string, instanceId: string, startedMs: number): void {
    const nowMs = this.clock.monotonicMs();
    const entry = this.entries.get(instanceId) ?? this.begin(serviceId, instanceId, nowMs);
    if (startedMs <= entry.lastFailureMs || nowMs < entry.untilMs) return;
    entry.failures += 1;
    entry.lastFailureMs = nowMs;
    if (entry.ejections === 0 && entry.failures < EJECT_AFTER) return;
    const forMs = Math.min(LONGEST_MS, EJECT_MS * (entry.ejections + 1));
    if (!this.rotation.ejectInstance(serviceId, instanceId, forMs)) return;
    entry.ejections += 1;
    entry.untilMs = nowMs + forMs;
  }

  private begin(serviceId: string, instanceId: string, nowMs: number): Entry {
    for (const [id, { lastFailureMs }] of this.entries) {
      if (nowMs - lastFailureMs > FORGET_MS) this.entries.delete(id);
    }
    const made = { serviceId, failures: 0, lastFailureMs: -1, ejections: 0, untilMs: 0 };
    this.entries.set(instanceId, made);
    return made;
  }
}
