import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { Clock } from '../kernel/clock.js';
import { isJsonObject } from '../kernel/json.js';

/** The data plane's channels, by name: health stands beside the gateway and imports nothing of it. */
const CHANNELS = ['switchyard:call', 'switchyard:session'];

/** When callers last used a service. Probes do not count, so that none keeps an instance from being stopped as idle. */
export class UsageWatch {
  private readonly lastUsedMs = new Map<string, number>();
  private readonly listener = (message: unknown): void => {
    if (!isJsonObject(message)) return;
    const { service_id } = message;
    if (typeof service_id !== 'string') return;
    if (!this.lastUsedMs.has(service_id) && !this.isKnown(service_id)) return;
    this.lastUsedMs.set(service_id, this.clock.monotonicMs());
  };

  /** `isKnown`: a session may end after its service is gone, and nothing is kept of that. */
  constructor(
    private readonly clock: Clock,
    private readonly isKnown: (serviceId: string) => boolean = () => true,
  ) {}

  start(): void {
    for (const name of CHANNELS) subscribe(name, this.listener);
  }

  stop(): void {
    for (const name of CHANNELS) unsubscribe(name, this.listener);
  }

  usedWithin(serviceId: string, periodMs: number): boolean {
    const usedMs = this.lastUsedMs.get(serviceId);
    return usedMs !== undefined && this.clock.monotonicMs() - usedMs < periodMs;
  }

  forget(serviceId: string): void {
    this.lastUsedMs.delete(serviceId);
  }
}
