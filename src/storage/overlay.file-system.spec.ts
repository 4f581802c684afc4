import { beforeEach, describe, expect, it } from '@jest/globals';
import { FaultyFileSystem } from '../../test/support/faulty-file-system.js';
import { replaceFile, writeFully } from './durable-write.js';
import { OverlayFileSystem } from './overlay.file-system.js';

const text = async (
  files: { read(path: string): Promise<Buffer> },
  path: string,
): Promise<string> => (await files.read(path)).toString();

describe('an overlay', () => {
  let below: FaultyFileSystem;
  let overlay: OverlayFileSystem;

  beforeEach(async () => {
    below = new FaultyFileSystem();
    await below.makeDirectory('/d');
    for (const name of ['a', 'b']) await replaceFile(below, `/d/${name}`, [Buffer.from(name)]);
    below.hook = () => ({ code: 'EROFS' });
    overlay = new OverlayFileSystem(below, () => 5);
  });

  it('shows what is below, and its own changes over it', async () => {
    await replaceFile(overlay, '/d/a', [Buffer.from('new')]);
    await overlay.remove('/d/b');
    await overlay.makeDirectory('/d/e');
    expect(await overlay.names('/d')).toEqual(['a', 'e']);
    expect(await text(overlay, '/d/a')).toBe('new');
    await expect(overlay.read('/d/b')).rejects.toMatchObject({ code: 'ENOENT' });
    expect(await overlay.facts('/d/a')).toMatchObject({ kind: 'file', bytes: 3, modified_ms: 5 });
    expect(await overlay.facts('/d/b')).toBeUndefined();
    expect(await overlay.facts('/d/e')).toMatchObject({ kind: 'directory' });
  });

  it('changes nothing below', async () => {
    await replaceFile(overlay, '/d/a', [Buffer.from('new')]);
    await overlay.rename('/d/b', '/d/c');
    expect(await below.names('/d')).toEqual(['a', 'b']);
    expect(await text(below, '/d/a')).toBe('a');
    expect(await text(overlay, '/d/c')).toBe('b');
  });

  it('appends, cuts and refuses as a disk does', async () => {
    const file = await overlay.open('/d/a', 'append');
    await writeFully(file, Buffer.from('bc'));
    expect(await text(overlay, '/d/a')).toBe('abc');
    await file.truncate(1);
    expect(await text(overlay, '/d/a')).toBe('a');
    await expect(overlay.open('/d/a', 'exclusive')).rejects.toMatchObject({ code: 'EEXIST' });
    await expect(overlay.open('/d/x', 'read-write')).rejects.toMatchObject({ code: 'ENOENT' });
    await overlay.removeDirectory('/d');
    expect(await overlay.names('/d')).toEqual(['a', 'b']);
  });
});
