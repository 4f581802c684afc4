import { describe, expect, it } from '@jest/globals';
import { isUuid, sha256Hex } from './ids.js';

describe('isUuid', () => {
  it.each([
    ['8c1d6e4e-32a1-4c0a-9d43-6f1d1e2f3a4b', true],
    ['8C1D6E4E-32A1-4C0A-9D43-6F1D1E2F3A4B', false],
    ['8c1d6e4e32a14c0a9d436f1d1e2f3a4b', false],
    ['../8c1d6e4e-32a1-4c0a-9d43-6f1d1e2f3a4b', false],
    ['', false],
  ])('says of %p: %p', (text, expected) => {
    expect(isUuid(text)).toBe(expected);
  });
});

describe('sha256Hex', () => {
  it('gives the digest of the standard test vector', () => {
    expect(sha256Hex('abc')).toBe(
      'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad',
    );
  });
});
