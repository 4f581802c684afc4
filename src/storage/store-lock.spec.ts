import { describe, expect, it } from '@jest/globals';
import { FaultyFileSystem } from '../../test/support/faulty-file-system.js';
import { ManualClock } from '../../test/support/manual-clock.js';
import { ProcessTable, type ProcessIdentity } from './process-identity.js';
import { StoreLock } from './store-lock.js';

class Processes extends ProcessTable {
  constructor(
    private readonly pid: number,
    private readonly living: ReadonlySet<number>,
  ) {
    super();
  }

  override self(): Promise<ProcessIdentity> {
    return Promise.resolve({ pid: this.pid, started: 's' });
  }

  override isAlive({ pid }: ProcessIdentity): Promise<boolean> {
    return Promise.resolve(this.living.has(pid));
  }
}

const clock = new ManualClock();

function lockOf(fileSystem: FaultyFileSystem, pid: number, living: number[]): StoreLock {
  return new StoreLock(fileSystem, '/lock', new Processes(pid, new Set(living)), clock);
}

describe('the lock of a data directory', () => {
  it('is refused while its holder lives, and free after a release', async () => {
    const fileSystem = new FaultyFileSystem();
    const first = lockOf(fileSystem, 1, [1, 2]);
    const second = lockOf(fileSystem, 2, [1, 2]);
    await first.acquire();
    await expect(second.acquire()).rejects.toMatchObject({ code: 'storage.locked' });
    await second.release();
    expect(fileSystem.contents().has('/lock')).toBe(true);
    await first.release();
    await second.acquire();
  });

  it('is taken from the dead', async () => {
    const fileSystem = new FaultyFileSystem();
    await lockOf(fileSystem, 1, [1]).acquire();
    await lockOf(fileSystem, 2, [2]).acquire();
    expect(fileSystem.contents().get('/lock')).toContain('"pid":2');
    expect(await fileSystem.names('/')).toEqual(['lock']);
  });

  it.each(['', 'zeros\0\0', '{"pid":"x"}'])(
    'is taken when it says %j, after time for its writer to finish',
    async (content) => {
      const fileSystem = new FaultyFileSystem();
      fileSystem.overwrite('/lock', content);
      const acquired = lockOf(fileSystem, 2, [2]).acquire();
      await clock.advance(50);
      expect(fileSystem.contents().get('/lock')).toBe(content);
      await clock.advance(60);
      await acquired;
    },
  );

  it('goes to one of two that find it stale at the same time', async () => {
    const fileSystem = new FaultyFileSystem();
    fileSystem.overwrite('/lock', '{"pid":1,"started":"s"}\n');
    const results = await Promise.allSettled([
      lockOf(fileSystem, 2, [2, 3]).acquire(),
      lockOf(fileSystem, 3, [2, 3]).acquire(),
    ]);
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  });

  it('leaves no half-written lock when there is no room for it', async () => {
    const fileSystem = new FaultyFileSystem();
    fileSystem.capacity = 3;
    await expect(lockOf(fileSystem, 1, [1]).acquire()).rejects.toMatchObject({ code: 'ENOSPC' });
    expect(await fileSystem.names('/')).toEqual([]);
  });
});
