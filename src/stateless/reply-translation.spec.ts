import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { JsonObject } from '../kernel/json.js';
import { scanEnvelope } from '../protocol/envelope-scan.js';
import { META } from '../protocol/modern-meta.js';
import { RpcError } from '../protocol/rpc-error.js';
import { translateReply } from './reply-translation.js';

const SERVER = Buffer.from('{"name":"s","version":"1"}');
const INFO = { [META.serverInfo]: { name: 's', version: '1' } };
const ID = Buffer.from('"mine"');

function translate(text: string, method = 'tools/call', spans = true): JsonObject | RpcError {
  const message = Buffer.from(text);
  const envelope = scanEnvelope(message);
  const [start, end] = spans ? [envelope?.idStart ?? 0, envelope?.idEnd ?? 0] : [0, 0];
  const answer = translateReply(message, start, end, ID, method, SERVER);
  return answer instanceof RpcError ? answer : (JSON.parse(answer.toString('utf8')) as JsonObject);
}

describe.each([
  ['with the id known', true],
  ['with the id searched', false],
])('a reply, %s,', (_how, spans) => {
  it.each([
    ['the id first', '{"jsonrpc":"2.0","id":17,"result":{"a":1}}'],
    ['the id last', '{"result":{"a":1},"jsonrpc":"2.0","id":17}'],
    ['white space', ' { "jsonrpc" : "2.0" , "id" : 17 , "result" : { "a" : 1 } } '],
  ])('gets the id, the type and the server with %s', (_what, text) => {
    expect(translate(text, 'tools/call', spans)).toEqual({
      jsonrpc: '2.0',
      id: 'mine',
      result: { a: 1, resultType: 'complete', _meta: INFO },
    });
  });
});

describe('a result', () => {
  it.each([
    ['tools/list', 5_000],
    ['prompts/list', 5_000],
    ['resources/list', 5_000],
    ['resources/templates/list', 5_000],
    ['resources/read', 0],
  ])('of %s says how long it may be kept, and by whom', (method, ttlMs) => {
    const { result } = translate('{"jsonrpc":"2.0","id":1,"result":{}}', method) as JsonObject;
    expect(result).toEqual({ resultType: 'complete', ttlMs, cacheScope: 'private', _meta: INFO });
  });

  it('keeps what the server said itself', () => {
    const said = {
      resultType: 'complete',
      ttlMs: 7,
      cacheScope: 'public',
      _meta: { x: 1, [META.serverInfo]: { name: 'o', version: '2' } },
    };
    const text = JSON.stringify({ jsonrpc: '2.0', id: 1, result: said });
    expect(translate(text, 'tools/list')).toMatchObject({ result: said });
  });

  it('gets the server beside other members of _meta, or alone in an empty one', () => {
    const meta = (own: string): unknown =>
      (translate(`{"jsonrpc":"2.0","id":1,"result":{"_meta":${own}}}`) as JsonObject).result;
    expect(meta('{"x":1}')).toEqual({ resultType: 'complete', _meta: { x: 1, ...INFO } });
    expect(meta('{ }')).toEqual({ resultType: 'complete', _meta: INFO });
    expect(meta('null')).toEqual({ resultType: 'complete', _meta: null });
  });

  it('keeps all its members, whatever they are', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (object) => {
        const own = JSON.parse(JSON.stringify(object)) as JsonObject;
        delete own._meta;
        const text = JSON.stringify({ jsonrpc: '2.0', id: 1, result: own });
        expect(translate(text)).toEqual({
          jsonrpc: '2.0',
          id: 'mine',
          result: { resultType: 'complete', _meta: INFO, ...own },
        });
      }),
    );
  });

  it.each(['null', '1', '[]', '{"a":}'])('that is %s is none', (result) => {
    const answer = translateReply(
      Buffer.from(`{"jsonrpc":"2.0","id":1,"result":${result}}`),
      21,
      22,
      ID,
      'tools/call',
      null,
    );
    expect(answer).toMatchObject({ code: -32000 });
  });
});

describe('an error', () => {
  it.each([
    [-32002, -32602, 200],
    [-32601, -32601, 404],
    [-32602, -32602, 200],
    [-32042, -32021, 400],
    [-32021, -32021, 400],
    [4711, 4711, 200],
  ])('%i becomes %i, with HTTP %i', (code, expected, status) => {
    const text = JSON.stringify({ jsonrpc: '2.0', id: 1, error: { code, message: 'm' } });
    expect(translate(text)).toMatchObject({ code: expected, message: 'm', httpStatus: status });
  });

  it('keeps its data', () => {
    const error = { code: 1, message: 'm', data: { a: 1 } };
    expect(translate(JSON.stringify({ jsonrpc: '2.0', id: 1, error }))).toMatchObject(error);
  });
});
