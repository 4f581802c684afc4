import { describe, expect, it } from '@jest/globals';
import { Ajv2020 } from 'ajv/dist/2020.js';
import fc from 'fast-check';
import { choice, flag, group, integer, list, mandatory, map, text } from './field-schema.js';
import { compileCheck } from './schema-check.js';

const NAME = { description: 'n', maxLength: 3, pattern: '^[a-z]+$', hint: 'lower-case letters' };
const check = compileCheck(
  mandatory(
    group(
      'g',
      {
        id: text(NAME),
        tags: list({ description: 't', items: text(NAME), maxItems: 2, unique: true }),
        env: map({ description: 'e', names: NAME, values: text(NAME), maxProperties: 2 }),
      },
      ['id'],
    ),
  ),
);

describe('compileCheck', () => {
  it.each<[unknown, string[]]>([
    [{ id: 'a', tags: null, env: { a: null } }, []],
    [{}, ['/x/id is required.']],
    [{ id: '' }, ['/x/id must not be empty.', '/x/id must be lower-case letters.']],
    [{ id: 'a', other: 1 }, ['/x/other is not a known field.']],
    [{ id: 'a', tags: ['a', 'a'] }, ['/x/tags must not repeat an item (items 0 and 1).']],
    [{ id: 'a', tags: ['a', 'b', 'c'] }, ['/x/tags must have at most 2 items.']],
    [{ id: 'a', env: { A: 'a' } }, ['/x/env/A the name must be lower-case letters.']],
    [{ id: 'a', env: { 'a/b': 'a' } }, ['/x/env/a~1b the name must be lower-case letters.']],
    [[], ['/x must be of type object, not array.']],
    [null, ['/x must be of type object, not null.']],
  ])('of %j finds %j', (value, found) => {
    expect(check(value, '/x').map(({ pointer, detail }) => `${pointer} ${detail}`)).toEqual(found);
  });

  it('counts characters and not code units', () => {
    expect(check({ id: 'a', env: { a: '\u{1F600}'.repeat(3) } }, '')).toHaveLength(1);
    expect(check({ id: 'a', env: { a: '\u{1F600}'.repeat(4) } }, '')).toHaveLength(2);
  });

  it('judges every value as a JSON Schema validator does', () => {
    const schema = group('g', {
      a: integer({ description: 'a', minimum: 1, maximum: 3 }),
      b: choice({ description: 'b', of: ['x', 'y'] }),
      c: list({ description: 'c', items: text(NAME), maxItems: 2, unique: true }),
      d: map({
        description: 'd',
        names: NAME,
        values: flag({ description: 'f' }),
        maxProperties: 2,
      }),
      e: group('e', { a: mandatory(text(NAME)) }, ['a']),
    });
    const reference = new Ajv2020({ allErrors: true, allowUnionTypes: true }).compile(schema);
    const own = compileCheck(schema);
    const leaf = fc.oneof(
      fc.constantFrom(null, true, 0, 1, 3, 4, 1.5, 'x', 'z', '', 'abcd', '\u{1F600}'),
      fc.string({ maxLength: 4 }),
    );
    const name = fc.constantFrom('a', 'b', 'c', 'd', 'e', 'A', 'constructor');
    const { value } = fc.letrec<{ value: unknown }>((tie) => ({
      value: fc.oneof(
        { maxDepth: 3 },
        leaf,
        fc.array(tie('value'), { maxLength: 3 }),
        fc.dictionary(name, tie('value'), { maxKeys: 4 }),
      ),
    }));
    fc.assert(
      fc.property(value, (one) => {
        expect(own(one, '').length === 0).toBe(reference(one));
      }),
      { numRuns: 500 },
    );
  });

  it('stops listing at a hundred errors', () => {
    const many = Object.fromEntries(Array.from({ length: 300 }, (_, n) => [`f${n}`, 1]));
    expect(check({ id: 'a', ...many }, '')).toHaveLength(100);
  });
});
