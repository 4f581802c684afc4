import type { Endpoint, RouteTable } from '../gateway/endpoint.js';
import type { Clock } from '../kernel/clock.js';

/** The tools of a member that does not serve stay listed for this long: most outages are shorter. */
export const GRACE_MS = 300_000;

/** States that somebody chose: no outage, so that nothing is kept. */
const ON_PURPOSE: ReadonlySet<string> = new Set(['draft', 'inactive', 'deactivating']);

/** Since when each service does not serve, and whether its tools are shown meanwhile. */
export class Outages {
  private readonly sinceMs = new Map<string, number>();

  constructor(private readonly clock: Clock) {}

  follow(table: RouteTable): void {
    const nowMs = this.clock.monotonicMs();
    const before = new Map(this.sinceMs);
    this.sinceMs.clear();
    for (const { serviceId, unavailable } of table.endpoints) {
      if (unavailable !== null) this.sinceMs.set(serviceId, before.get(serviceId) ?? nowMs);
    }
  }

  /** Whether what the member lists is shown. */
  isListed(endpoint: Endpoint): boolean {
    const { unavailable, serviceId } = endpoint;
    if (unavailable === null) return true;
    if (ON_PURPOSE.has(unavailable.state) || unavailable.blocked === true) return false;
    const sinceMs = this.sinceMs.get(serviceId);
    return sinceMs === undefined || this.clock.monotonicMs() - sinceMs < GRACE_MS;
  }

  /** Milliseconds until the next service is no longer shown, or `null`. */
  get nextEndMs(): number | null {
    const nowMs = this.clock.monotonicMs();
    let next: number | null = null;
    for (const since of this.sinceMs.values()) {
      const left = since + GRACE_MS - nowMs;
      if (left > 0 && (next === null || left < next)) next = left;
    }
    return next;
  }
}
