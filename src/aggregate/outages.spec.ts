import { describe, expect, it } from '@jest/globals';
import { ManualClock } from '../../test/support/manual-clock.js';
import type { Endpoint, RouteTable } from '../gateway/endpoint.js';
import { GRACE_MS, Outages } from './outages.js';

const endpoint = (serviceId: string, state: string | null): Endpoint =>
  ({
    serviceId,
    unavailable: state === null ? null : { state, reason: 'R', message: 'm', retry_after_s: 1 },
  }) as Endpoint;
const table = (...endpoints: Endpoint[]): RouteTable => ({ endpoints }) as unknown as RouteTable;

describe('outages', () => {
  it('show what a member listed for a while, counted from the first table that told of it', async () => {
    const clock = new ManualClock();
    const outages = new Outages(clock);
    const down = endpoint('a', 'error');
    outages.follow(table(down));
    await clock.advance(GRACE_MS - 1);
    outages.follow(table(down));
    expect(outages.isListed(down)).toBe(true);
    expect(outages.nextEndMs).toBe(1);
    await clock.advance(1);
    expect(outages.isListed(down)).toBe(false);
    expect(outages.nextEndMs).toBeNull();
  });

  it('begin anew after the member served again', async () => {
    const clock = new ManualClock();
    const outages = new Outages(clock);
    const down = endpoint('a', 'error');
    outages.follow(table(down));
    await clock.advance(GRACE_MS);
    outages.follow(table(endpoint('a', null)));
    outages.follow(table(down));
    expect(outages.isListed(down)).toBe(true);
  });

  it('show nothing of a member that security keeps callers away from', () => {
    const blocked = { state: 'active', reason: 'R', message: 'm', blocked: true, retry_after_s: 1 };
    const member = { serviceId: 'a', unavailable: blocked } as Endpoint;
    const outages = new Outages(new ManualClock());
    outages.follow(table(member));
    expect(outages.isListed(member)).toBe(false);
  });

  it.each(['inactive', 'deactivating', 'draft'])('are none where the state is %s', (state) => {
    const outages = new Outages(new ManualClock());
    const chosen = endpoint('a', state);
    outages.follow(table(chosen));
    expect(outages.isListed(chosen)).toBe(false);
  });
});
