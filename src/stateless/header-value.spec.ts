import { describe, expect, it } from '@jest/globals';
import { readHeaderValue } from './header-value.js';

describe('a mirrored header', () => {
  it.each([
    ['us-west1', 'us-west1'],
    ['', ''],
    ['a b\tc', 'a b\tc'],
    ['=?base64?SGVsbG8=?=', 'Hello'],
    ['=?base64?SGVsbG8sIOS4lueVjA==?=', 'Hello, 世界'],
    ['=?base64?IHBhZGRlZCA=?=', ' padded '],
    ['=?base64??=', ''],
    ['=?base64?PT9iYXNlNjQ/bGl0ZXJhbD89?=', '=?base64?literal?='],
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
