import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { DueQueue, type Due } from './due-queue.js';

function keys(taken: readonly Due[]): string[] {
  return taken.map(({ key }) => key);
}

describe('DueQueue', () => {
  it('is first due after a random part of the interval', () => {
    const queue = new DueQueue();
    queue.add('a', 1_000, 0, 0.5);
    expect(queue.take(499, 10)).toEqual([]);
    expect(keys(queue.take(500, 10))).toEqual(['a']);
  });

  it.each([
    [0, 900],
    [0.5, 1_000],
    [0.999_999, 1_100],
  ])('is due again after the interval with a jitter of a tenth (fraction %p)', (fraction, due) => {
    const queue = new DueQueue();
    queue.add('a', 0, 0, 0);
    queue.take(0, 1);
    queue.done('a', 1_000, 0, fraction);
    expect(queue.take(due - 1, 1)).toEqual([]);
    expect(keys(queue.take(due, 1))).toEqual(['a']);
  });

  it('never overlaps itself: a taken key is due no more until it is done', () => {
    const queue = new DueQueue();
    queue.add('a', 10, 0, 0);
    expect(keys(queue.take(0, 5))).toEqual(['a']);
    queue.add('a', 10, 0, 0);
    expect(queue.take(1_000_000, 5)).toEqual([]);
  });

  it('takes at most what is asked for, the longest due first', () => {
    const queue = new DueQueue();
    for (const [key, at] of [
      ['c', 3],
      ['a', 1],
      ['b', 2],
    ] as const)
      queue.add(key, at, 0, 1);
    expect(keys(queue.take(10, 2))).toEqual(['a', 'b']);
    expect(keys(queue.take(10, 2))).toEqual(['c']);
  });

  it('forgets what is removed, waiting or taken', () => {
    const queue = new DueQueue();
    queue.add('a', 10, 0, 0);
    queue.add('b', 10, 0, 0);
    queue.take(0, 1);
    queue.remove('a');
    queue.remove('b');
    queue.done('a', 10, 0, 0);
    expect(queue.take(1_000, 5)).toEqual([]);
    expect(queue.size).toBe(0);
  });

  it('says when what is taken was due', () => {
    const queue = new DueQueue();
    queue.add('a', 300, 0, 1);
    expect(queue.take(1_000, 1)).toEqual([{ key: 'a', dueMs: 300 }]);
  });

  it('hastens what waits, and nothing that is taken or unknown', () => {
    const queue = new DueQueue();
    queue.add('a', 1_000, 0, 1);
    queue.add('b', 10, 0, 1);
    expect([queue.hasten('a', 50), queue.hasten('b', 50), queue.hasten('c', 50)]).toEqual([
      true,
      true,
      false,
    ]);
    expect(queue.take(50, 5)).toEqual([
      { key: 'b', dueMs: 10 },
      { key: 'a', dueMs: 50 },
    ]);
    expect(queue.hasten('a', 60)).toBe(false);
    expect(queue.take(5_000, 5)).toEqual([]);
    expect(queue.size).toBe(2);
  });

  it('starts anew with a key that was removed and added again', () => {
    const queue = new DueQueue();
    queue.add('a', 10, 0, 0);
    queue.remove('a');
    queue.add('a', 100, 0, 1);
    expect(queue.take(50, 5)).toEqual([]);
    expect(keys(queue.take(100, 5))).toEqual(['a']);
  });

  it('gives every key in order of time, whatever was removed in between', () => {
    const entry = fc.record({ due: fc.integer({ min: 0, max: 1_000 }), removed: fc.boolean() });
    fc.assert(
      fc.property(fc.array(entry, { maxLength: 200 }), (entries) => {
        const queue = new DueQueue();
        entries.forEach(({ due }, at) => {
          queue.add(String(at), due, 0, 1);
        });
        entries.forEach(({ removed }, at) => {
          if (removed) queue.remove(String(at));
        });
        const taken = queue.take(1_000, 1_000).map(({ key }) => entries[Number(key)]?.due ?? -1);
        const expected = entries.filter(({ removed }) => !removed).map(({ due }) => due);
        expect(taken).toEqual(expected.sort((left, right) => left - right));
      }),
      { numRuns: 60, seed: 7 },
    );
  });
});
