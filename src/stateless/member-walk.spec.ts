import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { MemberWalk } from './member-walk.js';

function membersOf(text: string): { keys: string[]; values: string[]; end: number } {
  const bytes = Buffer.from(text);
  const walk = new MemberWalk(bytes, 0);
  const keys: string[] = [];
  const values: string[] = [];
  while (walk.next()) {
    keys.push(bytes.toString('utf8', walk.keyStart, walk.keyEnd));
    values.push(bytes.toString('utf8', walk.valueStart, walk.valueStop));
  }
  return { keys, values, end: walk.end };
}

describe('a walk over members', () => {
  it('finds keys, values and the end, whatever the white space', () => {
    const text = ' { } '.trim();
    expect(membersOf(text)).toEqual({ keys: [], values: [], end: text.length });
    const spaced = '{ "a" : [1, {"b":2}] ,\n"c":"}" , "é":null }';
    expect(membersOf(spaced)).toEqual({
      keys: ['a', 'c', 'é'],
      values: ['[1, {"b":2}]', '"}"', 'null'],
      end: Buffer.byteLength(spaced),
    });
  });

  it('sees what JSON.parse sees', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (object) => {
        const text = JSON.stringify(object);
        const { keys, values } = membersOf(text);
        const read = keys.map((key, i) => [
          JSON.parse(`"${key}"`) as unknown,
          JSON.parse(values[i] ?? '') as unknown,
        ]);
        expect(read).toEqual(Object.entries(JSON.parse(text) as object));
      }),
    );
  });

  it.each([
    ['no object', '[1]'],
    ['an unfinished object', '{"a":1'],
    ['a missing comma', '{"a":1 "b":2}'],
    ['a missing colon', '{"a" 1}'],
    ['a comma before the end', '{"a":1,}'],
    ['a key without quotes', '{a:1}'],
    ['a broken value', '{"a":tru}'],
  ])('ends early without an end for %s', (_what, text) => {
    expect(membersOf(text).end).toBe(-1);
  });

  it('does not read behind the member that was wanted', () => {
    const walk = new MemberWalk(Buffer.from('{"a":{"b":1'), 0);
    expect(walk.next()).toBe(true);
    expect(walk.is(Buffer.from('a'))).toBe(true);
    expect(walk.isObject).toBe(true);
    expect(walk.valueStop).toBe(-1);
  });
});
