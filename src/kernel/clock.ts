/** The one door to time. Units are in the names; a timer never keeps the process alive. */
export abstract class Clock {
  /** Wall clock, milliseconds since the Unix epoch. Jumps when the machine's clock is set. */
  abstract now(): number;
  /** Monotonic milliseconds; the origin is arbitrary. Use it for every duration and deadline. */
  abstract monotonicMs(): number;
  /** Runs `callback` once after `delayMs`; answers the function that cancels it. */
  abstract schedule(delayMs: number, callback: () => void): CancelTimer;

  /** Now as an RFC 3339 string in UTC. */
  timestamp(): string {
    return new Date(this.now()).toISOString();
  }

  /** Resolves after `delayMs`, or at once when `signal` is aborted; it never rejects. */
  sleep(delayMs: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      if (signal?.aborted === true) {
        resolve();
        return;
      }
      const onAbort = (): void => {
        cancel();
        resolve();
      };
      const cancel = this.schedule(delayMs, () => {
        signal?.removeEventListener('abort', onAbort);
        resolve();
      });
      signal?.addEventListener('abort', onAbort, { once: true });
    });
  }
}

export type CancelTimer = () => void;

export class SystemClock extends Clock {
  override now(): number {
    return Date.now();
  }

  override monotonicMs(): number {
    return performance.now();
  }

  override schedule(delayMs: number, callback: () => void): CancelTimer {
    const timer = setTimeout(callback, delayMs);
    timer.unref();
    return () => {
      clearTimeout(timer);
    };
  }
}
