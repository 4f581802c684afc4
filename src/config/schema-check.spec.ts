import { describe, expect, it } from '@jest/globals';
import { group, list, mandatory, map, text } from './field-schema.js';
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

  it('stops listing at a hundred errors', () => {
    const many = Object.fromEntries(Array.from({ length: 300 }, (_, n) => [`f${n}`, 1]));
    expect(check({ id: 'a', ...many }, '')).toHaveLength(100);
  });
});
