import type { CallEnd } from '../health/call-fault.js';
import { LatencyHistogram } from '../kernel/latency-histogram.js';

/** What the calls of a window came to. */
export interface WindowFigures {
  /** Calls that the service answered or failed to answer; refusals of ours and calls given up are not among them. */
  readonly calls: number;
  /** No answer: the upstream ended, broke off, could not be reached or was late. */
  readonly transport_errors: number;
  /** Results with `isError`. */
  readonly tool_errors: number;
  /** JSON-RPC errors that are the service's. */
  readonly rpc_errors: number;
  /** JSON-RPC errors that say that the request was wrong. They are answers, and count as no error of the service. */
  readonly caller_errors: number;
  readonly cancelled: number;
  readonly refused: number;
  /** Upper bounds, at most 9.1 % above the true value; `null` without calls. */
  readonly p50_ms: number | null;
  readonly p95_ms: number | null;
  readonly p99_ms: number | null;
}

interface Slice {
  /** Number of the slice since the beginning of the clock; a slot of the ring is used anew for a later one. */
  number: number;
  readonly ends: Record<CallEnd, number>;
  readonly latencies: LatencyHistogram;
}

/**
 * Calls of the last `slices` x `sliceMs`, the current slice included, in a ring. Pure. No call is kept by itself: a slice
 * costs some 0.3 KB, at most 1.2 KB, and only once a call came in its time.
 */
export class RollingWindow {
  private readonly ring: Slice[] = [];
  private newest = -Infinity;

  constructor(
    private readonly sliceMs: number,
    private readonly slices: number,
  ) {}

  /** Times are monotonic milliseconds. */
  record(end: CallEnd, durationMs: number, nowMs: number): void {
    const slice = this.sliceAt(Math.floor(nowMs / this.sliceMs));
    slice.ends[end] += 1;
    if (isAnswerable(end)) slice.latencies.add(durationMs);
  }

  /** Whether nothing is in the window any more. */
  isOver(nowMs: number): boolean {
    return this.newest <= Math.floor(nowMs / this.sliceMs) - this.slices;
  }

  figures(nowMs: number): WindowFigures {
    const current = Math.floor(nowMs / this.sliceMs);
    const latencies = new LatencyHistogram();
    const ends = noEnds();
    for (const slice of this.ring) {
      if (slice.number <= current - this.slices || slice.number > current) continue;
      latencies.merge(slice.latencies);
      for (const end of ENDS) ends[end] += slice.ends[end];
    }
    return {
      calls: latencies.total,
      transport_errors: ends.transport,
      tool_errors: ends.tool,
      rpc_errors: ends.rpc,
      caller_errors: ends.caller,
      cancelled: ends.cancelled,
      refused: ends.refused,
      p50_ms: latencies.quantile(0.5),
      p95_ms: latencies.quantile(0.95),
      p99_ms: latencies.quantile(0.99),
    };
  }

  private sliceAt(number: number): Slice {
    this.newest = number;
    const present = this.ring.find((slice) => (slice.number - number) % this.slices === 0);
    if (present === undefined) {
      const made = { number, ends: noEnds(), latencies: new LatencyHistogram() };
      this.ring.push(made);
      return made;
    }
    if (present.number !== number) {
      present.number = number;
      for (const end of ENDS) present.ends[end] = 0;
      present.latencies.clear();
    }
    return present;
  }
}

const ENDS = ['ok', 'transport', 'tool', 'rpc', 'caller', 'cancelled', 'refused'] as const;

function noEnds(): Record<CallEnd, number> {
  return { ok: 0, transport: 0, tool: 0, rpc: 0, caller: 0, cancelled: 0, refused: 0 };
}

function isAnswerable(end: CallEnd): boolean {
  return end !== 'cancelled' && end !== 'refused';
}
