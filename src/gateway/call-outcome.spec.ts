import { describe, expect, it } from '@jest/globals';
import { errorCodeOf, outcomeOf } from './call-outcome.js';

const long = 'x'.repeat(5_000);

describe('the outcome of an answer', () => {
  it.each<[string, string, string]>([
    ['a result', '{"jsonrpc":"2.0","id":1,"result":{"content":[]}}', 'ok'],
    ['an error', '{"jsonrpc":"2.0","id":1,"error":{"code":-1}}', 'rpc_error'],
    ['a result that has an error inside', '{"result":{"error":1},"id":1}', 'ok'],
    [
      'a tool error at the end',
      `{"jsonrpc":"2.0","id":1,"result":{"content":"${long}","isError":true}}`,
      'tool_error',
    ],
    [
      'a tool error at the start',
      `{"result":{"isError":true,"content":"${long}"},"id":1}`,
      'tool_error',
    ],
    [
      'text that speaks of errors',
      '{"id":1,"result":{"t":"\\"isError\\":true \\"error\\":"}}',
      'ok',
    ],
    ['an id that speaks of errors', '{"id":"\\"error\\":","result":{}}', 'ok'],
    ['a tool error with spaces', '{"id": 1, "result": {"isError": true}}', 'tool_error'],
    ['no tool error with spaces', '{"id": 1, "result": {"isError": false}}', 'ok'],
    [
      'a tool error after another',
      '{"id":1,"result":{"x":{"isError":false},"isError":true}}',
      'tool_error',
    ],
    ['no tool error', '{"id":1,"result":{"isError":false}}', 'ok'],
  ])('of %s', (_case, text, expected) => {
    const message = Buffer.from(text);
    expect(outcomeOf(message, message)).toBe(expected);
  });

  it('looks at the last part of an answer in parts', () => {
    expect(outcomeOf(Buffer.from('{"result":{'), Buffer.from('"isError":true}}'))).toBe(
      'tool_error',
    );
  });
});

describe('the code of an error', () => {
  it.each<[string, string, string | null]>([
    ['at the start', '{"jsonrpc":"2.0","id":1,"error":{"code":-32602,"message":"m"}}', '-32602'],
    ['with spaces', '{"id": 1, "error": {"code": -32602, "message": "m"}}', '-32602'],
    ['after a long message', `{"id":1,"error":{"message":"${long}","code":-32603}}`, '-32603'],
    ['above zero', '{"id":1,"error":{"code":7}}', '7'],
    ['that is missing', '{"id":1,"error":{"message":"m"}}', null],
    ['that is no number', '{"id":1,"error":{"code":"x"}}', null],
    ['in a message', '{"id":1,"error":{"message":"\\"code\\":5","code":-1}}', '-1'],
    ['of a result', '{"id":1,"result":{"code":-32602}}', null],
    ['without an end', '{"error":{"code":-', null],
  ])('%s', (_case, text, expected) => {
    const message = Buffer.from(text);
    expect(errorCodeOf(message, message)).toBe(expected);
  });

  it('is found in an answer in parts', () => {
    const first = Buffer.from(`event: message\ndata: {"id":1,"error":{"message":"${long}`);
    expect(errorCodeOf(first, Buffer.from('","code":-32602}}\n\n'))).toBe('-32602');
  });
});
