import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { scanReplyId, spliceId } from './reply-scan.js';

const scan = (text: string): ReturnType<typeof scanReplyId> => scanReplyId(Buffer.from(text));

describe('scanReplyId', () => {
  it.each([
    '{"jsonrpc":"2.0","id":42,"result":{}}',
    '{"jsonrpc": "2.0", "id": 42, "result": {"a": 1}}',
    '{"jsonrpc":"2.0","id":42,"error":{"code":1,"message":"x"}} ',
    '{"result":{"id":7},"jsonrpc":"2.0","id":42}\r',
    '{"error":{"code":1,"message":"x"},"jsonrpc":"2.0","id":42}',
    '{"jsonrpc":"2.0","result":"a\\",\\"id\\":9","id":42}',
    '{ "result" : 1 , "id" : 42 }',
  ])('finds the id in %s', (text) => {
    const found = scan(text);
    expect(found?.id).toBe(42);
    expect(text.slice(found?.idStart, found?.idEnd)).toBe('42');
    expect(text.slice(0, found?.end)).toBe(text.trimEnd());
  });

  it.each([
    ['a request of the upstream', '{"jsonrpc":"2.0","id":42,"method":"roots/list"}'],
    ['a request with the id last', '{"method":"roots/list","jsonrpc":"2.0","id":42}'],
    ['a notification', '{"jsonrpc":"2.0","method":"x","params":{"id":42}}'],
    ['a string id', '{"jsonrpc":"2.0","id":"42","result":{}}'],
    ['an id inside the result', '{"jsonrpc":"2.0","result":{"a":1,"id":42}}'],
    ['a fraction', '{"jsonrpc":"2.0","id":4.2,"result":{}}'],
    ['a fraction at the end', '{"result":{},"jsonrpc":"2.0","id":4.2}'],
    ['a negative id', '{"result":{},"id":-4}'],
    ['an id too large for a double', '{"jsonrpc":"2.0","id":99999999999999999999,"result":{}}'],
    ['another order', '{"id":42,"jsonrpc":"2.0","result":{}}'],
    ['a cut line', '{"jsonrpc":"2.0","id":42,"result":{'],
    ['plain text', 'listening on 42'],
    ['only an id', '"id":42}'],
    ['nothing', ''],
  ])('declines %s', (_name, text) => {
    expect(scan(text)).toBeNull();
  });

  it('agrees with JSON.parse on any response, whatever the order of the members', () => {
    const members = fc.shuffledSubarray(['jsonrpc', 'id', 'result', 'extra'], { minLength: 3 });
    fc.assert(
      fc.property(members, fc.nat(), fc.jsonValue(), (order, id, value) => {
        const all: Record<string, unknown> = {
          jsonrpc: '2.0',
          id,
          result: value,
          extra: { id: 1 },
        };
        const text = JSON.stringify(Object.fromEntries(order.map((key) => [key, all[key]])));
        const found = scan(text);
        if (found !== null) {
          expect(order).toContain('id');
          expect(found.id).toBe(id);
        }
      }),
      { numRuns: 300 },
    );
  });
});

describe('spliceId', () => {
  it('replaces the span and nothing else', () => {
    const message = Buffer.from('{"id":12,"é":1}');
    expect(spliceId(message, 6, 8, '"ß"').toString()).toBe('{"id":"ß","é":1}');
    expect(spliceId(message, 6, 8, Buffer.from('7')).toString()).toBe('{"id":7,"é":1}');
    expect(message.toString()).toBe('{"id":12,"é":1}');
  });
});
