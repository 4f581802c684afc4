import type { Clock } from '../kernel/clock.js';
import { UpstreamError } from './upstream.errors.js';

/** How long it is believed that a server does not speak the stateless protocol. */
export const ERA_TTL_MS = 600_000;
const MAX_KNOWN = 1000;

export type Era = 'legacy' | 'stateless';

/**
 * What servers were found to speak, by how they are started, so that not every child has to be asked anew (2026-07-28,
 * versioning: may be kept over restarts of the same configuration). Both answers are forgotten in time: what a command
 * starts may be another version tomorrow.
 */
export class EraMemory {
  private readonly known = new Map<string, { readonly era: Era; readonly untilMs: number }>();

  constructor(private readonly clock: Clock) {}

  of(key: string): Era | null {
    const found = this.known.get(key);
    if (found === undefined) return null;
    if (found.untilMs > this.clock.monotonicMs()) return found.era;
    this.known.delete(key);
    return null;
  }

  note(key: string, era: Era): void {
    this.known.delete(key);
    this.known.set(key, { era, untilMs: this.clock.monotonicMs() + ERA_TTL_MS });
    const oldest = this.known.keys().next().value;
    if (this.known.size > MAX_KNOWN && oldest !== undefined) this.known.delete(oldest);
  }

  forget(key: string): void {
    this.known.delete(key);
  }
}

/** HTTP answers to `initialize` of servers that do not know it (2026-07-28, Streamable HTTP, backward compatibility). */
const REFUSING = new Set([400, 404, 405]);

/**
 * Whether a server refused `initialize` in a way in which one refuses that knows only the stateless protocol; some answer
 * it with the one revision they know, in which there is no `initialize`.
 */
export function refusedIt({ code, facts }: UpstreamError): boolean {
  if (code === 'http-status') return REFUSING.has(facts.httpStatus ?? 0);
  return code === 'handshake-refused' || code === 'protocol-version';
}

/** Whether it is a child's end that failed `initialize`. */
export function endedOverIt({ code }: UpstreamError): boolean {
  return code === 'exited-early' || code === 'exited' || code === 'disconnected';
}

/** Of two failures, `initialize`'s and then `server/discover`'s, the one that says more. */
export function tellingError(initialize: UpstreamError, discover: unknown): UpstreamError {
  const says = discover instanceof UpstreamError && discover.code === 'protocol-version';
  const gaveUp =
    discover instanceof UpstreamError && ['aborted', 'stopped'].includes(discover.code);
  return says || gaveUp ? discover : initialize;
}
