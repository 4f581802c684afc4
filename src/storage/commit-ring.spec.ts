import { describe, expect, it } from '@jest/globals';
import { CommitRing } from './commit-ring.js';

function ringOf(revisions: readonly number[], maxCommits: number, maxBytes: number): CommitRing {
  const ring = new CommitRing(maxCommits, maxBytes);
  const meta = { actor: 'a', source: 's', verb: 'v' };
  for (const revision of revisions) ring.push({ revision, at: 'now', meta, changes: [] }, 10);
  return ring;
}

const upTo = (last: number): number[] => Array.from({ length: last }, (_, index) => index + 1);

describe('the ring of commits', () => {
  it.each<[string, CommitRing, number, number, number[] | null]>([
    ['all of few', ringOf(upTo(3), 10, 1000), 0, 10, [1, 2, 3]],
    ['those after one', ringOf(upTo(3), 10, 1000), 2, 10, [3]],
    ['no more than asked for', ringOf(upTo(3), 10, 1000), 0, 2, [1, 2]],
    ['none after the last', ringOf(upTo(3), 10, 1000), 3, 2, []],
    ['nothing known when empty', ringOf([], 10, 1000), 0, 2, null],
    ['not those that fell out by count', ringOf(upTo(5), 3, 1000), 1, 10, null],
    ['those that are left by count', ringOf(upTo(5), 3, 1000), 2, 10, [3, 4, 5]],
    ['those that are left by bytes', ringOf(upTo(5), 10, 25), 3, 10, [4, 5]],
    ['the last one, however big', ringOf(upTo(2), 10, 5), 1, 10, [2]],
    ['nothing from before a gap', ringOf([1, 2, 5], 10, 1000), 1, 10, null],
    ['those of a long run', ringOf(upTo(5000), 3, 100_000), 4998, 10, [4999, 5000]],
  ])('has %s', (_, ring, after, limit, expected) => {
    const found = ring.since(after, limit);
    expect(found === null ? null : found.map(({ revision }) => revision)).toEqual(expected);
  });
});
