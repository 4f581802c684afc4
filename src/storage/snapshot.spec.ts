import { describe, expect, it } from '@jest/globals';
import {
  decodeSnapshot,
  encodeSnapshot,
  revisionOfSnapshot,
  snapshotName,
  type SnapshotEntry,
} from './snapshot.js';

const ANCHOR = { revision: 12, hash: 'a'.repeat(64) };
const ENTRIES: SnapshotEntry[] = [
  { kind: 'service', id: 'x', version: 3, doc: { pad: 'ü'.repeat(90_000) } },
  { kind: 'service', id: 'y', version: 4, doc: { pad: 'z'.repeat(90_000) } },
  { kind: 'revision', id: 'x/1', version: 2, doc: null },
];

function encoded(): Buffer {
  return Buffer.concat([...encodeSnapshot(ANCHOR, 'now', ENTRIES)]);
}

describe('a snapshot', () => {
  it('reads back as it was, from more than one chunk', () => {
    expect([...encodeSnapshot(ANCHOR, 'now', ENTRIES)].length).toBeGreaterThan(1);
    expect(decodeSnapshot(encoded())).toEqual({ anchor: ANCHOR, entries: ENTRIES });
    expect(decodeSnapshot(Buffer.concat([...encodeSnapshot(ANCHOR, 'now', [])]))).toEqual({
      anchor: ANCHOR,
      entries: [],
    });
  });

  it.each<[string, (whole: Buffer) => Buffer]>([
    ['is empty', () => Buffer.alloc(0)],
    ['is cut short', (whole) => whole.subarray(0, -30)],
    ['has lost its last line', (whole) => whole.subarray(0, whole.lastIndexOf(10, -2) + 1)],
    ['has a changed byte', (whole) => Buffer.from(whole.toString('utf8').replace('z', 'y'))],
    ['has another anchor', (whole) => Buffer.from(whole.toString('utf8').replace('12', '13'))],
  ])('is refused when it %s', (_, damage) => {
    expect(decodeSnapshot(damage(encoded()))).toHaveProperty('refused');
  });

  it('is told apart when a newer version wrote it', () => {
    expect(decodeSnapshot(Buffer.from('{"schema_version":"2.1"}\n'))).toBe('newer');
  });

  it('is named so that names sort as revisions do', () => {
    expect([1000, 9].map(snapshotName).sort().map(revisionOfSnapshot)).toEqual([9, 1000]);
    expect(revisionOfSnapshot('000000000001.jsonl')).toBeNull();
  });
});
