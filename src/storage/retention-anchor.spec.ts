import { describe, expect, it } from '@jest/globals';
import { FaultyFileSystem } from '../../test/support/faulty-file-system.js';
import { readAnchor, writeAnchor } from './retention-anchor.js';

const ANCHOR = { number: 7, hash: 'a'.repeat(64) };

describe('the anchor that retention leaves', () => {
  it('is there again after a power cut, and absent where nothing was removed', async () => {
    const files = new FaultyFileSystem();
    await files.makeDirectory('/d');
    await files.syncDirectory('/');
    expect(await readAnchor(files, '/d')).toBeNull();
    await writeAnchor(files, '/d', ANCHOR);
    expect(
      await readAnchor(
        files.afterPowerCut(() => 1),
        '/d',
      ),
    ).toEqual(ANCHOR);
  });

  it.each(['', '[]', '{"number":0,"hash":"x"}', '{"number":3,"hash":"abc"}'])(
    'is told to be damaged: %s',
    async (content) => {
      const files = new FaultyFileSystem();
      files.overwrite('/d/anchor.json', content);
      expect(await readAnchor(files, '/d')).toBe('damaged');
    },
  );
});
