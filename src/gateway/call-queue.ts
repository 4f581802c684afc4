import type { Clock } from '../kernel/clock.js';
import type { RpcError } from '../protocol/rpc-error.js';
import type { CallFacts } from './call.js';
import type { Endpoint } from './endpoint.js';
import type { EndpointLoad } from './endpoint-load.js';

/** What is said of a caller that waits, so that it can leave before its turn. */
export interface WaitTerms {
  /** The caller's response: when its connection closes, the call leaves the queue. */
  readonly response?: ClosingResponse;
  readonly signal?: AbortSignal;
  /** The session and the JSON-RPC id (as JSON) that a cancellation would name. */
  readonly owner?: object;
  readonly id?: Buffer;
}

interface ClosingResponse {
  on(event: 'close', listener: () => void): unknown;
  off(event: 'close', listener: () => void): unknown;
}

/** Hears once whether it may go, and at which endpoint: after a swap that may be another one than it asked for. */
export type TurnListener = (refusal: RpcError | null, endpoint: Endpoint) => void;

/** One call that waits. Owned by the queue of `endpoint.load`. */
export class Turn {
  private over = false;
  private readonly undo: (() => void)[] = [];

  constructor(
    public endpoint: Endpoint,
    readonly principalId: string,
    readonly call: CallFacts,
    readonly sinceMs: number,
    readonly terms: WaitTerms,
    private readonly go: TurnListener,
  ) {}

  /** Calls `leave` when the caller goes away or has waited for `timeoutMs`. */
  watch(clock: Clock, timeoutMs: number, leave: (turn: Turn, gone: boolean) => void): void {
    const { response, signal } = this.terms;
    const onGone = (): void => {
      leave(this, true);
    };
    response?.on('close', onGone);
    signal?.addEventListener('abort', onGone, { once: true });
    const cancel = clock.schedule(timeoutMs, () => {
      leave(this, false);
    });
    this.undo.push(cancel, () => {
      response?.off('close', onGone);
      signal?.removeEventListener('abort', onGone);
    });
  }

  /** Ends the wait, once. */
  end(refusal: RpcError | null): void {
    if (this.over) return;
    this.over = true;
    for (const undo of this.undo) undo();
    this.go(refusal, this.endpoint);
  }
}

const MAX_RETRY_S = 30;
/** Weight of the newest interval between two turns. */
const NEWEST = 0.2;

/**
 * The calls that wait at one source. First come, first served among the calls of one principal; principals take turns, so
 * that a burst of one does not hold up the others.
 */
export class CallQueue {
  private readonly lines = new Map<string, Turn[]>();
  private waking = false;
  private lastTurnMs: number | null = null;
  private intervalMs = 0;

  constructor(
    private readonly load: EndpointLoad,
    private readonly clock: Clock,
    /** What speaks against a call whose turn it is. */
    private readonly objection: (turn: Turn) => RpcError | null,
    /** A call that was let go threw: there is nobody above it. */
    private readonly onFault: (error: unknown) => void,
  ) {}

  add(turn: Turn): void {
    const line = this.lines.get(turn.principalId);
    if (line === undefined) this.lines.set(turn.principalId, [turn]);
    else line.push(turn);
    // The pace of a queue that was empty since says nothing.
    if (this.load.waiting === 0) this.lastTurnMs = null;
    this.load.waiting += 1;
  }

  /** Answers whether it waited here. */
  remove(turn: Turn): boolean {
    const line = this.lines.get(turn.principalId);
    const at = line?.indexOf(turn) ?? -1;
    if (line === undefined || at < 0) return false;
    line.splice(at, 1);
    if (line.length === 0) this.lines.delete(turn.principalId);
    this.load.waiting -= 1;
    return true;
  }

  turns(): Turn[] {
    return [...this.lines.values()].flat();
  }

  /**
   * Lets calls go for which there is room, in a moment. Why not at once: this is said in the middle of ending another
   * call, which has not been answered yet.
   */
  wake(): void {
    if (this.waking) return;
    this.waking = true;
    queueMicrotask(this.serve);
  }

  /** Seconds after which there should be room again, by the pace of the last turns. */
  retryAfterS(): number {
    const seconds = Math.ceil((this.load.waiting * this.intervalMs) / 1_000);
    return Math.min(MAX_RETRY_S, Math.max(1, seconds));
  }

  private readonly serve = (): void => {
    this.waking = false;
    for (;;) {
      const turn = this.next();
      if (turn === null) return;
      this.remove(turn);
      const refusal = this.objection(turn);
      const before = this.load.inFlight;
      if (refusal === null) this.pace();
      try {
        turn.end(refusal);
      } catch (error) {
        this.onFault(error);
      }
      if (refusal === null && this.load.inFlight <= before) {
        // It has not counted itself yet, or gave up: whether there is room for another one shows later.
        setImmediate(this.serve);
        return;
      }
    }
  };

  /** The call whose turn it is, if there is room for it. */
  private next(): Turn | null {
    for (const [principalId, line] of this.lines) {
      const [turn] = line;
      if (turn === undefined) continue;
      const { maxInFlight } = turn.endpoint;
      if (maxInFlight !== null && this.load.inFlight >= maxInFlight) return null;
      this.lines.delete(principalId);
      this.lines.set(principalId, line);
      return turn;
    }
    return null;
  }

  private pace(): void {
    const now = this.clock.monotonicMs();
    if (this.lastTurnMs !== null) {
      const interval = now - this.lastTurnMs;
      this.intervalMs += (interval - this.intervalMs) * (this.intervalMs === 0 ? 1 : NEWEST);
    }
    this.lastTurnMs = now;
  }
}
