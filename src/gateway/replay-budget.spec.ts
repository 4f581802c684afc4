import { describe, expect, it } from '@jest/globals';
import { EventStore } from './event-store.js';
import { ReplayBudget } from './replay-budget.js';

const event = (bytes: number): Buffer => Buffer.alloc(bytes, 'x');

describe('the budget of events kept for resumption', () => {
  it('drops whole stores, the longest unused first, when all together hold too much', () => {
    const budget = new ReplayBudget(100);
    const stores = [1, 2, 3].map(() => new EventStore(budget));
    stores.forEach((store, index) => store.append(0, event(40), index));
    expect(stores.map((store) => store.heldBytes)).toEqual([0, 40, 40]);
    expect(budget.bytes).toBe(80);
  });

  it('keeps the answer that just came, even one larger than the whole budget', () => {
    const budget = new ReplayBudget(100);
    const [old, large] = [new EventStore(budget), new EventStore(budget)];
    old.append(0, event(10), 0);
    large.append(1, event(500), 1);
    expect([old.heldBytes, large.heldBytes]).toEqual([0, 500]);
    new EventStore(budget).append(0, event(10), 2);
    expect([large.heldBytes, budget.bytes]).toEqual([0, 10]);
  });

  it('forgets what nobody came back for, and what a session that ended held', () => {
    const budget = new ReplayBudget(1000, 300_000);
    const [gone, ended, fresh] = [1, 2, 3].map(() => new EventStore(budget));
    gone?.append(0, event(10), 0);
    ended?.append(0, event(10), 299_000);
    fresh?.append(0, event(10), 310_000);
    expect([gone?.heldBytes, ended?.heldBytes]).toEqual([0, 10]);
    ended?.drop();
    expect(budget.bytes).toBe(10);
  });

  it('counts what a store drops by its own bounds', () => {
    const budget = new ReplayBudget(1000);
    const store = new EventStore(budget, 2);
    for (let n = 0; n < 5; n += 1) store.append(0, event(10), n);
    expect(budget.bytes).toBe(20);
  });
});
