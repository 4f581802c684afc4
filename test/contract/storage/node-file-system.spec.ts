import { mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { FileSystem } from '../../../src/kernel/file-system.js';
import { NodeFileSystem } from '../../../src/storage/node.file-system.js';
import { FaultyFileSystem } from '../../support/faulty-file-system.js';

interface Begun {
  readonly fileSystem: FileSystem;
  readonly root: string;
  readonly dispose: () => Promise<void>;
}

const TEXT = Buffer.from('hello');

/** The port's promises, and that the twin used by the fault tests keeps them as the real one does. */
function describeFileSystem(name: string, begin: () => Promise<Begun>): void {
  describe(`${name} as a file system`, () => {
    let begun: Begun;
    let fileSystem: FileSystem;
    let at: (path: string) => string;

    beforeEach(async () => {
      begun = await begin();
      fileSystem = begun.fileSystem;
      at = (path) => join(begun.root, path);
      await fileSystem.makeDirectory(at('d/e'));
    });

    afterEach(() => begun.dispose());

    async function write(path: string): Promise<void> {
      const file = await fileSystem.open(at(path), 'append');
      await file.write(TEXT, 0, TEXT.length);
      await file.sync();
      await file.close();
    }

    it('creates exclusively once, and appends to what is there', async () => {
      await (await fileSystem.open(at('d/f'), 'exclusive')).close();
      await expect(fileSystem.open(at('d/f'), 'exclusive')).rejects.toMatchObject({
        code: 'EEXIST',
      });
      await write('d/f');
      await write('d/f');
      expect((await fileSystem.read(at('d/f'))).toString()).toBe('hellohello');
    });

    it('writes the part it is given, cuts, and appends after the cut', async () => {
      const file = await fileSystem.open(at('f'), 'append');
      expect(await file.write(TEXT, 1, 3)).toBe(3);
      await file.truncate(1);
      await file.write(TEXT, 4, 1);
      await file.syncData();
      await file.close();
      expect((await fileSystem.read(at('f'))).toString()).toBe('eo');
    });

    it('opens for reading and writing only what is there', async () => {
      await expect(fileSystem.open(at('none'), 'read-write')).rejects.toMatchObject({
        code: 'ENOENT',
      });
    });

    it('lists names in order, and nothing of a directory that is not there', async () => {
      await write('d/z');
      await write('d/a');
      expect(await fileSystem.names(at('d'))).toEqual(['a', 'e', 'z']);
      expect(await fileSystem.names(at('none'))).toEqual([]);
    });

    it('knows the facts of a path, private by default', async () => {
      await write('d/f');
      expect(await fileSystem.facts(at('d/f'))).toMatchObject({
        kind: 'file',
        bytes: 5,
        mode: 0o600,
      });
      expect(await fileSystem.facts(at('d'))).toMatchObject({ kind: 'directory', mode: 0o700 });
      expect(await fileSystem.facts(at('none'))).toBeUndefined();
    });

    it('renames over what is there, and removes what may not be there', async () => {
      await write('d/from');
      await write('d/to');
      await fileSystem.rename(at('d/from'), at('d/to'));
      await fileSystem.syncDirectory(at('d'));
      expect(await fileSystem.names(at('d'))).toEqual(['e', 'to']);
      await fileSystem.remove(at('d/to'));
      await fileSystem.remove(at('d/to'));
      await expect(fileSystem.rename(at('d/none'), at('d/x'))).rejects.toMatchObject({
        code: 'ENOENT',
      });
      await expect(fileSystem.read(at('d/to'))).rejects.toMatchObject({ code: 'ENOENT' });
    });

    it('removes a directory only when it is empty', async () => {
      await fileSystem.removeDirectory(at('d'));
      await fileSystem.removeDirectory(at('none'));
      expect(await fileSystem.names(at('d'))).toEqual(['e']);
      await fileSystem.removeDirectory(at('d/e'));
      expect(await fileSystem.names(at('d'))).toEqual([]);
    });
  });
}

async function onDisk(): Promise<Begun> {
  const root = await mkdtemp(join(tmpdir(), 'file-system-'));
  const dispose = (): Promise<void> => rm(root, { recursive: true, force: true });
  return { fileSystem: new NodeFileSystem(), root, dispose };
}

describeFileSystem('NodeFileSystem', onDisk);
describeFileSystem('FaultyFileSystem', () =>
  Promise.resolve({
    fileSystem: new FaultyFileSystem(),
    root: '/',
    dispose: () => Promise.resolve(),
  }),
);

describe('NodeFileSystem', () => {
  it('does not follow a link when asked what a path is', async () => {
    const { fileSystem, root, dispose } = await onDisk();
    await symlink('/etc/hostname', join(root, 'link'));
    expect(await fileSystem.facts(join(root, 'link'))).toMatchObject({ kind: 'link' });
    await dispose();
  });
});
