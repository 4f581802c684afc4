import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { edited, memberJson, readMessage, shifted } from './message-edit.js';

const bytes = (text: string): Buffer => Buffer.from(text);

describe('edits', () => {
  it('replace spans, and tell where others lie afterwards', () => {
    const body = bytes('0123456789');
    const edits = [
      { start: 2, end: 4, text: bytes('abc') },
      { start: 7, end: 8, text: bytes('') },
    ];
    expect(edited(body, edits).toString()).toBe('01abc45689');
    expect([0, 2, 4, 6, 8, 10].map((at) => shifted(at, edits))).toEqual([0, 2, 5, 7, 8, 10]);
    expect(edited(body, []).equals(body)).toBe(true);
  });

  it('keep the id and the token of a message findable, wherever the name is', () => {
    fc.assert(
      fc.property(fc.string(), fc.boolean(), (own, nameFirst) => {
        const name = '"name":"svc__tool"';
        const meta = '"_meta":{"progressToken":"t1"}';
        const params = nameFirst ? `${name},${meta}` : `${meta},${name}`;
        const message = readMessage(
          bytes(`{"params":{${params}},"id":"i1","jsonrpc":"2.0","method":"tools/call"}`),
        );
        if (message === null) throw new Error('not read');
        const { body, envelope } = message;
        const { nameStart: start, nameEnd: end, idStart, tokenStart, tokenEnd } = envelope;
        const edits = [{ start, end, text: bytes(JSON.stringify(own)) }];
        const after = edited(body, edits);
        const span = (from: number, to: number): string =>
          after.toString('utf8', shifted(from, edits), shifted(to, edits));
        expect(JSON.parse(after.toString())).toMatchObject({ params: { name: own } });
        expect(span(idStart, envelope.idEnd)).toBe('"i1"');
        expect(span(tokenStart, tokenEnd)).toBe('"t1"');
      }),
    );
  });
});

describe('readMessage', () => {
  it('mends what has duplicate keys, and declines what is no message', () => {
    const twice = readMessage(bytes('{"jsonrpc":"2.0","id":1,"id":2,"method":"ping"}'));
    expect(twice?.body.toString()).toBe('{"jsonrpc":"2.0","id":2,"method":"ping"}');
    for (const text of ['', '[]', '{}', '[{"jsonrpc":"2.0","method":"x"}]']) {
      expect(readMessage(bytes(text))).toBeNull();
    }
  });
});

describe('memberJson', () => {
  it.each([
    ['{"a":1,"b":{"a":2}}', 'a', '1'],
    ['{ "x" : [ {"a":1} ] , "a" : "}\\"" }', 'a', '"}\\""'],
    ['{"a":1,"a":2}', 'a', '2'],
    ['{"b":{"a":2}}', 'a', null],
    ['{}', 'a', null],
    ['[1]', 'a', null],
    ['"a"', 'a', null],
    ['{"a"', 'a', null],
    ['{"a":', 'a', null],
  ])('finds in %s the member %s', (text, key, expected) => {
    expect(memberJson(bytes(text), 0, key)?.toString() ?? null).toBe(expected);
  });

  it('agrees with a parser on any object', () => {
    const object = fc.dictionary(fc.constantFrom('a', 'b', 'c'), fc.jsonValue());
    fc.assert(
      fc.property(object, (value) => {
        const found = memberJson(bytes(JSON.stringify(value, null, 1)), 0, 'b');
        const expected = Object.hasOwn(value, 'b') ? JSON.stringify(value.b) : null;
        expect(found === null ? null : JSON.stringify(JSON.parse(found.toString()))).toBe(expected);
      }),
    );
  });
});
