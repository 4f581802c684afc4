import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { readEnvelope, scanEnvelope, type Envelope } from './envelope-scan.js';
import { RpcError } from './rpc-error.js';

const scan = (text: string): Envelope | null => scanEnvelope(Buffer.from(text));
const read = (text: string): ReturnType<typeof readEnvelope> => readEnvelope(Buffer.from(text));

function cut(text: string, start: number, end: number): string {
  return Buffer.from(text).toString('utf8', start, end);
}

describe('scanEnvelope', () => {
  it('finds every span of a tool call', () => {
    const text =
      ' {"jsonrpc":"2.0", "id" : "a\\"1","method":"tools/call","params":{"_meta":{"x":[1],"progressToken":"t"},"arguments":{"name":"no"},"name":"écho"}}\n';
    const found = scan(text);
    expect(found).toMatchObject({ kind: 'request', method: 'tools/call' });
    if (found === null) return;
    expect(cut(text, found.idStart, found.idEnd)).toBe('"a\\"1"');
    expect(cut(text, found.nameStart, found.nameEnd)).toBe('"écho"');
    expect(cut(text, found.tokenStart, found.tokenEnd)).toBe('"t"');
    expect(JSON.parse(cut(text, found.paramsStart, found.paramsEnd))).toHaveProperty('_meta');
  });

  it.each([
    ['{"jsonrpc":"2.0","method":"notifications/initialized"}', 'notification'],
    ['{"jsonrpc":"2.0","id":1,"method":"ping"}', 'request'],
    ['{"jsonrpc":"2.0","id":1,"result":{}}', 'response'],
    ['{"error":{"code":1,"message":"m"},"id":"x","jsonrpc":"2.0"}', 'response'],
  ])('reads %s as a %s', (text, kind) => {
    expect(scan(text)?.kind).toBe(kind);
  });

  it('reports the token of a progress notification', () => {
    const text =
      '{"method":"notifications/progress","params":{"progressToken":12,"progress":1},"jsonrpc":"2.0"}';
    const found = scan(text);
    expect(cut(text, found?.progressStart ?? 0, found?.progressEnd ?? 0)).toBe('12');
  });

  it.each([
    ['a duplicate method', '{"jsonrpc":"2.0","id":1,"method":"a","method":"b"}'],
    ['a duplicate id', '{"jsonrpc":"2.0","id":1,"id":2,"method":"b"}'],
    ['duplicate params', '{"jsonrpc":"2.0","id":1,"method":"b","params":{},"params":{}}'],
    ['a duplicate name', '{"jsonrpc":"2.0","id":1,"method":"b","params":{"name":"x","name":"y"}}'],
    [
      'a name after another',
      '{"jsonrpc":"2.0","id":1,"method":"b","params":{"name":1,"name":"y"}}',
    ],
    ['duplicate _meta', '{"jsonrpc":"2.0","id":1,"method":"b","params":{"_meta":1,"_meta":{}}}'],
    [
      'a duplicate token',
      '{"jsonrpc":"2.0","id":1,"method":"b","params":{"_meta":{"progressToken":1,"progressToken":2}}}',
    ],
    ['an escaped top-level key', '{"jsonrpc":"2.0","id":1,"\\u006dethod":"b"}'],
    [
      'an escaped key in params',
      '{"jsonrpc":"2.0","id":1,"method":"b","params":{"n\\u0061me":"x"}}',
    ],
    ['an escaped method', '{"jsonrpc":"2.0","id":1,"method":"tools\\/call"}'],
    ['a bad escape in the id', '{"jsonrpc":"2.0","id":"\\q","method":"b"}'],
    ['a raw line break in the id', '{"jsonrpc":"2.0","id":"a\n","method":"b"}'],
    [
      'a bad escape in the progress token',
      '{"jsonrpc":"2.0","id":1,"method":"b","params":{"_meta":{"progressToken":"\\u00"}}}',
    ],
    [
      'a bad escape in the token of a progress notification',
      '{"jsonrpc":"2.0","method":"b","params":{"progressToken":"\\q"}}',
    ],
    ['another version', '{"jsonrpc":"1.0","id":1,"method":"b"}'],
    ['no version', '{"id":1,"method":"b"}'],
    ['a null id', '{"jsonrpc":"2.0","id":null,"method":"b"}'],
    ['params that are an array', '{"jsonrpc":"2.0","id":1,"method":"b","params":[1]}'],
    ['a result beside a method', '{"jsonrpc":"2.0","id":1,"method":"b","result":1}'],
    ['result and error', '{"jsonrpc":"2.0","id":1,"error":{},"result":1}'],
    ['an array', '[]'],
    ['text behind', '{"jsonrpc":"2.0","id":1,"method":"b"} x'],
    ['a missing value', '{"jsonrpc":"2.0","id":1,"method":"b","params":{"a":}}'],
    ['a trailing comma', '{"jsonrpc":"2.0","id":1,"method":"b","params":{"a":[1,]}}'],
    ['a number with a leading zero', '{"jsonrpc":"2.0","id":01,"method":"b"}'],
    ['a cut message', '{"jsonrpc":"2.0","id":1,"method":"b'],
    ['nothing', ''],
    [
      'too deep',
      `{"jsonrpc":"2.0","id":1,"method":"b","params":{"a":${'['.repeat(600)}${']'.repeat(600)}}}`,
    ],
  ])('declines %s', (_name, text) => {
    expect(scan(text)).toBeNull();
  });
});

