import { describe, expect, it } from '@jest/globals';
import { safeTool } from '../../test/support/fake-probe-conversation.js';
import type { JsonObject } from '../kernel/json.js';
import { deriveArguments, deriveProbes } from './probe-derivation.js';

const OPEN = { allow: null, deny: [], read_only: false };

function names(
  tools: readonly JsonObject[],
  policy = OPEN as Parameters<typeof deriveProbes>[1],
): string[] {
  return deriveProbes(tools, policy).map(({ tool }) => tool);
}

function object(properties: JsonObject, required = Object.keys(properties)): JsonObject {
  return { type: 'object', properties, required };
}

describe('deriveArguments', () => {
  it.each<[string, JsonObject, JsonObject]>([
    ['nothing is required', object({ a: { type: 'string' } }, []), {}],
    ['there are no properties', { type: 'object' }, {}],
    ['a default is given', object({ a: { type: 'number', default: 3 } }), { a: 3 }],
    ['an example is given', object({ a: { type: 'string', examples: ['x', 'y'] } }), { a: 'x' }],
    ['an enumeration is given', object({ a: { enum: ['red', 'green'] } }), { a: 'red' }],
    ['a constant is given', object({ a: { const: null } }), { a: null }],
    [
      'an object inside can be derived',
      object({ a: object({ b: { const: 1 } }) }),
      { a: { b: 1 } },
    ],
    [
      'a reference leads to a value',
      { ...object({ a: { $ref: '#/$defs/colour' } }), $defs: { colour: { enum: ['red'] } } },
      { a: 'red' },
    ],
    [
      'the whole has an example',
      { type: 'object', required: ['a'], examples: [{ a: 1 }] },
      { a: 1 },
    ],
  ])('answers arguments when %s', (_name, schema, expected) => {
    expect(deriveArguments(schema)).toEqual(expected);
  });

  it.each<[string, unknown]>([
    ['nothing says what a required member is', object({ a: { type: 'string' } })],
    ['a boolean is required, as either value would be a guess', object({ a: { type: 'boolean' } })],
    ['a required member is not described', { type: 'object', required: ['a'] }],
    ['the default does not fit its schema', object({ a: { type: 'number', default: 'x' } })],
    ['the schema forbids what was derived', { type: 'object', minProperties: 1 }],
    ['a reference leads outside', object({ a: { $ref: 'https://example.test/a' } })],
    [
      'references go round',
      { ...object({ a: { $ref: '#/$defs/a' } }), $defs: { a: { $ref: '#/$defs/a' } } },
    ],
    ['it is no schema of an object', { type: 'string', default: 'x' }],
    ['there is no schema', undefined],
    ['a member is called __proto__', JSON.parse('{"type":"object","required":["__proto__"]}')],
  ])('answers nothing when %s', (_name, schema) => {
    expect(deriveArguments(schema)).toBeNull();
  });
});

describe('deriveProbes', () => {
  it('takes only tools that say they are read-only', () => {
    const tools = [
      { name: 'silent', inputSchema: { type: 'object' } },
      safeTool('false', { annotations: { readOnlyHint: false } }),
      safeTool('text', { annotations: { readOnlyHint: 'true' } }),
      safeTool('both', { annotations: { readOnlyHint: true, destructiveHint: true } }),
      safeTool('task', { execution: { taskSupport: 'required' } }),
      safeTool('safe'),
    ];
    expect(names(tools)).toEqual(['safe']);
  });

  it('prefers a checkable result, then staying at home, then needing no arguments', () => {
    const tools = [
      safeTool('arguments', { inputSchema: object({ a: { const: 1 } }) }),
      safeTool('world', { annotations: { readOnlyHint: true, openWorldHint: true } }),
      safeTool('plain'),
      safeTool('checkable', { outputSchema: { type: 'object' } }),
    ];
    expect(names(tools)).toEqual(['checkable', 'plain', 'arguments', 'world']);
  });

  it('keeps the order of the listing among equals', () => {
    expect(names([safeTool('b'), safeTool('a')])).toEqual(['b', 'a']);
  });

  it('does not execute what callers may not', () => {
    const tools = [safeTool('get_a'), safeTool('get_b'), safeTool('list')];
    expect(names(tools, { allow: ['get_*'], deny: ['*_b'], read_only: false })).toEqual(['get_a']);
  });
});
