import { describe, expect, it } from '@jest/globals';
import { FakeSource } from '../../test/contract/gateway/fake-upstreams.js';
import { ManualClock, settle } from '../../test/support/manual-clock.js';
import type { Lease } from '../upstream/instance-source.js';
import { UpstreamError } from '../upstream/upstream.errors.js';
import { OwnConversations } from './own-conversations.js';

const CALL = { purpose: 'call' } as const;

async function make(): Promise<{
  clock: ManualClock;
  source: FakeSource;
  own: OwnConversations;
  lease: Lease;
}> {
  const clock = new ManualClock();
  const source = new FakeSource('streamable_http', true);
  return { clock, source, own: new OwnConversations(clock), lease: await source.acquire(CALL) };
}

describe('conversations of our own', () => {
  it('are opened once for callers at the same time, and initialised', async () => {
    const { source, own, lease } = await make();
    const [first, second] = await Promise.all([own.borrow(lease), own.borrow(lease)]);
    expect(first).toBe(second);
    expect([first.users, own.size]).toEqual([2, 1]);
    expect(source.server.methods()).toEqual(['notifications/initialized']);
    expect([first.nextId(), first.nextId()].map(String)).toEqual(['1', '2']);
  });

  it('are opened anew after the upstream ended them', async () => {
    const { source, own, lease } = await make();
    const first = await own.borrow(lease);
    source.made[0]?.die();
    expect(own.size).toBe(0);
    expect(await own.borrow(lease)).not.toBe(first);
  });

  it('are closed after a minute without a call, and not while one is under way', async () => {
    const { clock, source, own, lease } = await make();
    const kept = await own.borrow(lease);
    await clock.advance(300_000);
    expect(own.size).toBe(1);
    kept.giveBack();
    await clock.advance(59_000);
    expect(own.size).toBe(1);
    await clock.advance(31_000);
    expect(own.size).toBe(0);
    expect(source.server.methods()).toContain('DELETE');
    expect(clock.pendingTimers).toBe(0);
  });

  it('that could not be opened say why, and are tried again', async () => {
    const { own, lease } = await make();
    const refusal = new UpstreamError('handshake-refused', 'no');
    const { upstream } = lease;
    const opening = upstream.open.bind(upstream);
    upstream.open = () => Promise.reject(refusal);
    await expect(own.borrow(lease)).rejects.toBe(refusal);
    expect(own.size).toBe(0);
    upstream.open = opening;
    expect((await own.borrow(lease)).users).toBe(1);
  });

  it('answer what a server asks: there is nobody behind them', async () => {
    const { source, own, lease } = await make();
    const kept = await own.borrow(lease);
    kept.onMessage(Buffer.from('{"jsonrpc":"2.0","id":"q","method":"ping"}'));
    kept.onMessage(Buffer.from('{"jsonrpc":"2.0","method":"notifications/message"}'));
    await settle();
    expect(source.server.seen.slice(1)).toEqual([{ jsonrpc: '2.0', id: 'q', result: {} }]);
  });

  it('end at shutdown, those being opened too', async () => {
    const { clock, source, own, lease } = await make();
    const opening = own.borrow(lease);
    own.stop();
    await expect(opening).rejects.toMatchObject({ code: 'stopped' });
    expect([own.size, clock.pendingTimers]).toEqual([0, 0]);
    expect(source.made[0]?.open$.size).toBe(0);
  });
});
