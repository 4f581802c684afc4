import { describe, expect, it } from '@jest/globals';
import { FaultyFileSystem } from '../../test/support/faulty-file-system.js';
import { ManualClock } from '../../test/support/manual-clock.js';
import { GroupCommit } from './group-commit.js';
import { JournalFailure } from './journal.js';
import { prepareCommit, type PreparedCommit } from './prepared-commit.js';
import type { CommitRecord } from './record-store.js';
import { RecordTable } from './record-table.js';
import { SpaceReserve } from './space-reserve.js';
import { WriteGate } from './write-gate.js';

function put(id: string, expected?: number | null): PreparedCommit {
  return prepareCommit([{ kind: 'route', id, op: 'put', doc: {}, expect: expected }], {
    actor: 'a',
    source: 's',
    verb: 'v',
  });
}

/** A queue whose journal fails for the groups listed, counted from 0. */
function queue(failing: readonly number[] = []): {
  groups: number[][];
  table: RecordTable;
  commits: GroupCommit;
} {
  const groups: number[][] = [];
  const table = new RecordTable();
  const commits = new GroupCommit({
    log: {
      append: async (group: readonly CommitRecord[]) => {
        groups.push(group.map(({ revision }) => revision));
        await Promise.resolve();
        if (failing.includes(groups.length - 1)) throw new JournalFailure(new Error('no'), true);
        return group.map(() => 1);
      },
    },
    table,
    gate: new WriteGate(),
    reserve: new SpaceReserve(new FaultyFileSystem(), '/reserve', 0),
    clock: new ManualClock(),
    publish: (commit) => {
      table.apply(commit);
    },
    betweenGroups: () => Promise.resolve(),
  });
  return { groups, table, commits };
}

async function outcomes(results: readonly Promise<number>[]): Promise<unknown[]> {
  const settled = await Promise.allSettled(results);
  return settled.map((result) =>
    result.status === 'fulfilled' ? result.value : (result.reason as { code: string }).code,
  );
}

describe('group commit', () => {
  it('writes those of one moment together, and those that come meanwhile in the next group', async () => {
    const { commits, groups } = queue();
    const early = [commits.submit(put('a')), commits.submit(put('b'))];
    const late = early[0]?.then(() => commits.submit(put('c')));
    expect(await outcomes([...early, late ?? Promise.resolve(0)])).toEqual([1, 2, 3]);
    expect(groups).toEqual([[1, 2], [3]]);
  });

  it('leaves no trace of a group that failed: its losers are refused with it, and revisions go on', async () => {
    const { commits, groups, table } = queue([0]);
    const first = [commits.submit(put('a', null)), commits.submit(put('a', null))];
    expect(await outcomes(first)).toEqual(['storage.write-failed', 'storage.write-failed']);
    expect(table.version('route', 'a')).toBeNull();
    expect(await outcomes([commits.submit(put('a', null))])).toEqual([1]);
    expect(groups).toEqual([[1], [1]]);
  });

  it('answers a loser with a conflict once the winner is durable', async () => {
    const { commits } = queue();
    const results = [commits.submit(put('a', null)), commits.submit(put('a', null))];
    expect(await outcomes(results)).toEqual([1, 'storage.version-conflict']);
  });

  it('is idle when nothing waits', async () => {
    const { commits, table } = queue();
    const result = commits.submit(put('a'));
    await commits.idle();
    expect(table.revision).toBe(1);
    await result;
  });
});
