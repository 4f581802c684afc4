import { describe, expect, it } from '@jest/globals';
import { textResult } from '../../test/support/fake-probe-conversation.js';
import type { CheckAssertion } from '../config/service-config.js';
import type { JsonObject } from '../kernel/json.js';
import { describeAssertion, judgeResult } from './assertions.js';

const result = textResult('{"n":3}', { structuredContent: { n: 3, list: ['a'] } });

function codeOf(
  value: unknown,
  assertions: CheckAssertion[] = [],
  schema: JsonObject | null = null,
): string {
  return judgeResult(value, 40, schema, assertions).failure?.code ?? 'passes';
}

describe('judgeResult', () => {
  it.each<[string, unknown, string]>([
    ['text', textResult('hi'), 'passes'],
    ['an empty content', { content: [] }, 'passes'],
    ['only structured content', { structuredContent: {} }, 'passes'],
    ['an error', textResult('no', { isError: true }), 'health.tool-error'],
    ['no object', 'hi', 'health.result-malformed'],
    ['nothing', undefined, 'health.result-malformed'],
    ['neither content nor structure', {}, 'health.result-malformed'],
  ])('judges a result of %s', (_name, value, expected) => {
    expect(codeOf(value)).toBe(expected);
  });

  it('tells what a tool said of its error, cut', () => {
    const { failure } = judgeResult(textResult('x'.repeat(5_000), { isError: true }), 1, null, []);
    expect(failure?.message.length).toBeLessThan(1_100);
  });

  it.each<[string, JsonObject, unknown, string]>([
    ['fits', { required: ['n'] }, result, 'passes'],
    ['does not fit', { required: ['m'] }, result, 'health.output-mismatch'],
    ['is declared, and nothing structured comes', {}, textResult('x'), 'health.output-mismatch'],
    ['is not usable', { $ref: 'https://example.test' }, result, 'health.output-mismatch'],
  ])('looks whether the outputSchema %s', (_name, schema, value, expected) => {
    expect(codeOf(value, [], schema)).toBe(expected);
  });

  it.each<[CheckAssertion, boolean]>([
    [{ contains: '"n":3' }, true],
    [{ contains: 'nope' }, false],
    [{ equals: { list: ['a'], n: 3 } }, true],
    [{ equals: { n: 3 } }, true],
    [{ equals: '{"n":3}' }, true],
    [{ equals: 4 }, false],
    [{ pointer: '/structuredContent/n', equals: 3 }, true],
    [{ pointer: '/structuredContent/n', equals: '3' }, false],
    [{ pointer: '/structuredContent/gone', equals: null }, false],
    [{ pointer: '/content/0/text', contains: 'n' }, true],
    [{ pointer: '/structuredContent/list', contains: 'a' }, true],
    [{ pointer: '/structuredContent/list', contains: 'aa' }, false],
    [{ schema: { properties: { n: { type: 'number' } } } }, true],
    [{ schema: { properties: { n: { type: 'string' } } } }, false],
    [{ pointer: '/structuredContent/n', schema: { maximum: 2 } }, false],
    [{ schema: { properties: { text: { pattern: '(?!x)' } } } }, false],
    [{ max_ms: 40 }, true],
    [{ max_ms: 39 }, false],
  ])('asserts %j', (assertion, expected) => {
    expect(codeOf(result, [assertion])).toBe(expected ? 'passes' : 'health.assertion-failed');
  });

  it('finds text in embedded resources', () => {
    const value = { content: [{ type: 'resource', resource: { uri: 'a:b', text: 'deep' } }] };
    expect(codeOf(value, [{ contains: 'deep' }])).toBe('passes');
  });

  it('lists what held up to the first that did not', () => {
    const verdict = judgeResult(result, 40, { required: ['n'] }, [
      { contains: '3' },
      { max_ms: 1 },
    ]);
    expect(verdict.held).toEqual(['is not an error', 'fits outputSchema', 'contains "3"']);
    expect(verdict.failure?.message).toBe('Not so: took at most 1 ms. It took 40 ms.');
  });
});

it('describes assertions without what was found', () => {
  expect(describeAssertion({ pointer: '/a', equals: [1] })).toBe('/a equals [1]');
  expect(describeAssertion({ schema: {} })).toBe('fits the schema');
});
