import { describe, expect, it } from '@jest/globals';
import { isNewerMajor, isReadableVersion } from './schema-version.js';

describe('the schema version', () => {
  it.each<[unknown, boolean, boolean]>([
    ['1.0', true, false],
    ['1.7', true, false],
    ['2.0', false, true],
    ['10.3', false, true],
    ['0.9', false, false],
    ['1', false, false],
    [1, false, false],
    [undefined, false, false],
    ['1.0.0', false, false],
  ])('%j is readable: %s, newer: %s', (version, isReadable, isNewer) => {
    expect(isReadableVersion(version)).toBe(isReadable);
    expect(isNewerMajor(version)).toBe(isNewer);
  });
});
