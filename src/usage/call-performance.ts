import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { callEnd, isWork } from '../health/call-fault.js';
import type { Clock } from '../kernel/clock.js';
import { isJsonObject } from '../kernel/json.js';
import { ServicePerformance, type PerformanceWindow } from './service-performance.js';

const CHANNEL = 'switchyard:call';
const TOOL_CALL = 'tools/call';

/** What of the registry and the lifecycle is needed to know what a call is about. */
export interface ServiceKnowledge {
  isService(serviceId: string): boolean;
  /** Whether the service has listed a tool of this name. */
  isTool(serviceId: string, tool: string): boolean;
}

/**
 * How the calls of every service went lately. Fed by the channel of the hot path, never on a request's way. Services that
 * nobody called for a quarter of an hour cost nothing.
 */
export class CallPerformance {
  private readonly services = new Map<string, ServicePerformance>();
  private readonly listener = (message: unknown): void => {
    if (!isJsonObject(message)) return;
    const { service_id, method, tool, outcome, reason, duration_ms } = message;
    if (typeof service_id !== 'string' || typeof duration_ms !== 'number' || !isWork(method))
      return;
    const end = callEnd(method, outcome, reason);
    if (end === null) return;
    const called = method === TOOL_CALL && typeof tool === 'string' ? tool : null;
    this.of(service_id)?.record({ tool: called, end, duration_ms }, this.clock.monotonicMs());
  };

  constructor(
    private readonly clock: Clock,
    private readonly knowledge: ServiceKnowledge,
  ) {}

  start(): void {
    subscribe(CHANNEL, this.listener);
  }

  stop(): void {
    unsubscribe(CHANNEL, this.listener);
  }

  /** `top`: tools at most in each window. */
  report(serviceId: string, top: number): PerformanceWindow[] {
    const nowMs = this.clock.monotonicMs();
    const present = this.services.get(serviceId) ?? NOBODY_CALLED;
    return present.report(nowMs, top);
  }

  forget(serviceId: string): void {
    this.services.delete(serviceId);
  }

  /** Forgets services without a call in any window. */
  prune(): void {
    const nowMs = this.clock.monotonicMs();
    for (const [id, performance] of this.services) {
      if (performance.isOver(nowMs)) this.services.delete(id);
    }
  }

  /** Services that something is kept of. */
  get size(): number {
    return this.services.size;
  }

  /** A call may end after its service is gone; nothing is kept of that. */
  private of(serviceId: string): ServicePerformance | undefined {
    const present = this.services.get(serviceId);
    if (present !== undefined || !this.knowledge.isService(serviceId)) return present;
    const made = new ServicePerformance((tool) => this.knowledge.isTool(serviceId, tool));
    this.services.set(serviceId, made);
    return made;
  }
}

const NOBODY_CALLED = new ServicePerformance(() => false);
