import { describe, expect, it } from '@jest/globals';
import { settle } from '../../test/support/manual-clock.js';
import { KeyedSerial } from './serial.js';

describe('KeyedSerial', () => {
  it('runs tasks of one key one after another, in order, even past a failure', async () => {
    const serial = new KeyedSerial();
    const log: string[] = [];
    const task =
      (name: string, fails = false) =>
      async (): Promise<string> => {
        log.push(`${name} begins`);
        await settle();
        log.push(`${name} ends`);
        if (fails) throw new Error(name);
        return name;
      };
    const first = serial.run('a', task('one', true));
    const second = serial.run('a', task('two'));
    await expect(first).rejects.toThrow('one');
    await expect(second).resolves.toBe('two');
    expect(log).toEqual(['one begins', 'one ends', 'two begins', 'two ends']);
  });

  it('runs tasks of different keys side by side and forgets idle keys', async () => {
    const serial = new KeyedSerial();
    let release = (): void => undefined;
    const held = serial.run('a', () => new Promise<void>((resolve) => (release = resolve)));
    await expect(serial.run('b', () => Promise.resolve('free'))).resolves.toBe('free');
    expect(serial.size).toBe(1);
    release();
    await held;
    await settle();
    expect(serial.size).toBe(0);
  });
});
