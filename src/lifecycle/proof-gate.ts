import type { CancelTimer, Clock } from '../kernel/clock.js';
import { UpstreamError } from '../upstream/upstream.errors.js';

type Verdict = UpstreamError | null;

/**
 * Holds the callers of a revision back until it is proven. Closed at first and after every fault that asks for a new
 * proof; callers wait, at most `limitMs`.
 */
export class ProofGate {
  private proven = false;
  private renewing = false;
  private lost: UpstreamError | null = null;
  private readonly waiting = new Set<(verdict: Verdict) => void>();

  constructor(
    private readonly clock: Clock,
    private readonly limitMs: number,
  ) {}

  get isOpen(): boolean {
    return this.proven;
  }

  /** Open, or closed for nothing but another look: what waits is let in as soon as that has passed. */
  get isTrusted(): boolean {
    return this.proven || this.renewing;
  }

  /** What ended all that was proven, unasked; `null` when nothing did, or something else was proven since. */
  get outage(): UpstreamError | null {
    return this.lost;
  }

  get waiters(): number {
    return this.waiting.size;
  }

  open(): void {
    this.proven = true;
    this.renewing = false;
    this.lost = null;
    this.tell(null);
  }

  /** Closed again; whoever waits goes on waiting. */
  close(): void {
    this.proven = false;
    this.renewing = false;
    this.lost = null;
  }

  /**
   * Closed until the next proof, because what would serve now is not what was proven. Nothing when it is closed anyhow.
   * `outage`: what was proven has ended for this reason.
   */
  renew(outage: UpstreamError | null = null): void {
    if (!this.isTrusted) return;
    this.lost ??= outage;
    this.proven = false;
    this.renewing = true;
  }

  /** Ends the waiting of everybody with `error`. */
  refuse(error: UpstreamError): void {
    this.tell(error);
  }

  /** Resolves once open. Rejects with the error of `refuse`, `start-timeout`, or `aborted`. */
  pass(signal: AbortSignal | undefined): Promise<void> {
    if (this.proven) return Promise.resolve();
    return new Promise((resolve, reject) => {
      let cancelTimer: CancelTimer = () => undefined;
      const end = (verdict: Verdict): void => {
        this.waiting.delete(end);
        cancelTimer();
        signal?.removeEventListener('abort', onAbort);
        if (verdict === null) resolve();
        else reject(verdict);
      };
      const onAbort = (): void => {
        end(new UpstreamError('aborted', 'The caller gave up.'));
      };
      this.waiting.add(end);
      signal?.addEventListener('abort', onAbort, { once: true });
      cancelTimer = this.clock.schedule(this.limitMs, () => {
        const waited = String(this.limitMs);
        end(new UpstreamError('start-timeout', `The service was not proven within ${waited} ms.`));
      });
    });
  }

  private tell(verdict: Verdict): void {
    for (const end of [...this.waiting]) end(verdict);
  }
}
