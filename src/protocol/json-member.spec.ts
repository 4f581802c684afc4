import { describe, expect, it } from '@jest/globals';
import { isEmptyObject, memberSpan } from './json-member.js';

function valueOf(text: string, key: string): string | null {
  const bytes = Buffer.from(text);
  const span = memberSpan(bytes, text.indexOf('{'), Buffer.from(key));
  return span === null ? null : bytes.toString('utf8', span.start, span.end);
}

describe('memberSpan', () => {
  it.each([
    ['{"a":1}', 'a', '1'],
    [' {"b" : [1,{"a":2}] , "a" : "x\\"}" }', 'a', '"x\\"}"'],
    ['{"a":{"a":1},"b":2}', 'a', '{"a":1}'],
    ['{"b":{"a":1},"a":true}', 'a', 'true'],
    ['{"ab":1,"a":null}', 'a', 'null'],
    ['{"€":"é","a":3}', 'a', '3'],
  ])('finds in %s the member %s', (text, key, value) => {
    expect(valueOf(text, key)).toBe(value);
  });

  it.each([
    '{}',
    '{ }',
    '{"b":{"a":1}}',
    '{"ab":1}',
    '{"b":"a"}',
    '{"b":1',
    '{"b":tru,"a":1}',
    '{b:1}',
  ])('finds none in %s', (text) => {
    expect(valueOf(text, 'a')).toBeNull();
  });

  it('finds none in what is no object', () => {
    expect(memberSpan(Buffer.from('["a",1]'), 0, Buffer.from('a'))).toBeNull();
  });
});

describe('isEmptyObject', () => {
  it.each([
    ['{}', true],
    ['{ \n}', true],
    ['{"a":1}', false],
    ['[]', false],
  ])('%s: %s', (text, empty) => {
    expect(isEmptyObject(Buffer.from(text), 0)).toBe(empty);
  });
});
