import { describe, expect, it } from '@jest/globals';
import { forEachParallel } from './parallel.js';

describe('running tasks side by side', () => {
  it('runs each once, never more than the width at a time', async () => {
    let running = 0;
    let most = 0;
    const done: number[] = [];
    await forEachParallel([1, 2, 3, 4, 5, 6, 7], 3, async (item) => {
      running += 1;
      most = Math.max(most, running);
      await Promise.resolve();
      running -= 1;
      done.push(item);
    });
    expect(done.sort()).toEqual([1, 2, 3, 4, 5, 6, 7]);
    expect(most).toBe(3);
  });

  it('begins no more after a failure, and waits for those under way', async () => {
    const begun: number[] = [];
    const ended: number[] = [];
    const all = forEachParallel([1, 2, 3, 4], 2, async (item) => {
      begun.push(item);
      if (item === 1) throw new Error('first');
      await Promise.resolve();
      await Promise.resolve();
      ended.push(item);
    });
    await expect(all).rejects.toThrow('first');
    expect(begun).toEqual([1, 2]);
    expect(ended).toEqual([2]);
  });
});
