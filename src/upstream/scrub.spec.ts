import { describe, expect, it } from '@jest/globals';
import { scrubberOf } from './scrub.js';

describe('scrubberOf', () => {
  it.each([
    ['plain', ['s3cret'], 'key=s3cret!', 'key=[secret]!'],
    ['JSON-escaped', ['a"b\\c1'], '{"k":"a\\"b\\\\c1"}', '{"k":"[secret]"}'],
    ['URL-encoded', ['a b/c1'], '?k=a%20b%2Fc1', '?k=[secret]'],
    ['longest first', ['token', 'token-long'], 'token-long token', '[secret] [secret]'],
    ['no regular expression', ['a.c*'], 'abcc a.c*', 'abcc [secret]'],
    [
      'one line of a key',
      ['BEGIN\nMIIEvQIBADANBgkqhkiG\nEND'],
      'x MIIEvQIBADANBgkqhkiG',
      'x [secret]',
    ],
    ['too short to be one', ['ab'], 'abc', 'abc'],
    ['none', [], 'abc', 'abc'],
  ])('replaces secrets: %s', (_name, secrets, text, expected) => {
    expect(scrubberOf(secrets)(text)).toBe(expected);
  });
});
