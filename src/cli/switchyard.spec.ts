import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { readFileSync } from 'node:fs';

const { version } = JSON.parse(
  readFileSync(new URL('../../package.json', import.meta.url), 'utf8'),
) as { version: string };
const { argv, exitCode } = process;

afterEach(() => {
  process.argv = argv;
  process.exitCode = exitCode;
  jest.restoreAllMocks();
});

describe('the command', () => {
  it('runs its arguments: version prints that of the package', async () => {
    const written: string[] = [];
    jest.spyOn(process.stdout, 'write').mockImplementation((text) => {
      written.push(String(text));
      return true;
    });
    process.argv = ['node', 'switchyard', 'version'];
    await import('./switchyard.js');
    expect(written).toEqual([`${version}\n`]);
    expect(process.exitCode).toBe(0);
  });
});
