import { describe, expect, it } from '@jest/globals';
import type { JsonValue } from '../kernel/json.js';
import type { FieldError } from '../kernel/problem.js';
import { readArguments, readInputs } from './server-json-inputs.js';

function pointersOf(read: (errors: FieldError[]) => unknown): string[] {
  const errors: FieldError[] = [];
  read(errors);
  return errors.map((error) => error.pointer);
}

describe('readInputs', () => {
  it.each<[string, JsonValue, string[]]>([
    ['no list', {}, ['/env']],
    ['an item that is no object', ['A'], ['/env/0']],
    ['an item without a name', [{ value: 'x' }], ['/env/0/name']],
    ['a required value that is missing', [{ name: 'A', isRequired: true }], ['/env/0']],
  ])('refuses %s', (_what, list, pointers) => {
    expect(pointersOf((errors) => readInputs(list, '/env', errors))).toEqual(pointers);
  });

  it.each([
    [undefined, '${env:SWITCHYARD_SECRET_API_KEY}'],
    ['Bearer {token}', 'Bearer ${env:SWITCHYARD_SECRET_API_KEY}'],
    ['{a}{b}', '${env:SWITCHYARD_SECRET_API_KEY}'],
    ['literal', '${env:SWITCHYARD_SECRET_API_KEY}'],
  ])('never takes a secret from the document: %p', (value, expected) => {
    const item = { name: 'API-Key', isRequired: true, isSecret: true, ...(value && { value }) };
    expect(readInputs([item], '/env', []).values).toEqual({ 'API-Key': expected });
  });
});

describe('readArguments', () => {
  it.each<[string, JsonValue, string[]]>([
    ['an unknown type', [{ type: 'flag', name: '-x' }], ['/args/0/type']],
    ['a named one without a name', [{ type: 'named', value: 'x' }], ['/args/0/type']],
    ['a required position', [{ type: 'positional', isRequired: true }], ['/args/0']],
  ])('refuses %s', (_what, list, pointers) => {
    expect(pointersOf((errors) => readArguments(list, '/args', errors))).toEqual(pointers);
  });

  it('leaves out what is neither given nor required', () => {
    const list: JsonValue = [{ type: 'positional' }, { type: 'named', name: '-x' }];
    expect(readArguments(list, '/args', [])).toEqual([]);
  });
});
