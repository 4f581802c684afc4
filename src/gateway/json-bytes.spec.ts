import { describe, expect, it } from '@jest/globals';
import { parseBytes } from './json-bytes.js';

describe('JSON bytes', () => {
  it.each<[string, unknown]>([
    ['{"a":"é"}', { a: 'é' }],
    ['null', null],
    ['{"a":"\\q"}', undefined],
    ['', undefined],
  ])('%s', (text, expected) => {
    expect(parseBytes(Buffer.from(text))).toEqual(expected);
  });
});
