import { describe, expect, it } from '@jest/globals';
import { FaultyFileSystem } from '../../test/support/faulty-file-system.js';
import { ManualClock } from '../../test/support/manual-clock.js';
import { Logger, type LogFields } from '../kernel/logger.js';
import { WatchedFile } from './watched-file.js';

const PATH = '/etc/keys.json';
const LOOK_EVERY_MS = 2_000;

class ListLogger extends Logger {
  readonly lines: string[] = [];
  override debug(): void {}
  override warn(): void {}
  override info(fields: LogFields, message: string): void {
    this.lines.push(`info ${message} ${String(fields['file'])}`);
  }
  override error(fields: LogFields): void {
    this.lines.push(`error ${String(fields['fault'])}`);
  }
  override child(): Logger {
    return this;
  }
}

interface Rig {
  readonly files: FaultyFileSystem;
  readonly clock: ManualClock;
  readonly logger: ListLogger;
  readonly file: WatchedFile<string>;
  readonly parsed: string[];
}

/** The content is a text of words; "bad" and what follows is the fault. */
function rig(content?: string): Rig {
  const files = new FaultyFileSystem();
  const clock = new ManualClock();
  const logger = new ListLogger();
  const parsed: string[] = [];
  if (content !== undefined) files.overwrite(PATH, content);
  const parse = (bytes: Buffer): string => {
    const text = bytes.toString('utf8');
    parsed.push(text);
    if (text.startsWith('bad')) throw new Error(text);
    return text;
  };
  return { files, clock, logger, parsed, file: new WatchedFile(PATH, parse, files, clock, logger) };
}

describe('opening', () => {
  it('reads the file', async () => {
    const { file } = rig('one');
    await file.open();
    expect(file.value).toBe('one');
    file.close();
  });

  it.each([
    ['has a fault', 'bad line 3', 'bad line 3'],
    ['is absent', undefined, 'ENOENT'],
    ['is larger than 1 MiB', 'x'.repeat(1_048_577), 'larger than 1 MiB'],
  ])('fails with the path and the fault when the file %s', async (_what, content, fault) => {
    const { file, clock } = rig(content);
    const opening = file.open();
    await expect(opening).rejects.toThrow(PATH);
    await expect(opening).rejects.toThrow(fault);
    expect(clock.pendingTimers).toBe(0);
    expect(() => file.value).toThrow('has not been opened');
  });

  it('takes a file of exactly 1 MiB', async () => {
    const { file } = rig('x'.repeat(1_048_576));
    await file.open();
    expect(file.value).toHaveLength(1_048_576);
    file.close();
  });
});

describe('a change', () => {
  it('is taken up within two seconds and logged', async () => {
    const { file, files, clock, logger } = rig('one');
    await file.open();
    files.overwrite(PATH, 'two');
    await clock.advance(LOOK_EVERY_MS - 1);
    expect(file.value).toBe('one');
    await clock.advance(1);
    expect(file.value).toBe('two');
    files.overwrite(PATH, 'three');
    await clock.advance(LOOK_EVERY_MS);
    expect(file.value).toBe('three');
    expect(logger.lines).toEqual(Array(2).fill(`info a key file was read again ${PATH}`));
    file.close();
  });

  it('is seen by content alone: the same bytes are not parsed again', async () => {
    const { file, files, clock, logger, parsed } = rig('one');
    await file.open();
    files.overwrite(PATH, 'one');
    await clock.advance(10 * LOOK_EVERY_MS);
    expect(parsed).toEqual(['one']);
    expect(logger.lines).toEqual([]);
    file.close();
  });
});

describe('a file that goes bad', () => {
  it('leaves the last good content in force, and each fault is logged once', async () => {
    const { file, files, clock, logger } = rig('one');
    await file.open();
    files.overwrite(PATH, 'bad one');
    await clock.advance(5 * LOOK_EVERY_MS);
    files.overwrite(PATH, 'bad two');
    await clock.advance(5 * LOOK_EVERY_MS);
    expect(file.value).toBe('one');
    expect(logger.lines).toEqual(['error bad one', 'error bad two']);
    file.close();
  });

  it.each([
    ['is removed', (files: FaultyFileSystem) => files.remove(PATH), 'error ENOENT'],
    [
      'grows too large',
      (files: FaultyFileSystem) => {
        files.overwrite(PATH, 'x'.repeat(1_048_577));
        return Promise.resolve();
      },
      'error The file is larger than 1 MiB',
    ],
  ])('does so too when it %s', async (_what, spoil, line) => {
    const { file, files, clock, logger } = rig('one');
    await file.open();
    await spoil(files);
    await clock.advance(3 * LOOK_EVERY_MS);
    expect(file.value).toBe('one');
    expect(logger.lines).toHaveLength(1);
    expect(logger.lines[0]).toContain(line);
    file.close();
  });

  it('is taken up again when it is mended, and a fault that comes back is logged again', async () => {
    const { file, files, clock, logger } = rig('one');
    await file.open();
    for (const content of ['bad', 'one', 'bad', 'two']) {
      files.overwrite(PATH, content);
      await clock.advance(LOOK_EVERY_MS);
    }
    expect(file.value).toBe('two');
    expect(logger.lines.map((line) => line.split(' ')[0])).toEqual(['error', 'error', 'info']);
    file.close();
  });
});

describe('closing', () => {
  it('ends the looking and keeps the content', async () => {
    const { file, files, clock } = rig('one');
    await file.open();
    file.close();
    expect(clock.pendingTimers).toBe(0);
    files.overwrite(PATH, 'two');
    await clock.advance(2 * LOOK_EVERY_MS);
    expect(file.value).toBe('one');
  });

  it('ends it while a look is under way', async () => {
    const { file, files, clock } = rig('one');
    await file.open();
    const read = files.read.bind(files);
    files.read = (path) => {
      file.close();
      return read(path);
    };
    await clock.advance(LOOK_EVERY_MS);
    expect(clock.pendingTimers).toBe(0);
  });
});
