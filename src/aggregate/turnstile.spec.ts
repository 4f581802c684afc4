import { describe, expect, it } from '@jest/globals';
import { Turnstile } from './turnstile.js';

describe('a turnstile', () => {
  it('lets so many run at once, the others in order, failures included', async () => {
    const turnstile = new Turnstile(2);
    const log: string[] = [];
    const ends: ((fails: boolean) => void)[] = [];
    const pass = (name: string): Promise<unknown> =>
      turnstile
        .pass(async () => {
          log.push(name);
          const fails = await new Promise<boolean>((resolve) => ends.push(resolve));
          if (fails) throw new Error(name);
        })
        .catch(() => undefined);
    const all = ['a', 'b', 'c', 'd'].map(pass);
    await Promise.resolve();
    expect(log).toEqual(['a', 'b']);
    ends[1]?.(true);
    await all[1];
    expect(log).toEqual(['a', 'b', 'c']);
    ends[0]?.(false);
    await all[0];
    expect(log).toEqual(['a', 'b', 'c', 'd']);
    for (const end of ends) end(false);
    await Promise.all(all);
    const late = pass('e');
    expect(log).toContain('e');
    ends[4]?.(false);
    await late;
  });
});
