import type { Clock } from '../kernel/clock.js';
import { RPC, RpcError } from '../protocol/rpc-error.js';
import type { CallFacts } from './call.js';
import { CallQueue, Turn, type TurnListener, type WaitTerms } from './call-queue.js';
import { beginTrial, closeCircuit, keepAwayMs } from './circuit.js';
import type { Endpoint, RouteTable } from './endpoint.js';
import type { EndpointLoad } from './endpoint-load.js';
import { limitedError, unavailableError } from './wire-error.js';

const NO_TERMS: WaitTerms = {};
/** A call that tries an open circuit is soon over, whichever way it ends. */
const TRIAL_RETRY_MS = 1_000;

/** Hears of every call that waited and was not let go. */
type LossListener = (turn: Turn, outcome: 'refused' | 'cancelled', reason: string) => void;

/**
 * When calls may go: at most `maxInFlight` of an endpoint's source at once, the next ones in its queue, none while its
 * circuit is open. Owned by the dispatcher, which asks it only where a call cannot simply go.
 */
export class FlowControl {
  /** Those somebody waits at; the others cost nothing. */
  private readonly crowded = new Set<EndpointLoad>();
  /** Hears what calls throw that are let go, where nobody else would. */
  onFault: (error: unknown) => void = () => undefined;

  constructor(
    private readonly clock: Clock,
    private readonly onLoss: LossListener,
  ) {}

  /** Calls that wait, over all services. */
  get waiting(): number {
    let sum = 0;
    for (const { waiting } of this.crowded) sum += waiting;
    return sum;
  }

  /** Why an open circuit keeps this call away, or `null`. */
  keptAway(endpoint: Endpoint, method: string): RpcError | null {
    const waitMs = keepAwayMs(endpoint, method, this.clock.monotonicMs());
    if (waitMs === 0) return null;
    return circuitError(endpoint, endpoint.load.trial ? TRIAL_RETRY_MS : waitMs);
  }

  /** The call goes although the circuit is open: it is the one that tries. */
  tries(endpoint: Endpoint, method: string): void {
    if (method !== 'ping') beginTrial(endpoint, this.clock.monotonicMs());
  }

  /** Puts a call into the queue. `go` is called once, at once only when there is no room in the queue. */
  wait(
    endpoint: Endpoint,
    principalId: string,
    call: CallFacts,
    go: TurnListener,
    terms: WaitTerms = NO_TERMS,
  ): void {
    const turn = new Turn(endpoint, principalId, call, this.clock.monotonicMs(), terms, go);
    const { load, flow } = endpoint;
    if (load.waiting >= flow.queueSize) {
      this.lose(turn, this.fullError(endpoint), 'refused');
      return;
    }
    this.queueOf(load).add(turn);
    this.crowded.add(load);
    turn.watch(this.clock, flow.queueTimeoutMs, (left, gone) => {
      this.leave(left, gone);
    });
    // What is under way may all be openings of calls that fail: nothing else would serve the queue then.
    if (load.inFlight === 0) load.queue?.wake();
  }

  /** Ends the wait of a session's call that its client has cancelled. `id` is JSON. Answers whether it waited. */
  cancel(load: EndpointLoad, owner: object, id: string): boolean {
    for (const turn of load.queue?.turns() ?? []) {
      if (turn.terms.owner !== owner || turn.terms.id?.toString('utf8') !== id) continue;
      this.leave(turn, true);
      return true;
    }
    return false;
  }

  /** Ends every wait of a session whose client has left. */
  cancelAll(owner: object): void {
    for (const load of [...this.crowded]) {
      for (const turn of load.queue?.turns() ?? []) {
        if (turn.terms.owner === owner) this.leave(turn, true);
      }
    }
  }

  /** There is no room to go, and none to wait. */
  fullError({ serviceName, load }: Endpoint): RpcError {
    const text = 'Too many calls are under way';
    return limitedError(text, serviceName, 'queue-full', load.queue?.retryAfterS() ?? 1, 503);
  }

  /** The circuit of this endpoint's source has opened: nobody waits for it. */
  refuseWaiting(endpoint: Endpoint): void {
    const { load } = endpoint;
    if (load.waiting === 0) return;
    const waitMs = keepAwayMs(endpoint, '', this.clock.monotonicMs());
    this.refuseAll(load, (turn) => circuitError(turn.endpoint, waitMs));
  }

  /** Empties every queue. */
  refuseEverybody(because: (turn: Turn) => RpcError): void {
    for (const load of [...this.crowded]) this.refuseAll(load, because);
  }

