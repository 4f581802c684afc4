import { describe, expect, it } from '@jest/globals';
import { outcomeOf } from './call-outcome.js';

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
