import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { Clock } from '../kernel/clock.js';
import { isJsonObject } from '../kernel/json.js';
import { meaningOf } from '../lifecycle/failure-mapping.js';

/** The data plane's channel, by name: health stands beside the gateway and imports nothing of it. */
const CHANNEL = 'switchyard:circuit';
/** The longest that a trial is believed to be under way: one that comes to nothing is not told. */
const TRIAL_MS = 60_000;

/**
 * What callers meet now: nobody is let through (`open`), one call tries (`trying`), or calls may go again and none has,
 * nor has a check passed (`lapsed`).
 */
export interface CircuitFacts {
  readonly state: 'open' | 'trying' | 'lapsed';
  /** Transport failures in a row. */
  readonly failures: number;
  /** What the last of them amounts to. */
  readonly cause?: { readonly reason: string; readonly action: string } | null;
}

interface Entry extends CircuitFacts {
  /** Monotonic. Afterwards calls may go again. */
  readonly untilMs: number;
}

/** Which services the data plane keeps calls from, by revision, as several may serve while one replaces another. */
export class CircuitWatch {
  private readonly entries = new Map<string, Map<number, Entry>>();
  private onChange: (serviceId: string) => void = () => undefined;
  private readonly listener = (message: unknown): void => {
    if (!isJsonObject(message)) return;
    const { service_id, revision, state, failures, open_ms, reason } = message;
    if (typeof service_id !== 'string' || typeof revision !== 'number') return;
    const count = typeof failures === 'number' ? failures : 0;
    const openMs = typeof open_ms === 'number' ? open_ms : 0;
    const cause = typeof reason === 'string' ? meaningOf(reason) : null;
    this.note(service_id, revision, { state, failures: count, openMs, cause });
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
    if (entry === undefined) return null;
    const overMs = this.clock.monotonicMs() - entry.untilMs;
    if (overMs < 0) return entry;
    const lapses = entry.state === 'open' && overMs < TRIAL_MS;
    return lapses ? { ...entry, state: 'lapsed' } : null;
  }

  /** A check has shown that it answers: what no caller has tried since counts no more. */
  settle(serviceId: string, revision: number): void {
    if (this.of(serviceId, revision)?.state === 'lapsed')
      this.entries.get(serviceId)?.delete(revision);
  }

  forget(serviceId: string): void {
    this.entries.delete(serviceId);
  }

  private note(
    serviceId: string,
    revision: number,
    told: {
      readonly state: unknown;
      readonly failures: number;
      readonly openMs: number;
      readonly cause: CircuitFacts['cause'];
    },
  ): void {
    const { state, failures, openMs, cause } = told;
    const ofService = this.entries.get(serviceId) ?? new Map<number, Entry>();
    const nowMs = this.clock.monotonicMs();
    const before = ofService.get(revision)?.cause ?? null;
    for (const [older, { untilMs }] of ofService) {
      if (untilMs + TRIAL_MS <= nowMs) ofService.delete(older);
    }
    if (state === 'open') {
      ofService.set(revision, { state: 'open', failures, cause, untilMs: nowMs + openMs });
    } else if (state === 'half-open') {
      const untilMs = nowMs + TRIAL_MS;
      ofService.set(revision, { state: 'trying', failures, cause: before, untilMs });
    } else ofService.delete(revision);
    if (ofService.size === 0) this.entries.delete(serviceId);
    else this.entries.set(serviceId, ofService);
  }
}
