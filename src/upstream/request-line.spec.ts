import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { scanEnvelope } from '../protocol/envelope-scan.js';
import { encodeMessage, encodeRequest, sliceRequest } from './request-line.js';

function encode(text: string, id: number): string {
  const body = Buffer.from(text);
  const envelope = scanEnvelope(body);
  if (envelope === null) throw new Error('odd');
  const line = encodeRequest(body, envelope, id).toString();
  const slices = sliceRequest(body, envelope, id);
  if (/[\n\r]/.test(text)) expect(slices).toBeNull();
  else expect(Buffer.concat(slices ?? []).toString()).toBe(line);
  expect(body.toString()).toBe(text);
  return line;
}

describe('a request line, whole and in slices,', () => {
  it.each([
    ['{"jsonrpc":"2.0","id":1,"method":"m"}', '{"jsonrpc":"2.0","id":77,"method":"m"}\n'],
    ['{"method":"m","jsonrpc":"2.0","id":"é"}', '{"method":"m","jsonrpc":"2.0","id":77}\n'],
    [
      '{"jsonrpc":"2.0","id":1,"method":"m","params":{"_meta":{"progressToken":"a"}}}',
      '{"jsonrpc":"2.0","id":77,"method":"m","params":{"_meta":{"progressToken":77}}}\n',
    ],
    [
      '{"params":{"_meta":{"progressToken":123456}},"jsonrpc":"2.0","id":1,"method":"m"}',
      '{"params":{"_meta":{"progressToken":77}},"jsonrpc":"2.0","id":77,"method":"m"}\n',
    ],
    [
      '{\r\n"jsonrpc":"2.0",\n"id":1,"method":"m"}\n',
      '{  "jsonrpc":"2.0", "id":77,"method":"m"} \n',
    ],
  ])('puts our id and token into %j', (text, expected) => {
    expect(encode(text, 77)).toBe(expected);
  });

  it('is one line with the same content but for id and token', () => {
    const request = fc.record({
      id: fc.oneof(fc.string(), fc.integer()),
      params: fc.record({
        a: fc.jsonValue(),
        _meta: fc.record({ progressToken: fc.oneof(fc.string(), fc.integer()) }),
      }),
      jsonrpc: fc.constant('2.0'),
      method: fc.constant('m'),
    });
    fc.assert(
      fc.property(request, fc.nat(), fc.constantFrom(0, 2), (value, id, indent) => {
        const line = encode(JSON.stringify(value, null, indent), id);
        expect(line.indexOf('\n')).toBe(line.length - 1);
        const params = { a: value.params.a, _meta: { progressToken: id } };
        expect(JSON.parse(line)).toEqual(JSON.parse(JSON.stringify({ ...value, id, params })));
      }),
    );
  });

  it('makes one line of any message', () => {
    expect(encodeMessage(Buffer.from('{\n"a":\r1}')).toString()).toBe('{ "a": 1}\n');
  });
});
