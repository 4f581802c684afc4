import { describe, expect, it } from '@jest/globals';
import { CommitChain } from './commit-chain.js';

const commit = (revision: number) => ({
  revision,
  at: '2026-01-01T00:00:00.000Z',
  meta: { actor: 'a', source: 'test', verb: 'test' },
  changes: [],
});

describe('the chain of commits in memory', () => {
  it('keeps the latest, and goes on from the hash of what it let go', () => {
    const chain = new CommitChain(5);
    for (let n = 1; n <= 23; n += 1) chain.push(commit(n));
    const { commits } = chain.page({ order: 'newest', limit: 50 });
    expect(commits.length).toBeGreaterThanOrEqual(5);
    expect(commits.length).toBeLessThan(10);
    const verdict = chain.check();
    expect(verdict).toMatchObject({ intact: true, last: chain.end });
    expect(verdict.anchor?.number).toBe((commits.at(-1)?.revision ?? 0) - 1);
  });
});
