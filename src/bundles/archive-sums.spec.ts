import { describe, expect, it } from '@jest/globals';
import { isSidecarOf, parseSums, renderSums } from './archive-sums.js';

const A = 'a'.repeat(64);
const B = 'b'.repeat(64);

describe('sums', () => {
  it('are written as sha256sum does, in order of name, and read again', () => {
    const sums = new Map([
      ['records/x.json', B],
      ['manifest.json', A],
    ]);
    const text = renderSums(sums);
    expect(text).toBe(`${A}  manifest.json\n${B}  records/x.json\n`);
    expect(parseSums(text)).toEqual(sums);
  });

  it.each([
    ['', 'nothing'],
    [`${A}  manifest.json`, 'no line break at the end'],
    [`${A} manifest.json\n`, 'one space'],
    [`${A.toUpperCase()}  manifest.json\n`, 'capitals'],
    [`${A}  ../x\n`, 'a way out'],
    [`${A}  x\n${A}  x\n`, 'a name twice'],
    [`${A}  y\n${A}  x\n`, 'another order'],
    [`${A}  x\n\n`, 'an empty line'],
    [`${A}  x\r\n`, 'other line breaks'],
  ])('are not read from %j: %s', (text) => {
    expect(parseSums(text)).toBeNull();
  });

  it('beside a file are exactly its own', () => {
    const own = Buffer.from(`${A}  x.tar.gz\n`);
    expect(isSidecarOf(own, 'x.tar.gz', A)).toBe(true);
    expect(isSidecarOf(own, 'y.tar.gz', A)).toBe(false);
    expect(isSidecarOf(own, 'x.tar.gz', B)).toBe(false);
    expect(isSidecarOf(Buffer.from(`${A}  x.tar.gz\n `), 'x.tar.gz', A)).toBe(false);
  });
});
