import { describe, expect, it } from '@jest/globals';
import { FaultyFileSystem } from '../../test/support/faulty-file-system.js';
import { ManualClock } from '../../test/support/manual-clock.js';
import { SilentLogger } from '../kernel/logger.js';
import { SystemRandom } from '../kernel/random.js';
import { KeyFileError } from './api-keys.js';
import {
  ensureSessionKeys,
  openSessionKeys,
  parseSessionKeys,
  type FileSessionKeys,
} from './file.session-keys.js';

const PATH = '/data/services/keys/session.json';
const keyOf = (fill: number, bytes = 32): string => Buffer.alloc(bytes, fill).toString('base64');
const text = (...keys: unknown[]): string => JSON.stringify({ keys });
const random = new SystemRandom();

function open(files: FaultyFileSystem, clock = new ManualClock()): Promise<FileSessionKeys> {
  return openSessionKeys(PATH, { files, clock, logger: new SilentLogger() });
}

function faultsOf(content: string): readonly string[] {
  try {
    parseSessionKeys(Buffer.from(content));
  } catch (error) {
    if (error instanceof KeyFileError) return error.faults;
    throw error;
  }
  return [];
}

describe('parseSessionKeys', () => {
  it('reads keys in their order', () => {
    const content = text({ id: 'b', key: keyOf(2) }, { id: 'a', key: keyOf(1) });
    expect(parseSessionKeys(Buffer.from(content))).toEqual([
      { id: 'b', key: Buffer.alloc(32, 2) },
      { id: 'a', key: Buffer.alloc(32, 1) },
    ]);
  });

  it.each<[string, unknown]>([
    ['absent', undefined],
    ['too short', keyOf(1, 31)],
    ['too long', keyOf(1, 33)],
    ['in hex', Buffer.alloc(32, 1).toString('hex')],
    ['mistyped in one place', `!${keyOf(1)}`],
    ['not a text', 1],
  ])('refuses a key that is %s', (_what, key) => {
    expect(faultsOf(text({ id: 'a', key }))).toEqual(['/keys/0/key is not 32 bytes in base64']);
  });

  it.each<[string, string, string]>([
    ['without keys', text(), '/keys is empty'],
    [
      'with one id twice',
      text({ id: 'a', key: keyOf(1) }, { id: 'a', key: keyOf(2) }),
      'Two entries have the id "a"',
    ],
    ['with an entry that is no object', text(1), '/keys/0 is not an object'],
    [
      'with a foreign member',
      text({ id: 'a', key: keyOf(1), 'x~y': 1 }),
      '/keys/0/x~0y is unknown',
    ],
    [
      'with an id that cannot travel',
      text({ id: 'a.b', key: keyOf(1) }),
      '/keys/0/id is not a name of letters, digits, "_" and "-" (at most 32)',
    ],
    ['that is not JSON', '', 'The file is not JSON'],
  ])('refuses a file %s', (_what, content, fault) => {
    expect(faultsOf(content)).toEqual([fault]);
  });
});

describe('FileSessionKeys', () => {
  it('seals with the first key and opens with each of them', async () => {
    const files = new FaultyFileSystem();
    files.overwrite(PATH, text({ id: 'new', key: keyOf(2) }, { id: 'old', key: keyOf(1) }));
    const keys = await open(files);
    expect(keys.current()).toEqual({ id: 'new', key: Buffer.alloc(32, 2) });
    expect(keys.find('old')).toEqual(Buffer.alloc(32, 1));
    expect(keys.find('older')).toBeUndefined();
    keys.close();
  });

  it('turns to a new first key while it runs, and keeps its keys when the file goes bad', async () => {
    const files = new FaultyFileSystem();
    const clock = new ManualClock();
    files.overwrite(PATH, text({ id: 'a', key: keyOf(1) }));
    const keys = await open(files, clock);
    files.overwrite(PATH, text({ id: 'b', key: keyOf(2) }, { id: 'a', key: keyOf(1) }));
    await clock.advance(2_000);
    expect([keys.current().id, keys.find('a')?.length]).toEqual(['b', 32]);
    files.overwrite(PATH, text());
    await clock.advance(2_000);
    expect(keys.current().id).toBe('b');
    keys.close();
    expect(clock.pendingTimers).toBe(0);
  });

  it('does not open on a bad file', async () => {
    const files = new FaultyFileSystem();
    files.overwrite(PATH, text());
    await expect(open(files)).rejects.toThrow(/session\.json cannot be used:\n\/keys is empty/);
  });
});

describe('ensureSessionKeys', () => {
  it('makes a file with one key of 256 bits, which opens and leaves no scratch file', async () => {
    const files = new FaultyFileSystem();
    await ensureSessionKeys(PATH, files, random);
    const keys = await open(files);
    expect(keys.current().key).toHaveLength(32);
    expect([...files.contents().keys()].filter((name) => name.endsWith('.new'))).toEqual([]);
    keys.close();
  });

  it('makes another key each time', async () => {
    const made = await Promise.all(
      [1, 2].map(async () => {
        const files = new FaultyFileSystem();
        await ensureSessionKeys(PATH, files, random);
        return files.contents().get(PATH);
      }),
    );
    expect(made[0]).not.toBe(made[1]);
  });

  it('leaves a file that is there as it is, even a bad one', async () => {
    const files = new FaultyFileSystem();
    files.overwrite(PATH, 'mine');
    await ensureSessionKeys(PATH, files, random);
    expect(files.contents().get(PATH)).toBe('mine');
  });

  it('goes on where a write ends short', async () => {
    const files = new FaultyFileSystem();
    files.hook = ({ name }) => (name === 'write' ? { short: 7 } : undefined);
    await ensureSessionKeys(PATH, files, random);
    (await open(files)).close();
  });

  it.each([['write'], ['sync'], ['rename']] as const)(
    'leaves no half a file when %s fails, and succeeds when tried again',
    async (failing) => {
      const files = new FaultyFileSystem();
      files.hook = ({ name }) => (name === failing ? { code: 'EIO', wrote: 9 } : undefined);
      await expect(ensureSessionKeys(PATH, files, random)).rejects.toThrow('EIO');
      expect(files.contents().has(PATH)).toBe(false);
      files.hook = () => undefined;
      await ensureSessionKeys(PATH, files, random);
      (await open(files)).close();
    },
  );

  it('leaves a whole file or none, wherever the power is cut', async () => {
    for (let at = 1; at <= 12; at += 1) {
      const files = new FaultyFileSystem();
      files.hook = ({ number }) => (number === at ? { hang: true } : undefined);
      const making = ensureSessionKeys(PATH, files, random);
      await Promise.race([making, new Promise((resolve) => setImmediate(resolve))]);
      for (const fraction of [0, 0.3, 0.7, 0.99]) {
        const after = files.afterPowerCut(() => fraction);
        await ensureSessionKeys(PATH, after, random);
        (await open(after)).close();
      }
    }
  });
});
