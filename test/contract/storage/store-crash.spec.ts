import { describe, expect, it } from '@jest/globals';
import type { FileStoreLimits } from '../../../src/storage/file-store-parts.js';
import type { FileStore } from '../../../src/storage/file.store.js';
import type { CommitRecord } from '../../../src/storage/record-store.js';
import { FaultyFileSystem, type Fault, type FaultHook } from '../../support/faulty-file-system.js';
import { settle } from '../../support/manual-clock.js';
import {
  attempt,
  randomChanges,
  replay,
  seededFraction,
  storeOn,
  tagOf,
  type Attempt,
} from './crash-scenario.js';

const LIMITS = { compactRecords: 6, ringCommits: 4 };
const CASES = 300;
const LIVES = 3;
const NOW_MS = Date.UTC(2026, 0, 1);

/** Cuts the power at one operation, and spoils a few others. */
function spoiler(fraction: () => number, cutAt: number): FaultHook {
  const faultRate = fraction() < 0.5 ? 0 : 0.04;
  return ({ number, name }): Fault | undefined => {
    if (number >= cutAt) return { hang: true };
    if (name === 'write' && fraction() < 0.2) return { short: 1 + Math.floor(fraction() * 40) };
    if (fraction() >= faultRate) return undefined;
    const code = name === 'write' && fraction() < 0.7 ? 'ENOSPC' : 'EIO';
    return { code, wrote: Math.floor(fraction() * 60) };
  };
}

/** One life of a store: opens, commits from several callers at once, and dies somewhere on the way. */
async function live(
  fileSystem: FaultyFileSystem,
  fraction: () => number,
  life: string,
  limits: Partial<FileStoreLimits>,
  attempts: Attempt[],
): Promise<void> {
  fileSystem.hook = spoiler(fraction, 1 + Math.floor(fraction() * 400));
  const store = storeOn(fileSystem, limits);
  const run = async (): Promise<void> => {
    await store.open();
    noteSeen(attempts, await store.changesSince(0).catch(() => []));
    for (let round = 0; round < 12; round += 1) {
      const group = Array.from({ length: 1 + Math.floor(fraction() * 4) }, (_, index) => {
        const tag = `${life}.${round}.${index}`;
        const changes = randomChanges(fraction, tag);
        const entry: Attempt = { tag, changes, outcome: 'unknown', revision: 0 };
        attempts.push(entry);
        return attempt(store, entry);
      });
      await Promise.all(group);
    }
    if (fraction() < 0.5) await store.close();
  };
  let hasEnded = false;
  void run()
    .catch(() => undefined)
    .then(() => {
      hasEnded = true;
    });
  // Without a disk everything is promises: once a few turns bring no operation, the power is out.
  for (let idle = 0, before = -1; idle < 3 && !hasEnded; before = fileSystem.operations) {
    idle = before === fileSystem.operations ? idle + 1 : 0;
    await settle();
  }
}

/** What a store has shown once must stay, whatever its caller was told. */
function noteSeen(attempts: readonly Attempt[], commits: readonly CommitRecord[]): void {
  const seen = new Map(commits.map((commit) => [commit.meta.reason, commit.revision]));
  for (const entry of attempts) {
    const revision = seen.get(entry.tag);
    if (entry.outcome !== 'unknown' || revision === undefined) continue;
    entry.outcome = 'acknowledged';
    entry.revision = revision;
  }
}

function check(seed: number, attempts: readonly Attempt[], commits: readonly CommitRecord[]): void {
  const found = new Map(commits.map((commit) => [commit.meta.reason, commit]));
  for (const { tag, outcome, revision, changes } of attempts) {
    const commit = found.get(tag);
    const label = `seed ${seed}, commit ${tag}`;
    if (outcome === 'acknowledged') {
      expect({ label, revision: commit?.revision }).toEqual({ label, revision });
    }
    if (outcome === 'refused') expect({ label, commit }).toEqual({ label, commit: undefined });
    if (commit !== undefined) expect(commit.changes).toEqual(changes);
  }
  expect(commits.map((commit) => commit.revision)).toEqual(commits.map((_, index) => index + 1));
}

/** Where the commits themselves are no longer kept: no record is behind what was acknowledged, or holds what was refused. */
function checkState(
  seed: number,
  attempts: readonly Attempt[],
  state: ReadonlyMap<string, string>,
): void {
  const label = `seed ${seed}`;
  const refused = new Set(attempts.filter((e) => e.outcome === 'refused').map((e) => e.tag));
  for (const [key, shown] of state) {
    expect({ label, key, isRefused: refused.has(shown.split(' ')[1] ?? '') }).toEqual({
      label,
      key,
      isRefused: false,
    });
  }
  const acknowledged = attempts.filter((entry) => entry.outcome === 'acknowledged');
  const known = acknowledged.sort((left, right) => left.revision - right.revision);
  const unknown = attempts.filter((entry) => entry.outcome === 'unknown');
  const commits = known.map(({ revision, changes }) => ({ revision, changes }));
  for (const [key, expected] of replay(commits as CommitRecord[])) {
    // A commit of which nobody heard may have been the last to touch the record.
    const isTouched = unknown.some(({ changes }) =>
      changes.some((change) => `${change.kind}:${change.id}` === key),
    );
    if (isTouched) continue;
    expect({ label, key, shown: state.get(key) }).toEqual({ label, key, shown: expected });
  }
}

async function visibleState(store: FileStore): Promise<Map<string, string>> {
  const state = new Map<string, string>();
  for (const kind of ['service', 'service_status', 'revision', 'archive', 'route'] as const) {
    for (const { id } of store.ids(kind)) {
      const record = await store.read(kind, id);
      state.set(`${kind}:${id}`, `${record?.version} ${tagOf(record?.doc)}`);
    }
  }
  return state;
}

describe('a store whose disk fails and whose power is cut', () => {
  it(`loses nothing acknowledged and brings back nothing refused, in ${CASES} random lives`, async () => {
    for (let seed = 1; seed <= CASES; seed += 1) {
      const fraction = seededFraction(seed);
      // In a third of the cases nothing is kept behind a snapshot, so that the files alone must do.
      const isPruned = seed % 3 === 0;
      const limits = isPruned ? { ...LIMITS, sealedKeptBytes: 0 } : LIMITS;
      const attempts: Attempt[] = [];
      let fileSystem = new FaultyFileSystem(() => NOW_MS);
      for (let life = 0; life < LIVES; life += 1) {
        await live(fileSystem, fraction, `${seed}.${life}`, limits, attempts);
        fileSystem =
          fraction() < 0.3 ? fileSystem.afterProcessDeath() : fileSystem.afterPowerCut(fraction);
      }
      const store = storeOn(fileSystem, limits);
      await store.open();
      const label = `seed ${seed}`;
      expect({ label, reason: store.status().reason }).toEqual({ label, reason: null });
      expect({ label, faults: store.status().faults }).toEqual({ label, faults: [] });
      const shown = await visibleState(store);
      const expected = [...shown].sort();
      if (isPruned) {
        checkState(seed, attempts, shown);
      } else {
        const commits = await store.changesSince(0);
        check(seed, attempts, commits);
        expect({ label, state: expected }).toEqual({ label, state: [...replay(commits)].sort() });
      }
      await store.close();

      // And once more from what a clean close has left, with every cold document read from its file.
      const again = storeOn(fileSystem.afterPowerCut(fraction), limits);
      await again.open();
      expect({ label, faults: again.status().faults }).toEqual({ label, faults: [] });
      expect([...(await visibleState(again))].sort()).toEqual(expected);
      await again.close();
    }
  }, 120_000);
});
