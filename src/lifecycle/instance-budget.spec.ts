import { describe, expect, it } from '@jest/globals';
import { InstanceBudget, type Reclaimable } from './instance-budget.js';

describe('the cap on child processes', () => {
  it('gives as many permits as there are, and takes each back once', async () => {
    const budget = new InstanceBudget(1);
    const permit = await budget.take({ reclaim: true });
    await expect(budget.take({ reclaim: true })).rejects.toMatchObject({
      code: 'capacity',
      facts: { retryAfterS: 5 },
    });
    permit.release();
    permit.release();
    expect(budget.used).toBe(0);
    expect(budget.hasRoom).toBe(true);
  });

  it('stops the instance that is idle longest in favour of a new one', async () => {
    const budget = new InstanceBudget(2);
    const permits = [await budget.take({ reclaim: true }), await budget.take({ reclaim: true })];
    const stopped: number[] = [];
    const idle = (index: number, idleSinceMs: number): Reclaimable => ({
      idleSinceMs,
      stop: () => {
        stopped.push(index);
        permits[index]?.release();
        return Promise.resolve();
      },
    });
    budget.offer(() => [idle(0, 900)]);
    budget.offer(() => [idle(1, 100)]);
    await budget.take({ reclaim: true });
    expect(stopped).toEqual([1]);
    expect(budget.used).toBe(2);
  });

  it('takes from nobody when told not to, or when the offer was withdrawn', async () => {
    const budget = new InstanceBudget(0);
    const fail = (): never => {
      throw new Error('it was asked for');
    };
    const withdraw = budget.offer(fail);
    await expect(budget.take({ reclaim: false })).rejects.toMatchObject({ code: 'capacity' });
    withdraw();
    await expect(budget.take({ reclaim: true })).rejects.toMatchObject({ code: 'capacity' });
  });
});
