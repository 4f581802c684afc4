import type { Endpoint } from '../gateway/endpoint.js';
import type { EndpointLoad } from '../gateway/endpoint-load.js';

/** What goes on at a service now. */
export interface CallLoad {
  /** Calls under way, and openings of conversations for calls. */
  readonly in_flight: number;
  /** Calls that wait for their turn. */
  readonly queued: number;
  /** Whether calls are kept away. `half-open`: the next call tries, or one does. Of several revisions the worst. */
  readonly circuit: 'closed' | 'open' | 'half-open';
}

const NOTHING: CallLoad = { in_flight: 0, queued: 0, circuit: 'closed' };
const WORST_FIRST = ['open', 'half-open', 'closed'] as const;

/** Sums up by name; a service has one load for each revision that routes lead to, and endpoints share them. */
export function callLoads(endpoints: readonly Endpoint[], nowMs: number): Map<string, CallLoad> {
  const seen = new Set<EndpointLoad>();
  const loads = new Map<string, CallLoad>();
  for (const { serviceName, load, aggregate } of endpoints) {
    if (aggregate === true || seen.has(load)) continue;
    seen.add(load);
    const { in_flight, queued, circuit } = loads.get(serviceName) ?? NOTHING;
    const own = circuitOf(load, nowMs);
    loads.set(serviceName, {
      in_flight: in_flight + load.inFlight,
      queued: queued + load.waiting,
      circuit: WORST_FIRST.find((state) => state === circuit || state === own) ?? 'closed',
    });
  }
  return loads;
}

/** Of one service. */
export function callLoadOf(
  endpoints: readonly Endpoint[],
  serviceId: string,
  nowMs: number,
): CallLoad {
  const own = endpoints.filter((endpoint) => endpoint.serviceId === serviceId);
  const [load = NOTHING] = callLoads(own, nowMs).values();
  return load;
}

function circuitOf({ openUntilMs, trial }: EndpointLoad, nowMs: number): CallLoad['circuit'] {
  if (openUntilMs === 0) return 'closed';
  return trial || openUntilMs <= nowMs ? 'half-open' : 'open';
}