describe('scanEnvelope against JSON.parse', () => {
  const id = fc.oneof(fc.integer(), fc.string());
  const message = fc.record(
    {
      jsonrpc: fc.constant('2.0'),
      id,
      method: fc.stringMatching(/^[a-zé/]{1,20}$/),
      params: fc.dictionary(
        fc.oneof(
          fc.constantFrom('name', '_meta', 'a', 'progressToken'),
          fc.stringMatching(/^\w*$/),
        ),
        fc.oneof(fc.jsonValue(), fc.record({ progressToken: id })),
      ),
      extra: fc.jsonValue(),
    },
    { requiredKeys: ['jsonrpc', 'id', 'method'] },
  );

  it('cuts out exactly what JSON.parse sees', () => {
    fc.assert(
      fc.property(message, fc.constantFrom(undefined, 1, '\t'), (value, indent) => {
        let text = JSON.stringify(value, null, indent);
        let found = scan(text);
        if (found === null) {
          expect(text).toContain('\\');
          const slow = read(text);
          if (slow instanceof RpcError || 'batch' in slow) throw new Error('no envelope');
          text = slow.body.toString();
          found = slow.envelope;
        }
        const params = value.params as Record<string, unknown> | undefined;
        expect(found).toMatchObject({ kind: 'request', method: value.method });
        expect(JSON.parse(cut(text, found.idStart, found.idEnd))).toEqual(value.id);
        const name = params?.name;
        expect(found.nameEnd > 0).toBe(typeof name === 'string');
        if (found.nameEnd > 0)
          expect(JSON.parse(cut(text, found.nameStart, found.nameEnd))).toBe(name);
        const meta = params?._meta;
        const token =
          typeof meta === 'object' && meta !== null
            ? (meta as Record<string, unknown>).progressToken
            : undefined;
        const isToken = typeof token === 'string' || typeof token === 'number';
        expect(found.tokenEnd > 0).toBe(isToken);
        if (isToken) expect(JSON.parse(cut(text, found.tokenStart, found.tokenEnd))).toEqual(token);
      }),
      { numRuns: 300 },
    );
  });

  it('accepts no broken structure', () => {
    const mutation = fc.record({
      at: fc.nat(),
      by: fc.constantFrom('', '{', '}', '[', ']', ',', ':', '1', '"', 'e', ' ', '-', '.', 'null'),
    });
    fc.assert(
      fc.property(message, fc.array(mutation, { minLength: 1, maxLength: 3 }), (value, edits) => {
        let text = JSON.stringify(value);
        for (const { at, by } of edits) {
          const i = at % text.length;
          text = text.slice(0, i) + by + text.slice(i + (at % 3));
        }
        if (text.includes('\\') || scan(text) === null) return;
        expect(() => JSON.parse(text) as unknown).not.toThrow();
      }),
      { numRuns: 1000 },
    );
  });
});

