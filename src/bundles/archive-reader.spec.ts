import { describe, expect, it } from '@jest/globals';
import { gzipSync } from 'node:zlib';
import { packTar, type TarEntry } from 'modern-tar';
import { ARCHIVE_LIMITS, ArchiveFault, readArchive } from './archive-reader.js';

const KNOWN = (name: string): boolean => /^[a-z]+\.json$/.test(name);

function entry(name: string, body = '{}', more: object = {}): TarEntry {
  return { header: { name, size: Buffer.byteLength(body), ...more }, body };
}

async function archiveOf(...entries: TarEntry[]): Promise<Buffer> {
  return gzipSync(await packTar(entries));
}

async function readAll(content: Uint8Array, limits = ARCHIVE_LIMITS): Promise<[string, string][]> {
  const found: [string, string][] = [];
  for await (const member of readArchive(content, KNOWN, limits)) {
    found.push([member.name, Buffer.from(member.content).toString()]);
  }
  return found;
}

describe('readArchive', () => {
  it('answers the members in order, one at a time', async () => {
    const big = JSON.stringify('x'.repeat(3_000_000));
    const archive = await archiveOf(entry('a.json'), entry('b.json', big), entry('c.json', '[]'));
    expect(await readAll(archive)).toEqual([
      ['a.json', '{}'],
      ['b.json', big],
      ['c.json', '[]'],
    ]);
  });

  it('may be left before its end', async () => {
    const archive = await archiveOf(entry('a.json'), entry('b.json', 'x'.repeat(2_000_000)));
    for await (const { name } of readArchive(archive, KNOWN)) {
      expect(name).toBe('a.json');
      break;
    }
  });

  it.each<[string, TarEntry[]]>([
    ['a way out', [entry('../a.json')]],
    ['an absolute path', [entry('/a.json')]],
    ['a link', [{ header: { name: 'a.json', size: 0, type: 'symlink', linkname: '/etc/passwd' } }]],
    ['a hard link', [{ header: { name: 'a.json', size: 0, type: 'link', linkname: 'b.json' } }]],
    ['a directory', [{ header: { name: 'a/', size: 0, type: 'directory' } }]],
    ['a device', [{ header: { name: 'a.json', size: 0, type: 'character-device' } }]],
    ['a name twice', [entry('a.json'), entry('a.json')]],
    ['attributes', [entry('a.json', '{}', { pax: { path: 'b.json' } })]],
    ['a stranger', [entry('a.json'), entry('a.sh')]],
  ])('refuses %s', async (_, entries) => {
    await expect(readAll(await archiveOf(...entries))).rejects.toBeInstanceOf(ArchiveFault);
  });

  it('refuses what is too large, too many, or unpacks to too much', async () => {
    const archive = await archiveOf(entry('a.json', '1'.repeat(2000)), entry('b.json'));
    const limits = { members: 10, memberBytes: 5000, totalBytes: 100_000 };
    expect(await readAll(archive, limits)).toHaveLength(2);
    for (const tight of [{ members: 1 }, { memberBytes: 1999 }, { totalBytes: 3000 }]) {
      await expect(readAll(archive, { ...limits, ...tight })).rejects.toThrow(/too|more than/);
    }
    const bomb = gzipSync(Buffer.alloc(50_000_000));
    await expect(readAll(bomb, limits)).rejects.toBeInstanceOf(ArchiveFault);
  });

  it.each<[string, (whole: Buffer) => Uint8Array]>([
    ['cut off', (whole) => whole.subarray(0, whole.length - 30)],
    ['cut in the middle', (whole) => whole.subarray(0, whole.length >> 1)],
    ['empty', () => Buffer.alloc(0)],
    ['no gzip', () => Buffer.from('hello')],
    ['a gzip of no tar', () => gzipSync(Buffer.from('hello'.repeat(1000)))],
  ])('refuses what is %s', async (_, damage) => {
    const body = JSON.stringify([...Array(5000).keys()]);
    const whole = await archiveOf(entry('a.json', body), entry('b.json', body));
    await expect(readAll(damage(whole))).rejects.toBeInstanceOf(ArchiveFault);
  });
});