  /**
   * After a swap: calls that wait move along with their service, and are told when it is gone or out of service. A circuit
   * is closed once the service is back: its upstream has just been proven.
   */
  follow(next: RouteTable, before: RouteTable): void {
    for (const load of [...this.crowded]) {
      for (const turn of load.queue?.turns() ?? []) this.followTurn(turn, next, before);
      this.forgetIfEmpty(load);
    }
    for (const endpoint of before.endpoints) {
      if (endpoint.load.failures === 0) continue;
      const after = next.endpoints.find(({ load }) => load === endpoint.load);
      const isBack = endpoint.unavailable !== null && after?.unavailable === null;
      if (after === undefined || isBack) closeCircuit(endpoint);
    }
  }

  private followTurn(turn: Turn, next: RouteTable, before: RouteTable): void {
    const { endpoint } = turn;
    if (endpoint.aggregate === true || next.endpoints.includes(endpoint)) return;
    const heir = heirOf(endpoint, next, before);
    if (heir !== null && heir.unavailable === null) {
      this.move(turn, heir);
      return;
    }
    endpoint.load.queue?.remove(turn);
    const { serviceName } = endpoint;
    const why = heir?.unavailable ?? null;
    const error = why === null ? removedError(serviceName) : unavailableError(serviceName, why);
    this.lose(turn, error, 'refused');
  }

  private move(turn: Turn, heir: Endpoint): void {
    const { load } = turn.endpoint;
    if (load === heir.load) {
      turn.endpoint = heir;
      return;
    }
    load.queue?.remove(turn);
    turn.endpoint = heir;
    this.crowded.add(heir.load);
    const queue = this.queueOf(heir.load);
    queue.add(turn);
    queue.wake();
  }

  private leave(turn: Turn, gone: boolean): void {
    const { load, serviceName } = turn.endpoint;
    if (load.queue?.remove(turn) !== true) return;
    const text = 'Too many calls were under way for too long';
    this.lose(
      turn,
      gone
        ? new RpcError(RPC.upstreamFailed, 'The request was cancelled', { reason: 'cancelled' })
        : limitedError(text, serviceName, 'queue-timeout', load.queue.retryAfterS(), 503),
      gone ? 'cancelled' : 'refused',
    );
    this.forgetIfEmpty(load);
  }

  private refuseAll(load: EndpointLoad, because: (turn: Turn) => RpcError): void {
    for (const turn of load.queue?.turns() ?? []) {
      load.queue?.remove(turn);
      this.lose(turn, because(turn), 'refused');
    }
    this.forgetIfEmpty(load);
  }

  private lose(turn: Turn, error: RpcError, outcome: 'refused' | 'cancelled'): void {
    this.onLoss(turn, outcome, reasonOf(error));
    turn.end(error);
  }

  private queueOf(load: EndpointLoad): CallQueue {
    load.queue ??= new CallQueue(
      load,
      this.clock,
      (turn) => this.objection(turn),
      (error) => {
        this.onFault(error);
      },
    );
    return load.queue;
  }

  private objection(turn: Turn): RpcError | null {
    const { endpoint, call } = turn;
    this.forgetIfEmpty(endpoint.load);
    if (endpoint.load.openUntilMs === 0) return null;
    const refusal = this.keptAway(endpoint, call.method);
    if (refusal === null) this.tries(endpoint, call.method);
    else this.onLoss(turn, 'refused', reasonOf(refusal));
    return refusal;
  }

  private forgetIfEmpty(load: EndpointLoad): void {
    if (load.waiting === 0) this.crowded.delete(load);
  }
}

/** The endpoint that a call waits for from now on; `null` when nothing has taken the place of `endpoint`. */
function heirOf(endpoint: Endpoint, next: RouteTable, before: RouteTable): Endpoint | null {
  const same = next.endpoints.find(({ load }) => load === endpoint.load);
  if (same !== undefined) return same;
  const { serviceId } = endpoint;
  return before.ofService(serviceId) === endpoint ? next.ofService(serviceId) : null;
}

function circuitError({ serviceName }: Endpoint, waitMs: number): RpcError {
  const text = 'The service kept failing and is not called for a while';
  const why = { state: 'failing', reason: 'circuit-open', message: text };
  return unavailableError(serviceName, { ...why, retry_after_s: Math.ceil(waitMs / 1_000) });
}

function removedError(service: string): RpcError {
  const about = { service, state: 'removed', reason: 'service-removed' };
  return new RpcError(RPC.unavailable, 'The service was removed', about, 404);
}

/** The word for it in `data.reason`. */
export function reasonOf({ data }: RpcError): string {
  const reason = typeof data === 'object' && data !== null && 'reason' in data ? data.reason : null;
  return typeof reason === 'string' ? reason : 'refused';
}
