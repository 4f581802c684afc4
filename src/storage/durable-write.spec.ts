import { describe, expect, it } from '@jest/globals';
import { FaultyFileSystem } from '../../test/support/faulty-file-system.js';
import { ensureDirectory, replaceFile } from './durable-write.js';

async function withFile(): Promise<FaultyFileSystem> {
  const fileSystem = new FaultyFileSystem();
  await ensureDirectory(fileSystem, '/d');
  fileSystem.overwrite('/d/f', 'old');
  return fileSystem;
}

describe('replacing a file', () => {
  it('writes everything although the system takes three bytes at a time', async () => {
    const fileSystem = await withFile();
    fileSystem.hook = ({ name }) => (name === 'write' ? { short: 3 } : undefined);
    await replaceFile(fileSystem, '/d/f', [Buffer.from('0123456789'), Buffer.from('abcdef')]);
    expect(fileSystem.contents().get('/d/f')).toBe('0123456789abcdef');
  });

  it.each(['open', 'write', 'sync', 'close', 'rename'] as const)(
    'leaves the old file whole and no temporary one when %s fails',
    async (name) => {
      const fileSystem = await withFile();
      fileSystem.hook = (operation) =>
        operation.name === name ? { code: 'ENOSPC', wrote: 2 } : undefined;
      await expect(replaceFile(fileSystem, '/d/f', [Buffer.from('new')])).rejects.toMatchObject({
        code: 'ENOSPC',
      });
      fileSystem.hook = () => undefined;
      expect(fileSystem.contents().get('/d/f')).toBe('old');
      expect(await fileSystem.names('/d')).toEqual(['f']);
    },
  );

  it('gives the old or the new content when the power is cut before the directory is synced', async () => {
    for (const luck of [0, 0.999]) {
      const fileSystem = await withFile();
      await replaceFile(fileSystem, '/d/f', [Buffer.from('new')]);
      const after = fileSystem.afterPowerCut(() => luck);
      expect(['old', 'new']).toContain(after.contents().get('/d/f'));
    }
  });
});

describe('making sure of a directory', () => {
  it('makes the names of all its parents durable, even of those that are there', async () => {
    const fileSystem = new FaultyFileSystem();
    await fileSystem.makeDirectory('/a');
    await ensureDirectory(fileSystem, '/a');
    await ensureDirectory(fileSystem, '/a/b/c');
    expect([
      ...fileSystem
        .afterPowerCut(() => 0.999)
        .contents()
        .keys(),
    ]).toEqual(['/', '/a', '/a/b', '/a/b/c']);
  });
});
