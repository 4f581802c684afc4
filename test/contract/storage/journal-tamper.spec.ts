import { beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { FaultyFileSystem } from '../../support/faulty-file-system.js';
import { ManualClock } from '../../support/manual-clock.js';
import { SilentLogger } from '../../../src/kernel/logger.js';
import { FileStore } from '../../../src/storage/file.store.js';
import type { FileStoreLimits } from '../../../src/storage/file-store-parts.js';
import { decodeRecord, encodeRecord } from '../../../src/storage/journal-record.js';
import type { ChainVerdict, ChainWitness } from '../../../src/storage/record-store.js';

const clock = new ManualClock();
const COMMITS = 300;
const FROM_THE_END = Number.MAX_SAFE_INTEGER;
const SEGMENT = 60;
const JOURNAL = '/data/services/journal';
const RUNS = { numRuns: 60, seed: 7 };

async function openStore(
  fileSystem: FaultyFileSystem,
  limits: Partial<FileStoreLimits> = {},
): Promise<FileStore> {
  const store = new FileStore({
    directory: '/data/services',
    fileSystem,
    clock,
    logger: new SilentLogger(),
    limits: { compactRecords: SEGMENT, reserveBytes: 0, ...limits },
  });
  await store.open();
  return store;
}

async function write(store: FileStore, count: number): Promise<void> {
  for (let n = 1; n <= count; n += 1) {
    const doc = { n, text: 'ä€'.repeat(n % 20) };
    const change = { kind: 'service', id: `s-${n % 7}`, op: 'put', doc } as const;
    await store.commit([change], { actor: 'alice', source: 'test', verb: 'service.update' });
    if (n % SEGMENT === 0) await store.settleFiles();
  }
}

/** Segments of the journal by path, each as its lines without line feeds. */
function segmentsOf(fileSystem: FaultyFileSystem): Map<string, string[]> {
  const segments = new Map<string, string[]>();
  for (const [path, content] of fileSystem.contents()) {
    if (!/journal\/(sealed\/)?\d{12}\.jsonl$/.test(path) || content === null) continue;
    segments.set(path, content.split('\n').slice(0, -1));
  }
  return segments;
}

interface Place {
  readonly path: string;
  readonly lines: readonly string[];
  readonly at: number;
}

describe('the chain of a journal of several segments', () => {
  let fileSystem: FaultyFileSystem;
  let store: FileStore;
  let original: Map<string, string[]>;
  let paths: string[];

  beforeAll(async () => {
    fileSystem = new FaultyFileSystem(() => clock.now());
    store = await openStore(fileSystem);
    await write(store, COMMITS);
    original = segmentsOf(fileSystem);
    paths = [...original.keys()];
  });

  const name = (path: string): string => path.slice(path.lastIndexOf('/') + 1);
  // Numbers only: what a property prints when it fails should be readable.
  const place = fc.record({ file: fc.nat(99), line: fc.nat(99), more: fc.nat(9_999) });
  const placeOf = (where: { file: number; line: number }): Place => {
    const path = paths[where.file % paths.length] ?? '';
    const lines = original.get(path) ?? [];
    return { path, lines, at: where.line % lines.length };
  };

  /** Puts other lines into a segment, verifies, and puts things right again. */
  async function verdictWith(path: string, lines: readonly string[]): Promise<ChainVerdict> {
    fileSystem.overwrite(path, lines.map((line) => `${line}\n`).join(''));
    try {
      return await store.verifyChain();
    } finally {
      fileSystem.overwrite(path, (original.get(path) ?? []).map((line) => `${line}\n`).join(''));
    }
  }

  const revisionOf = (line: string): number => Number(/"revision":(\d+)/.exec(line)?.[1]);

  it('is intact as it was written, in five segments', async () => {
    expect(paths.length).toBeGreaterThanOrEqual(5);
    expect(await store.verifyChain()).toMatchObject({
      intact: true,
      records: COMMITS,
      break_count: 0,
      anchor: null,
      last: store.chainEnd,
    });
  });

  it('is found broken in the very line in which one bit was flipped', async () => {
    await fc.assert(
      fc.asyncProperty(place, async (where) => {
        const { path, lines, at } = placeOf(where);
        const { more } = where;
        const bytes = Buffer.from(lines[at] ?? '');
        const index = more % bytes.length;
        bytes[index] = (bytes[index] ?? 0) ^ (1 << (more % 8));
        // A flip that makes a line feed is two lines; the first of them is the place all the same.
        const content = Buffer.concat(
          lines.map((line, n) => Buffer.concat([n === at ? bytes : Buffer.from(line), LF])),
        );
        fileSystem.overwrite(path, content);
        const verdict = await store.verifyChain();
        fileSystem.overwrite(path, lines.map((line) => `${line}\n`).join(''));
        expect(verdict.intact).toBe(false);
        expect(verdict.breaks[0]).toMatchObject({
          file: name(path),
          line: at + 1,
          fault: 'unreadable',
          number: revisionOf(lines[at] ?? ''),
        });
      }),
      RUNS,
    );
  });

  it('is found broken where a line was taken out, or doubled, or two have changed places', async () => {
    await fc.assert(
      fc.asyncProperty(place, fc.constantFrom('delete', 'insert', 'swap'), async (where, how) => {
        const { path, lines, at } = placeOf(where);
        const { more } = where;
        const changed = [...lines];
        const other = more % lines.length;
        if (how === 'delete') changed.splice(at, 1);
        else if (how === 'insert') changed.splice(at, 0, lines[other] ?? '');
        else [changed[at], changed[other]] = [lines[other] ?? '', lines[at] ?? ''];
        if (
          changed.every((line, index) => line === lines[index]) &&
          changed.length === lines.length
        ) {
          return;
        }
        const first = changed.findIndex((line, index) => line !== lines[index]);
        const verdict = await verdictWith(path, changed);
        expect(verdict.intact).toBe(false);
        const [found] = verdict.breaks;
        // The last line of a segment that is missing is missed by whoever comes next.
        if (first === -1) expect(['order', 'end']).toContain(found?.fault);
        else expect(found).toMatchObject({ file: name(path), line: first + 1, fault: 'order' });
      }),
      RUNS,
    );
  });

  it('is found broken where a record was changed and sealed anew', async () => {
    await fc.assert(
      fc.asyncProperty(place, async (where) => {
        const { path, lines, at } = placeOf(where);
        const record = decodeRecord(Buffer.from(lines[at] ?? ''));
        if (typeof record === 'string') throw new Error(record);
        const meta = { ...record.meta, actor: 'mallory' };
        const forged = encodeRecord({ ...record, meta }, record.prev_hash, record.synced);
        const changed = lines.map((line, n) => (n === at ? forged.line.trimEnd() : line));
        const verdict = await verdictWith(path, changed);
        const { revision } = record;
        expect(verdict.intact).toBe(false);
        const [found] = verdict.breaks;
        // A record that a snapshot names is missed at once, the newest by the store itself, any other by the one after.
        if (found?.fault === 'link') expect(found.number).toBe(revision + 1);
        else
          expect([found?.fault, found?.number]).toEqual([
            expect.stringMatching(/anchor|end/),
            revision,
          ]);
      }),
      // The one before the newest, the newest, and the ones that the two snapshots name.
      {
        ...RUNS,
        examples: [58, 59].flatMap((line) =>
          [3, 4].map(
            (file) => [{ file, line, more: 0 }] as [{ file: number; line: number; more: number }],
          ),
        ),
      },
    );
  });

  it('misses a segment that is gone, and names one that does not belong', async () => {
    const path = paths[2] ?? '';
    const lines = original.get(path) ?? [];
    await fileSystem.remove(path);
    expect(await store.verifyChain()).toMatchObject({
      intact: false,
      breaks: [{ fault: 'file', file: name(path), detail: 'The file is missing.' }],
    });
    fileSystem.overwrite(path, lines.map((line) => `${line}\n`).join(''));
    const stranger = `${JOURNAL}/sealed/000000000777.jsonl`;
    fileSystem.overwrite(stranger, 'x\n');
    expect(await store.verifyChain()).toMatchObject({
      break_count: 1,
      breaks: [{ fault: 'file', file: '000000000777.jsonl' }],
    });
    await fileSystem.remove(stranger);
    expect((await store.verifyChain()).intact).toBe(true);
  });

  it('is found cut short after a restart by whoever saw more of it', async () => {
    const copy = fileSystem.afterProcessDeath();
    const last = paths.at(-1) ?? '';
    const lines = original.get(last) ?? [];
    copy.overwrite(
      last,
      lines
        .slice(0, -2)
        .map((line) => `${line}\n`)
        .join(''),
    );
    await copy.remove('/data/services/lock');
    const again = await openStore(copy);
    const witness: ChainWitness = { ...store.chainEnd, by: 'attempt 9' };
    expect(await again.verifyChain([witness])).toMatchObject({
      intact: false,
      breaks: [{ fault: 'end', number: COMMITS }],
    });
    await again.close();
  });

  it('shows past pages around a damaged line, and says where that is', async () => {
    const path = paths[1] ?? '';
    const lines = original.get(path) ?? [];
    const damaged = [...lines];
    damaged[3] = `x${damaged[3]?.slice(1) ?? ''}`;
    fileSystem.overwrite(path, damaged.map((line) => `${line}\n`).join(''));
    const revisions: number[] = [];
    const places: string[] = [];
    let from: number | null = FROM_THE_END;
    do {
      const page = await store.history({ order: 'newest', limit: 50, from });
      revisions.push(...page.commits.map(({ revision }) => revision));
      places.push(...page.damaged.map(({ file }) => file));
      from = page.next;
    } while (from !== null);
    fileSystem.overwrite(path, lines.map((line) => `${line}\n`).join(''));
    expect(revisions).toHaveLength(COMMITS - 1);
    expect(new Set(revisions).size).toBe(COMMITS - 1);
    expect(places).toEqual([name(path)]);
  });
});

describe('the chain after retention', () => {
  it('goes on from the anchor that was left, and misses whatever else is gone', async () => {
    const fileSystem = new FaultyFileSystem(() => clock.now());
    const store = await openStore(fileSystem, { sealedKeptBytes: 40_000 });
    await write(store, COMMITS);
    const verdict = await store.verifyChain();
    expect(verdict).toMatchObject({ intact: true, break_count: 0 });
    const { anchor, first } = verdict;
    expect(anchor?.number).toBeGreaterThan(0);
    expect(first?.number).toBe((anchor?.number ?? 0) + 1);
    const page = await store.history({ order: 'oldest', limit: 1 });
    expect(page.commits[0]?.revision).toBe(first?.number);

    fileSystem.overwrite(`${JOURNAL}/anchor.json`, '{"schema_version":"1.0","number":"?"}');
    expect((await store.verifyChain()).breaks.map(({ fault }) => fault)).toContain('anchor');
    await fileSystem.remove(`${JOURNAL}/anchor.json`);
    expect((await store.verifyChain()).breaks[0]).toMatchObject({ fault: 'order' });
    await store.close();
  });
});

const LF = Buffer.from('\n');
