import { describe, expect, it } from '@jest/globals';
import { encodeRecord, GENESIS } from './journal-record.js';
import { scanSegment } from './journal-scan.js';

/** Lines of revisions 1, 2, …; `groups` says how many commits each group had. */
function lines(...groups: number[]): { text: string[]; hashes: string[] } {
  const text: string[] = [];
  const hashes = [GENESIS.hash];
  let revision = 0;
  for (const size of groups) {
    const synced = revision;
    for (let index = 0; index < size; index += 1) {
      revision += 1;
      const encoded = encodeRecord(
        {
          revision,
          at: 'now',
          meta: { actor: 'a', source: 's', verb: 'v' },
          changes: [{ kind: 'route', id: `r${revision}`, op: 'delete' }],
        },
        hashes.at(-1) ?? '',
        synced,
      );
      text.push(encoded.line);
      hashes.push(encoded.hash);
    }
  }
  return { text, hashes };
}

function scan(parts: readonly string[], start = GENESIS, isLast = true): string {
  const result = scanSegment(Buffer.from(parts.join('')), start, isLast);
  const revisions = result.records.map((record) => record.revision).join(',');
  return `${result.state} [${revisions}] at ${result.end.revision}`;
}

const BAD = `${'x'.repeat(200)}\n`;

describe('the scan of a segment', () => {
  const { text, hashes } = lines(1, 2, 1);
  const [one = '', two = '', three = '', four = ''] = text;

  it.each<[string, string[], boolean, string]>([
    ['all is well', [one, two, three, four], true, 'clean [1,2,3,4] at 4'],
    ['it is empty', [], true, 'clean [] at 0'],
    ['the last line has no end', [one, two.slice(0, -1)], true, 'torn [1] at 1'],
    ['the last line is zeros', [one, two, '\0'.repeat(64)], true, 'torn [1,2] at 2'],
    [
      'the first of a group that was not acknowledged is bad',
      [one, BAD, three],
      true,
      'torn [1] at 1',
    ],
    [
      'a record is bad before an acknowledged later one',
      [one, BAD, three, four],
      true,
      'damaged [1,3,4] at 4',
    ],
    ['a record is missing', [one, three, four], true, 'damaged [1,3,4] at 4'],
    ['the first record is missing', [two, three], true, 'damaged [2,3] at 3'],
    [
      'the end is torn but not of the last segment',
      [one, two.slice(0, -9)],
      false,
      'damaged [1] at 1',
    ],
  ])('when %s', (_, parts, isLast, expected) => {
    expect(scan(parts, GENESIS, isLast)).toBe(expected);
  });

  it('skips what is behind the starting point, and checks the record at it', () => {
    const start = { revision: 2, hash: hashes[2] ?? '' };
    expect(scan(text, start)).toBe('clean [3,4] at 4');
    expect(scan([three, four], start)).toBe('clean [3,4] at 4');
    expect(scan(text, { revision: 2, hash: 'f'.repeat(64) })).toBe('damaged [3,4] at 4');
  });

  it('does not follow a record of another chain', () => {
    const other = { revision: 3, at: 'now', meta: { actor: 'b', source: 's', verb: 'v' } };
    const foreign = encodeRecord({ ...other, changes: [] }, 'f'.repeat(64), 2).line;
    expect(scan([one, two, foreign])).toBe('torn [1,2] at 2');
    expect(scan([one, two, foreign, four])).toBe('damaged [1,2,3,4] at 4');
  });

  it('says how many bytes are good', () => {
    const result = scanSegment(Buffer.from(one + two.slice(0, 20)), GENESIS, true);
    expect(result.goodBytes).toBe(Buffer.byteLength(one));
  });
});
