import { describe, expect, it } from '@jest/globals';
import { headerValue } from './header-value.js';

describe('headerValue', () => {
  // The table of 2026-07-28, Streamable HTTP, value encoding, and its edges.
  it.each([
    ['us-west1', 'us-west1'],
    ['two words', 'two words'],
    ['Hello, 世界', '=?base64?SGVsbG8sIOS4lueVjA==?='],
    [' padded ', '=?base64?IHBhZGRlZCA=?='],
    ['line1\nline2', '=?base64?bGluZTEKbGluZTI=?='],
    ['=?base64?literal?=', '=?base64?PT9iYXNlNjQ/bGl0ZXJhbD89?='],
    ['=?base64?open', '=?base64?open'],
    ['\t', '=?base64?CQ==?='],
    ['a\u007f', '=?base64?YX8=?='],
    ['x', 'x'],
    ['', ''],
  ])('%j becomes %j', (value, header) => {
    expect(headerValue(value)).toBe(header);
  });
});
