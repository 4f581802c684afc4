import { describe, expect, it } from '@jest/globals';
import {
  archiveFileOf,
  backupIdOf,
  backupIdOfFile,
  isBackupId,
  originOf,
  sidecarFileOf,
  timeOfBackup,
} from './backup-name.js';

const AT = Date.UTC(2026, 7, 1, 3, 15, 0, 42);

describe('the id of a backup', () => {
  it('tells when it was begun and by whom, and sorts by time', () => {
    const manual = backupIdOf(AT, 'on_demand', '0f3a9c21');
    const scheduled = backupIdOf(AT + 1, 'scheduled', '00000000');
    expect(manual).toBe('20260801t031500042z-manual-0f3a9c21');
    expect([originOf(manual), originOf(scheduled)]).toEqual(['on_demand', 'scheduled']);
    expect([timeOfBackup(manual), timeOfBackup(scheduled)]).toEqual([AT, AT + 1]);
    expect(manual < scheduled).toBe(true);
    expect(isBackupId(manual)).toBe(true);
  });

  it.each(['mine', '20260801t031500042z-manual-0f3a9c2', '20260801t031500042z-other-0f3a9c21'])(
    'of a file that was put there, such as %s, tells neither',
    (id) => {
      expect(isBackupId(id)).toBe(true);
      expect([originOf(id), timeOfBackup(id)]).toEqual(['external', null]);
    },
  );

  it('of an impossible time tells none', () => {
    expect(timeOfBackup('20261399t031500042z-manual-0f3a9c21')).toBeNull();
  });

  it.each(['', '.', '..', '../x', 'a/b', 'a.b', '-a', 'ä', 'x'.repeat(97), 'a\0'])(
    'is not %j',
    (text) => {
      expect(isBackupId(text)).toBe(false);
    },
  );
});

describe('the files of a backup', () => {
  it('have its id', () => {
    expect(archiveFileOf('mine')).toBe('mine.tar.gz');
    expect(sidecarFileOf('mine')).toBe('mine.tar.gz.sha256');
    expect(backupIdOfFile('mine.tar.gz')).toBe('mine');
  });

  it.each(['mine.tar.gz.sha256', 'mine.tar.gz.tmp', '.tar.gz', 'a b.tar.gz', 'mine.zip'])(
    '%s is no archive',
    (name) => {
      expect(backupIdOfFile(name)).toBeNull();
    },
  );
});