describe('readEnvelope', () => {
  it('keeps the last of duplicate keys, as parsers do, and writes one line', () => {
    const outcome = read('{"jsonrpc":"2.0",\n"id":1,"m\\u0065thod":"a","method":"b"}');
    expect(outcome).not.toBeInstanceOf(RpcError);
    if (outcome instanceof RpcError || 'batch' in outcome) throw new Error('no envelope');
    expect(outcome.envelope.method).toBe('b');
    expect(outcome.body.toString()).toBe('{"jsonrpc":"2.0","id":1,"method":"b"}');
  });

  it('keeps keys and methods that need an escape', () => {
    const outcome = read(
      '{"jsonrpc":"2.0","id":1,"method":"a\\"b","params":{"k\\"":1,"name":"n"}}',
    );
    if (outcome instanceof RpcError || 'batch' in outcome) throw new Error('no envelope');
    expect(outcome.envelope.method).toBe('a"b');
    expect(outcome.envelope.nameEnd).toBeGreaterThan(0);
  });

  it('splits a batch', () => {
    const outcome = read('[{"jsonrpc":"2.0","id":1,"method":"a"}, 7]');
    if (outcome instanceof RpcError || !('batch' in outcome)) throw new Error('no batch');
    expect(outcome.batch.map(String)).toEqual(['{"jsonrpc":"2.0","id":1,"method":"a"}', '7']);
  });

  it.each([
    ['{', -32700],
    ['{"jsonrpc":"2.0","id":1,"method":"\\x"}', -32700],
    ['[]', -32600],
    ['1', -32600],
    ['null', -32600],
    ['{"jsonrpc":"1.0","id":1,"method":"a"}', -32600],
    ['{"jsonrpc":"2.0","id":null,"method":"a"}', -32600],
    ['{"jsonrpc":"2.0","id":1,"method":3}', -32600],
    ['{"jsonrpc":"2.0","id":1,"method":"a","params":[]}', -32600],
    ['{"jsonrpc":"2.0","id":1,"method":"a","result":1}', -32600],
    ['{"jsonrpc":"2.0","id":1}', -32600],
    ['{"jsonrpc":"2.0","result":1}', -32600],
    [
      `{"jsonrpc":"2.0","id":1,"method":"a","params":{"a":${'['.repeat(600)}${']'.repeat(600)}}}`,
      -32600,
    ],
    [
      `{"jsonrpc":"2.0","id":1,"method":"a","params":{"a":${'['.repeat(90000)}${']'.repeat(90000)}}}`,
      -32600,
    ],
  ])('refuses case %#', (text, code) => {
    const outcome = read(text);
    expect(outcome).toBeInstanceOf(RpcError);
    expect(outcome).toMatchObject({ code, httpStatus: 400 });
  });

  it('refuses bytes that are no UTF-8', () => {
    expect(readEnvelope(Buffer.from([0x22, 0xff, 0x22]))).toMatchObject({ code: -32700 });
  });

  // A reader that ignores case, as Go's is, would call the other tool.
  it.each([
    '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"ok","Name":"denied"}}',
    '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"ok","\\u004eame":"denied"}}',
    '{"jsonrpc":"2.0","id":1,"method":"tools/list","Method":"tools/call","params":{}}',
    '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"ok"},"PARAMS":{"name":"no"}}',
    '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"ok"},"param\u017f":{}}',
    '{"jsonrpc":"2.0","id":1,"method":"m","params":{"_META":{"progressToken":1}}}',
  ])('refuses keys that differ from ours in case only: %s', (text) => {
    expect(scanEnvelope(Buffer.from(text))).toBeNull();
    expect(read(text)).toMatchObject({ code: -32600, httpStatus: 400 });
  });

  it('takes other keys as they are, whatever their case', () => {
    const text = '{"jsonrpc":"2.0","id":1,"Extra":1,"method":"m","params":{"URI":1,"Names":2}}';
    expect(scanEnvelope(Buffer.from(text))).not.toBeNull();
    expect(read(text)).not.toBeInstanceOf(RpcError);
  });
});
