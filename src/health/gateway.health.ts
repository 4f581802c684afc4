/** What has to be there before the gateway is ready. None of them waits for an upstream. */
export type ReadinessPart = 'store' | 'lifecycle' | 'routes';

export interface Readiness {
  readonly ready: boolean;
  /** Each part with `ok`, or what it waits for. */
  readonly checks: Readonly<Record<string, string>>;
}

const WAITING: Readonly<Record<ReadinessPart, string>> = {
  store: 'the store is being opened',
  lifecycle: 'the stored services are being taken up',
  routes: 'the route table is being built',
};

/** Whether traffic may be sent here: store open, services taken up, table built, and not shutting down. */
export class ReadinessGate {
  private readonly done = new Set<ReadinessPart>();
  private closed = false;

  ready(part: ReadinessPart): void {
    this.done.add(part);
  }

  /** The gateway is shutting down: no new traffic. */
  close(): void {
    this.closed = true;
  }

  state(): Readiness {
    const checks: Record<string, string> = {};
    for (const part of Object.keys(WAITING) as ReadinessPart[]) {
      checks[part] = this.done.has(part) ? 'ok' : WAITING[part];
    }
    if (this.closed) checks.process = 'the gateway is shutting down';
    return { ready: !this.closed && this.done.size === Object.keys(WAITING).length, checks };
  }
}
