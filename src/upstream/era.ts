import type { Clock } from '../kernel/clock.js';
import { UpstreamError } from './upstream.errors.js';

/** How long it is believed that a server does not speak the stateless protocol. */
export const ERA_TTL_MS = 600_000;
const MAX_KNOWN = 1000;

/** `legacy`: answers `initialize`, and is not known to answer more. */
export type Era = 'legacy' | 'stateless' | 'both';

/**
 * What servers were found to speak, by how they are started, so that not every child has to be asked anew (2026-07-28,
 * versioning: may be kept over restarts of the same configuration). What a command starts may be another version
 * tomorrow, so that answers are forgotten in time; not `both`, which is corrected where it turns out wrong.
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

  /** That `initialize` was answered contradicts no `both`; that it was refused, no probe. */
  note(key: string, said: Era): void {
    const before = this.of(key);
    const keeps =
      (before === 'both' && said === 'legacy') || (before === 'stateless' && said === 'both');
    const era = keeps ? before : said;
    const untilMs = era === 'both' ? Infinity : this.clock.monotonicMs() + ERA_TTL_MS;
    this.known.delete(key);
    this.known.set(key, { era, untilMs });
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

/** For a failed `server/discover`: `null` when the server does not know it; rejects for any other reason. */
export function refusedOnly(error: unknown): null {
  const { code } = error instanceof UpstreamError ? error : { code: '' };
  if (code === 'handshake-refused' || code === 'not-mcp') return null;
  throw error;
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
