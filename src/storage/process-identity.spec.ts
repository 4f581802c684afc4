import { describe, expect, it } from '@jest/globals';
import { FaultyFileSystem } from '../../test/support/faulty-file-system.js';
import { startTicks, SystemProcessTable } from './process-identity.js';

const STAT = (name: string, start: string): string =>
  `77 (${name}) S 1 77 77 0 -1 4194560 1 0 0 0 1 2 0 0 20 0 11 0 ${start} 100 200`;

describe('the identity of a process', () => {
  it.each<[string, string | null]>([
    [STAT('node', '123456'), '123456'],
    [STAT('a) (b c) S 1', '42'), '42'],
    ['', null],
    ['77 (node) S 1', null],
  ])('is read from %j', (stat, ticks) => {
    expect(startTicks(stat)).toBe(ticks);
  });

  it('tells a process from a later one with its number', async () => {
    const fileSystem = new FaultyFileSystem();
    fileSystem.overwrite('/proc/sys/kernel/random/boot_id', 'boot-1\n');
    fileSystem.overwrite('/proc/77/stat', STAT('node', '500'));
    const processes = new SystemProcessTable(fileSystem);
    expect(await processes.isAlive({ pid: 77, started: 'boot-1/500' })).toBe(true);
    expect(await processes.isAlive({ pid: 77, started: 'boot-1/499' })).toBe(false);
    expect(await processes.isAlive({ pid: 77, started: 'boot-0/500' })).toBe(false);
  });

  it.each([
    ['S', true],
    ['D', true],
    ['Z', false],
    ['X', false],
  ])('sees from its state %s whether anything of it still runs: %s', async (state, expected) => {
    const fileSystem = new FaultyFileSystem();
    fileSystem.overwrite('/proc/sys/kernel/random/boot_id', 'boot-1\n');
    fileSystem.overwrite('/proc/77/stat', STAT('node', '500').replace(' S ', ` ${state} `));
    const processes = new SystemProcessTable(fileSystem);
    expect(await processes.isAlive({ pid: 77, started: 'boot-1/500' })).toBe(expected);
  });

  it('goes by the number alone where the system says no more', async () => {
    const processes = new SystemProcessTable(new FaultyFileSystem());
    const self = await processes.self();
    expect(self).toEqual({ pid: process.pid, started: null });
    expect(await processes.isAlive(self)).toBe(true);
    expect(await processes.isAlive({ pid: 2 ** 30, started: null })).toBe(false);
  });
});
