import { beforeEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { FaultyFileSystem } from '../../support/faulty-file-system.js';
import { ManualClock } from '../../support/manual-clock.js';
import { SilentLogger } from '../../../src/kernel/logger.js';
import type { Attempt } from '../../../src/audit/attempt-record.js';
import { Attempts } from '../../../src/audit/attempts.js';

const DIRECTORY = '/data/services/audit';
const JOURNAL = { number: 9, hash: 'a'.repeat(64) };
const LIMITS = { fileBytes: 8_000, keptFiles: 100 };
const RUNS = { numRuns: 80, seed: 11 };

function attempt(n: number, change: Partial<Attempt> = {}): Attempt {
  return {
    at: new Date(Date.UTC(2026, 0, 1) + n).toISOString(),
    outcome: 'failed',
    actor: 'alice',
    source: 'api',
    verb: 'service.create',
    route: 'POST /api/v1/services',
    subject: null,
    status: 422,
    code: 'registry.invalid',
    request_id: `r${n}`,
    count: 1,
    ...change,
  };
}

describe('Attempts', () => {
  let clock: ManualClock;
  let files: FaultyFileSystem;

  beforeEach(() => {
    clock = new ManualClock();
    files = new FaultyFileSystem(() => clock.now());
  });

  function open(limits = LIMITS): Attempts {
    return new Attempts({
      fileSystem: files,
      directory: DIRECTORY,
      clock,
      logger: new SilentLogger(),
      journalEnd: () => JOURNAL,
      limits,
      tally: { eachPerMinute: 10_000, maxCounters: 100 },
    });
  }

  async function written(count: number, limits = LIMITS): Promise<Attempts> {
    const attempts = open(limits);
    for (let n = 1; n <= count; n += 1) {
      attempts.record(attempt(n));
      if (n % 5 === 0) await attempts.flush();
    }
    await attempts.flush();
    return attempts;
  }

  const paths = (): string[] =>
    [...files.contents().keys()].filter((path) => path.endsWith('.jsonl'));
  const linesOf = (path: string): string[] =>
    (files.contents().get(path) ?? '').split('\n').slice(0, -1);
  const print = (lines: readonly string[]): string => lines.map((line) => `${line}\n`).join('');

  it('writes what is recorded in batches, at most a second later', async () => {
    const attempts = open();
    attempts.record(attempt(1));
    attempts.record(attempt(2));
    expect(paths()).toEqual([]);
    await clock.advance(1_000);
    expect(linesOf(`${DIRECTORY}/attempts-000000000001.jsonl`)).toHaveLength(2);
    const { items } = await attempts.page({ order: 'newest', limit: 5 });
    expect(items.map(({ record }) => [record.seq, record.request_id, record.journal])).toEqual([
      [2, 'r2', JOURNAL],
      [1, 'r1', JOURNAL],
    ]);
    expect((await attempts.check()).verdict).toMatchObject({ intact: true, records: 2 });
  });

  it('writes counters when their minute is over, and at the end', async () => {
    const attempts = open();
    const denied = { outcome: 'denied', status: 403 } as const;
    for (let n = 1; n <= 3; n += 1) attempts.record(attempt(n, denied));
    expect(attempts.counted()).toMatchObject([{ count: 3, request_id: 'r1' }]);
    await clock.advance(62_000);
    attempts.record(attempt(4, denied));
    await attempts.close();
    expect(
      paths()
        .flatMap(linesOf)
        .map((line) => (JSON.parse(line) as Attempt).count),
    ).toEqual([3, 1]);
    expect(clock.pendingTimers).toBe(0);
  });

  it('bounds what a flood of 100,000 denials leaves', async () => {
    const attempts = open();
    const denied = { outcome: 'denied', status: 401, actor: 'anonymous' } as const;
    for (let n = 0; n < 100_000; n += 1) {
      attempts.record(attempt(1, { ...denied, route: `POST /r${n % 7}`, request_id: `r${n}` }));
    }
    await attempts.close();
    const records = paths()
      .flatMap(linesOf)
      .map((line) => JSON.parse(line) as Attempt);
    expect(records).toHaveLength(7);
    expect(records.reduce((sum, { count }) => sum + count, 0)).toBe(100_000);
    expect(files.usedBytes).toBeLessThan(8_000);
  });

  it('goes on after a restart, in the same file and the same chain', async () => {
    await (await written(7)).close();
    const again = open();
    again.record(attempt(8));
    await again.flush();
    expect(paths()).toHaveLength(1);
    expect((await again.check()).verdict).toMatchObject({ intact: true, records: 8 });
  });

  it('begins another file when one is full, and leaves an anchor where it removes one', async () => {
    const attempts = await written(120, { fileBytes: 4_000, keptFiles: 3 });
    expect(paths().length).toBeLessThanOrEqual(4);
    const { verdict } = await attempts.check();
    expect(verdict).toMatchObject({ intact: true, last: { number: 120 } });
    expect(verdict.anchor?.number).toBe((verdict.first?.number ?? 0) - 1);
    expect(verdict.anchor?.number).toBeGreaterThan(50);
    await attempts.close();
    const again = open({ fileBytes: 4_000, keptFiles: 3 });
    again.record(attempt(121));
    await again.flush();
    expect((await again.check()).verdict).toMatchObject({ intact: true, last: { number: 121 } });
  });

  it('cuts a torn last line off at the start, and records that it did', async () => {
    await (await written(3)).close();
    const [path = ''] = paths();
    const whole = files.contents().get(path) ?? '';
    files.overwrite(path, `${whole}{"schema_version":"1.0","seq":4,"at":"2026`);
    const again = open();
    await again.flush();
    const { items } = await again.page({ order: 'newest', limit: 1 });
    expect(items[0]?.record).toMatchObject({ seq: 4, verb: 'audit.cut', actor: 'system' });
    expect((await again.check()).verdict).toMatchObject({ intact: true, records: 4 });
  });

  it('leaves a line that was spoilt, goes on behind it, and tells of it for ever after', async () => {
    await (await written(3)).close();
    const [path = ''] = paths();
    const lines = linesOf(path);
    files.overwrite(path, print([...lines.slice(0, 2), `x${lines[2]?.slice(1) ?? ''}`]));
    const again = open();
    again.record(attempt(4));
    await again.flush();
    const { verdict } = await again.check();
    expect(verdict).toMatchObject({
      break_count: 1,
      breaks: [{ fault: 'unreadable', number: 3, line: 3 }],
      last: { number: 5 },
    });
  });

  it('fails nothing on a full disk: it waits, counts what finds no room, and tells so later', async () => {
    const attempts = await written(2);
    files.capacity = files.usedBytes + 100;
    for (let n = 0; n < 2_050; n += 1) attempts.record(attempt(n));
    await attempts.flush();
    expect(attempts.lost).toBe(50);
    expect((await attempts.check()).verdict).toMatchObject({ intact: true, records: 2 });
    files.capacity = Number.POSITIVE_INFINITY;
    await clock.advance(1_000);
    const { items } = await attempts.page({ order: 'newest', limit: 1 });
    expect(items[0]?.record).toMatchObject({ verb: 'audit.lost', count: 50, seq: 2_003 });
    expect((await attempts.check()).verdict).toMatchObject({ intact: true, records: 2_003 });
  });

  it('starts without its directory when the disk refuses, and finds it later', async () => {
    files.hook = ({ name }) => (name === 'makeDirectory' ? { code: 'ENOSPC' } : undefined);
    const attempts = open();
    attempts.record(attempt(1));
    await attempts.flush();
    files.hook = () => undefined;
    await clock.advance(1_000);
    expect((await attempts.check()).verdict).toMatchObject({ intact: true, records: 1 });
  });

  it('keeps nothing of a batch whose fsync failed, and writes it again', async () => {
    const attempts = await written(1);
    let isBroken = true;
    files.hook = ({ name }) => (name === 'syncData' && isBroken ? { code: 'EIO' } : undefined);
    attempts.record(attempt(2));
    await attempts.flush();
    isBroken = false;
    await clock.advance(1_000);
    const after = files.afterPowerCut(() => 0);
    expect(
      after
        .contents()
        .get(paths()[0] ?? '')
        ?.split('\n'),
    ).toHaveLength(3);
    expect((await attempts.check()).verdict).toMatchObject({ intact: true, records: 2 });
  });

  it('knows which commits its records tell of, those written before it was asked included', async () => {
    const tells = (n: number): Attempt =>
      attempt(n, { commits: [{ revision: n, verb: 'service.create', subject: null }] });
    const attempts = open();
    attempts.record(tells(3));
    await attempts.flush();
    const told = await attempts.toldCommits();
    attempts.record(tells(8));
    await attempts.flush();
    expect([...told]).toEqual([3, 8]);
  });

  it('is found out wherever it is tampered with', async () => {
    const attempts = await written(150);
    const original = new Map(paths().map((path) => [path, linesOf(path)]));
    expect(original.size).toBeGreaterThan(4);
    const place = fc.record({
      file: fc.nat(99),
      line: fc.nat(99),
      more: fc.nat(9_999),
      how: fc.constantFrom('flip', 'delete', 'insert', 'swap'),
    });
    await fc.assert(
      fc.asyncProperty(place, async ({ file, line, more, how }) => {
        const path = [...original.keys()][file % original.size] ?? '';
        const lines = original.get(path) ?? [];
        const at = line % lines.length;
        const other = (at + 1 + (more % (lines.length - 1))) % lines.length;
        const changed = [...lines];
        if (how === 'flip') changed[at] = flipped(lines[at] ?? '', more);
        else if (how === 'delete') changed.splice(at, 1);
        else if (how === 'insert') changed.splice(at, 0, lines[other] ?? '');
        else [changed[at], changed[other]] = [lines[other] ?? '', lines[at] ?? ''];
        const first = changed.findIndex((text, index) => text !== lines[index]);
        files.overwrite(path, print(changed));
        const { verdict } = await attempts.check();
        files.overwrite(path, print(lines));
        const [found] = verdict.breaks;
        expect(verdict.intact).toBe(false);
        if (first === -1) expect(['order', 'end']).toContain(found?.fault);
        else expect(found).toMatchObject({ file: path.split('/').at(-1), line: first + 1 });
      }),
      RUNS,
    );
    expect((await attempts.check()).verdict.intact).toBe(true);
    await files.remove(paths()[1] ?? '');
    expect((await attempts.check()).verdict.breaks[0]).toMatchObject({ fault: 'file' });
  });
});

/** One bit of a printable character, so that lines stay lines. */
function flipped(line: string, at: number): string {
  const bytes = Buffer.from(line);
  const index = at % bytes.length;
  bytes[index] = (bytes[index] ?? 0) ^ 1;
  return bytes.toString();
}
