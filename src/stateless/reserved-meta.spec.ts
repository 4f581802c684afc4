import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { META } from '../protocol/modern-meta.js';
import { blankReservedMeta } from './reserved-meta.js';

const RESERVED = [META.protocolVersion, META.clientInfo, META.clientCapabilities, META.logLevel];

function blanked(meta: object): Buffer {
  const body = Buffer.from(`{"params":{"_meta":${JSON.stringify(meta)},"name":"x"}}`);
  blankReservedMeta(body, '{"params":{"_meta":'.length);
  return body;
}

describe('blanking what _meta says of the protocol', () => {
  it('leaves all other members and every position as they are', () => {
    const key = fc.constantFrom(...RESERVED, 'progressToken', 'traceparent', 'a/b');
    fc.assert(
      fc.property(fc.uniqueArray(key), fc.jsonValue(), (keys, value) => {
        const meta = Object.fromEntries(keys.map((name) => [name, value]));
        const body = blanked(meta);
        const kept = Object.entries(meta).filter(([name]) => !RESERVED.includes(name as never));
        const read = JSON.parse(body.toString('utf8')) as { params: { _meta: object } };
        expect(read).toEqual({
          params: {
            _meta: JSON.parse(JSON.stringify(Object.fromEntries(kept))) as unknown,
            name: 'x',
          },
        });
        const before = `{"params":{"_meta":${JSON.stringify(meta)},`;
        expect(body.lastIndexOf('"name"')).toBe(Buffer.byteLength(before));
      }),
    );
  });

  it('leaves a _meta alone that is no object', () => {
    const body = Buffer.from('{"_meta":"io.modelcontextprotocol/logLevel"}');
    const before = body.toString();
    blankReservedMeta(body, 9);
    expect(body.toString()).toBe(before);
  });
});
