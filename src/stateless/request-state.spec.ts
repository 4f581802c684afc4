import { describe, expect, it } from '@jest/globals';
import { SealedText } from '../auth/sealed-text.js';
import { SessionKeys, type SessionKey } from '../auth/session-keys.js';
import { SystemRandom } from '../kernel/random.js';
import { RpcError } from '../protocol/rpc-error.js';
import { ManualClock } from '../../test/support/manual-clock.js';
import { HeldCalls } from './held-calls.js';
import { openState, requestDigest, sealState } from './request-state.js';
import type { TranslatedCall } from './translated-call.js';

class OneKey extends SessionKeys {
  override current(): SessionKey {
    return { id: 'k', key: Buffer.alloc(32, 1) };
  }
  override find(): Buffer {
    return Buffer.alloc(32, 1);
  }
}

const sealFor = (purpose = 'request-state'): SealedText =>
  new SealedText(new OneKey(), new SystemRandom(), purpose, 4_096);
const STATE = {
  callId: 'c',
  round: 2,
  principalId: 'ann',
  serviceId: 's',
  digest: 'd',
  expiresMs: 5,
};
const digest = (params: object, method = 'tools/call'): string =>
  requestDigest(method, Buffer.from(JSON.stringify({ params })));

describe('a request state', () => {
  it('carries what it was made of, and nothing that was not sealed for it', () => {
    expect(openState(sealFor(), sealState(sealFor(), STATE))).toEqual(STATE);
    expect(openState(sealFor(), sealFor('').seal('{}'))).toBeNull();
    expect(openState(sealFor(), sealFor().seal('{"c":1}'))).toBeNull();
    expect(openState(sealFor(), 'k.nonsense')).toBeNull();
  });
});

describe('the digest of a request', () => {
  it('is the same for a retry, and another for any other request', () => {
    const first = digest({ name: 'a', arguments: { x: 1, y: [2] }, _meta: { a: 1 } });
    const retry = { arguments: { y: [2], x: 1 }, name: 'a', requestState: 's', inputResponses: {} };
    expect(digest(retry)).toBe(first);
    expect(digest({ ...retry, name: 'b' })).not.toBe(first);
    expect(digest({ ...retry, arguments: {} })).not.toBe(first);
    expect(digest(retry, 'prompts/get')).not.toBe(first);
  });
});

describe('held calls', () => {
  const LIMITS = { maxHeld: 3, maxOfPrincipal: 2, holdMs: 1_000 };
  const call = (principalId: string, round = 1): TranslatedCall =>
    ({ principalId, awaits: (asked: number) => asked === round }) as TranslatedCall;
  const make = (clock = new ManualClock()): HeldCalls =>
    new HeldCalls(clock, new SystemRandom(), sealFor(), LIMITS);
  const find = (held: HeldCalls, sealed: string, principal = 'ann', service = 's', own = 'd') =>
    held.find(sealed, principal, service, () => own);

  it('are found by their state, by whom they were given to, for what they were given', () => {
    const held = make();
    const mine = call('ann');
    const callId = held.add(mine, 'x') as string;
    const sealed = held.stateOf({ ...STATE, callId, round: 1 });
    expect(find(held, sealed)).toBe(mine);
    expect(find(held, 'k.none')).toBeNull();
    for (const wrong of [
      find(held, sealed, 'bob'),
      find(held, sealed, 'ann', 'other'),
      find(held, sealed, 'ann', 's', 'other'),
      find(held, held.stateOf({ ...STATE, callId, round: 2 })),
      find(held, held.stateOf({ ...STATE, callId: 'gone', round: 1 })),
    ]) {
      expect(wrong).toBeInstanceOf(RpcError);
      expect(wrong).toMatchObject({ code: -32602 });
    }
  });

  it('are not found any more after their time', async () => {
    const clock = new ManualClock();
    const held = make(clock);
    const callId = held.add(call('ann'), 'x') as string;
    const sealed = held.stateOf({ ...STATE, callId, round: 1 });
    await clock.advance(1_001);
    expect(find(held, sealed)).toMatchObject({ code: -32602 });
  });

  it('are bounded, for each principal and in all', () => {
    const held = make();
    const first = held.add(call('ann'), 'x') as string;
    held.add(call('ann'), 'x');
    expect(held.add(call('ann'), 'x')).toMatchObject({ code: -32012, httpStatus: 503 });
    held.add(call('bob'), 'x');
    expect(held.add(call('eve'), 'x')).toMatchObject({ code: -32012 });
    held.remove(first);
    held.remove(first);
    expect(held.size).toBe(2);
    expect(typeof held.add(call('ann'), 'x')).toBe('string');
  });
});
