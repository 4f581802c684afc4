import type { SealedText } from '../auth/sealed-text.js';
import type { Clock } from '../kernel/clock.js';
import type { Random } from '../kernel/random.js';
import { RPC, RpcError } from '../protocol/rpc-error.js';
import { badState, openState, sealState, type HeldState } from './request-state.js';
import type { TranslatedCall } from './translated-call.js';

export interface HeldLimits {
  readonly maxHeld: number;
  readonly maxOfPrincipal: number;
  /** How long a client has for its answer. */
  readonly holdMs: number;
}

export const HELD_LIMITS: HeldLimits = { maxHeld: 1_000, maxOfPrincipal: 50, holdMs: 300_000 };

const BUSY_RETRY_S = 5;

/**
 * Calls that stay open at their upstream while their client is away to gather what the upstream asked for. Bounded in
 * number, for each principal and in all, and in time. They keep their line, not a place in `max_in_flight`: the retry
 * needs that one, and might not get it if its own call held it.
 */
export class HeldCalls {
  private readonly calls = new Map<string, TranslatedCall>();
  private readonly principals = new Map<string, number>();

  constructor(
    readonly clock: Clock,
    private readonly random: Random,
    private readonly seal: SealedText,
    private readonly limits: HeldLimits = HELD_LIMITS,
  ) {}

  get size(): number {
    return this.calls.size;
  }

  get holdMs(): number {
    return this.limits.holdMs;
  }

  /** Holds the call under the id that is answered, or says why it cannot be. */
  add(call: TranslatedCall, service: string): string | RpcError {
    const { principalId } = call;
    const own = this.principals.get(principalId) ?? 0;
    if (own >= this.limits.maxOfPrincipal || this.calls.size >= this.limits.maxHeld) {
      const data = { service, reason: 'held-calls', retry_after_s: BUSY_RETRY_S };
      return new RpcError(RPC.limited, 'Too many calls wait for their clients', data, 503);
    }
    const id = this.random.uuid();
    this.calls.set(id, call);
    this.principals.set(principalId, own + 1);
    return id;
  }

  remove(id: string): void {
    const call = this.calls.get(id);
    if (call === undefined) return;
    this.calls.delete(id);
    const left = (this.principals.get(call.principalId) ?? 1) - 1;
    if (left === 0) this.principals.delete(call.principalId);
    else this.principals.set(call.principalId, left);
  }

  stateOf(state: Omit<HeldState, 'expiresMs'>): string {
    return sealState(this.seal, { ...state, expiresMs: this.clock.now() + this.limits.holdMs });
  }

  /**
   * The call that `sealed` continues; `null` when it is none of ours, which a state of an upstream may be. Answers an
   * error for one of ours that does not fit: principal, service, request, round and time are those it was given for.
   */
  find(
    sealed: string,
    principalId: string,
    serviceId: string,
    digest: () => string,
  ): TranslatedCall | RpcError | null {
    const state = openState(this.seal, sealed);
    if (state === null) return null;
    if (state.principalId !== principalId || state.serviceId !== serviceId) {
      return badState('was not given to this caller for this service');
    }
    if (state.expiresMs <= this.clock.now()) return badState('has expired: call again without it');
    const call = this.calls.get(state.callId);
    if (call === undefined)
      return badState('belongs to a call that has ended: call again without it');
    if (state.digest !== digest()) return badState('was given for another request');
    return call.awaits(state.round) ? call : badState('was used already');
  }

  /** Gives up those of a service that is no more: nobody can come back to them. */
  dropService(serviceId: string): void {
    for (const call of [...this.calls.values()]) if (call.serviceId === serviceId) call.expire();
  }

  /** Gives them all up, for shutdown. */
  dropAll(): void {
    for (const call of [...this.calls.values()]) call.expire();
  }
}
