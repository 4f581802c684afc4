import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { headerValue, readHeaderValue } from './header-value.js';

// The table of 2026-07-28, Streamable HTTP, value encoding, and its edges.
const WRITTEN: [value: string, header: string][] = [
  ['us-west1', 'us-west1'],
  ['two words', 'two words'],
  ['a b\tc', 'a b\tc'],
  ['Hello, 世界', '=?base64?SGVsbG8sIOS4lueVjA==?='],
  [' padded ', '=?base64?IHBhZGRlZCA=?='],
  ['line1\nline2', '=?base64?bGluZTEKbGluZTI=?='],
  ['=?base64?literal?=', '=?base64?PT9iYXNlNjQ/bGl0ZXJhbD89?='],
  ['=?base64?open', '=?base64?open'],
  ['\t', '=?base64?CQ==?='],
  ['a\u007f', '=?base64?YX8=?='],
  ['x', 'x'],
  ['', ''],
];

describe('a value of the body in a header', () => {
  it.each(WRITTEN)('%j becomes %j, and that stands for it', (value, header) => {
    expect(headerValue(value)).toBe(header);
    expect(readHeaderValue(header)).toBe(value);
  });

  it('is read as what was written, whatever it is', () => {
    const holds = (value: string): boolean => readHeaderValue(headerValue(value)) === value;
    fc.assert(fc.property(fc.string({ unit: 'grapheme' }), holds));
    fc.assert(fc.property(fc.string(), (text) => holds(`=?base64?${text}?=`)));
  });

  it.each([
    ['=?base64?SGVsbG8=?=', 'Hello'],
    ['=?base64??=', ''],
    ['=?base64?77u/YQ==?=', '\ufeffa'],
    ['=?base64?SGVsbG8=', '=?base64?SGVsbG8='],
    ['SGVsbG8=?=', 'SGVsbG8=?='],
    ['=?BASE64?SGVsbG8=?=', '=?BASE64?SGVsbG8=?='],
    ['=?base64?=', '=?base64?='],
  ])('%j stands for %j', (header, value) => {
    expect(readHeaderValue(header)).toBe(value);
  });

  it.each([
    ['bad padding', '=?base64?SGVsbG8?='],
    ['characters that are no Base64', '=?base64?SGVs!G8=?='],
    ['white space in Base64', '=?base64?SGVs bG8=?='],
    ['bytes that are no UTF-8', '=?base64?/w==?='],
    ['a control character', 'a\u0001'],
    ['a character beyond ASCII', 'é'],
  ])('is invalid with %s', (_what, header) => {
    expect(readHeaderValue(header)).toBeNull();
  });
});
