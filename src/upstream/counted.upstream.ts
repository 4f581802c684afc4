// HOT PATH
import type { Clock } from '../kernel/clock.js';
import { Activity } from './activity.js';
import type { UpstreamError } from './upstream.errors.js';
import { Upstream } from './upstream.js';

/** What every upstream counts and tells in the same way. */
export abstract class CountedUpstream extends Upstream {
  protected readonly activity: Activity;
  private readonly downListeners: ((error: UpstreamError) => void)[] = [];
  private downError: UpstreamError | null = null;
  private silent = false;

  constructor(clock: Clock) {
    super();
    this.activity = new Activity(clock);
  }

  /** One that comes too late for the end hears it nevertheless. */
  override onDown(listener: (error: UpstreamError) => void): void {
    const error = this.downError;
    if (error === null) this.downListeners.push(listener);
    else {
      queueMicrotask(() => {
        listener(error);
      });
    }
  }

  override get inFlight(): number {
    return this.activity.inFlight;
  }

  override get listeners(): number {
    return this.activity.listeners;
  }

  override countListener(change: 1 | -1): void {
    this.activity.listeners += change;
  }

  override get lastUsedMs(): number {
    return this.activity.lastUsedMs;
  }

  /** From here on an end is no surprise. */
  protected quiet(): void {
    this.silent = true;
  }

  protected tellDown(error: UpstreamError): void {
    if (this.silent) return;
    this.silent = true;
    this.downError = error;
    for (const listener of this.downListeners.splice(0)) listener(error);
  }
}
