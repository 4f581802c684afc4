import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { Clock } from '../kernel/clock.js';
import { isJsonObject } from '../kernel/json.js';

/** The data plane's channel, by name: health stands beside the gateway and imports nothing of it. */
const CHANNEL = 'switchyard:circuit';
/** The longest that a trial is believed to be under way: one that comes to nothing is not told. */
const TRIAL_MS = 60_000;

/** What callers meet now: nobody is let through (`open`), or one call tries (`trying`). */
export interface CircuitFacts {
  readonly state: 'open' | 'trying';
  /** Transport failures in a row. */
  readonly failures: number;
}

interface Entry extends CircuitFacts {
  /** Monotonic. Afterwards calls may go again, and checks and callers find out by themselves. */
  readonly untilMs: number;
}

/** Which services the data plane keeps calls from, by revision, as several may serve while one replaces another. */
export class CircuitWatch {
  private readonly entries = new Map<string, Map<number, Entry>>();
  private onChange: (serviceId: string) => void = () => undefined;
  private readonly listener = (message: unknown): void => {
    if (!isJsonObject(message)) return;
    const { service_id, revision, state, failures, open_ms } = message;
    if (typeof service_id !== 'string' || typeof revision !== 'number') return;
    const count = typeof failures === 'number' ? failures : 0;
    const openMs = typeof open_ms === 'number' ? open_ms : 0;
    this.note(service_id, revision, state, count, openMs);
    this.onChange(service_id);
  };

  constructor(private readonly clock: Clock) {}

  start(onChange: (serviceId: string) => void): void {
    this.onChange = onChange;
    subscribe(CHANNEL, this.listener);
  }

  stop(): void {
    unsubscribe(CHANNEL, this.listener);
  }

  of(serviceId: string, revision: number): CircuitFacts | null {
    const entry = this.entries.get(serviceId)?.get(revision);
    return entry !== undefined && this.clock.monotonicMs() < entry.untilMs ? entry : null;
  }

  forget(serviceId: string): void {
    this.entries.delete(serviceId);
  }

  private note(
    serviceId: string,
    revision: number,
    state: unknown,
    failures: number,
    openMs: number,
  ): void {
    const ofService = this.entries.get(serviceId) ?? new Map<number, Entry>();
    const nowMs = this.clock.monotonicMs();
    for (const [older, { untilMs }] of ofService) if (untilMs <= nowMs) ofService.delete(older);
    if (state === 'open') {
      ofService.set(revision, { state: 'open', failures, untilMs: nowMs + openMs });
    } else if (state === 'half-open') {
      ofService.set(revision, { state: 'trying', failures, untilMs: nowMs + TRIAL_MS });
    } else ofService.delete(revision);
    if (ofService.size === 0) this.entries.delete(serviceId);
    else this.entries.set(serviceId, ofService);
  }
}
