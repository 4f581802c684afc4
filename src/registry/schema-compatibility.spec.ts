import { describe, expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { JsonObject } from '../kernel/json.js';
import { ComparisonBudget } from './schema-budget.js';
import {
  inputReasons,
  outputReasons,
  type SchemaReason,
  type SchemaVerdict,
} from './schema-compatibility.js';

interface Pair {
  readonly name: string;
  readonly before: JsonObject;
  readonly after: JsonObject;
  readonly input: SchemaVerdict;
  readonly output: SchemaVerdict;
}

const FOLDER = join(import.meta.dirname, '..', '..', 'test', 'fixtures', 'contract-pairs');

/** Judged by hand, one pair a line. */
function pairsOf(file: string): Pair[] {
  const lines = readFileSync(join(FOLDER, `${file}.jsonl`), 'utf8')
    .trim()
    .split('\n');
  return lines.map((line) => JSON.parse(line) as Pair);
}

const budget = (): ComparisonBudget => new ComparisonBudget(20_000);

/** `breaking` when one reason is certain. */
function verdictOf(reasons: readonly SchemaReason[]): SchemaVerdict {
  const verdicts = reasons.map(({ verdict }) => verdict);
  if (verdicts.includes('breaking')) return 'breaking';
  return verdicts.includes('unknown') ? 'unknown' : 'compatible';
}

describe.each(['values', 'shapes', 'composition'])('a change of a schema (%s)', (file) => {
  it.each(pairsOf(file))('$name: input $input, output $output', (pair) => {
    const { before, after } = pair;
    const input = inputReasons(before, after, '/inputSchema', budget());
    const output = outputReasons(before, after, '/outputSchema', budget());
    expect({ input: verdictOf(input), output: verdictOf(output) }).toEqual({
      input: pair.input,
      output: pair.output,
    });
  });
});

describe('a comparison of schemas', () => {
  it('points at the keyword and says what it means for whom', () => {
    const object = (...required: string[]): JsonObject => ({
      type: 'object',
      properties: { a: { enum: ['x', 'y'] } },
      required,
    });
    const wide = { ...object(), properties: { a: { type: 'string' } } };
    expect(inputReasons(wide, object('a'), '/inputSchema', budget())).toEqual([
      {
        pointer: '/inputSchema/required',
        detail: 'the member "a" is required now',
        verdict: 'breaking',
      },
      {
        pointer: '/inputSchema/properties/a/enum',
        detail: 'only "x", "y" is accepted now',
        verdict: 'breaking',
      },
    ]);
    expect(outputReasons(object('a'), wide, '/outputSchema', budget())).toEqual([
      {
        pointer: '/outputSchema/required',
        detail: 'the member "a" may be missing now',
        verdict: 'breaking',
      },
      {
        pointer: '/outputSchema/properties/a/enum',
        detail: 'may be other than "x", "y" now',
        verdict: 'breaking',
      },
    ]);
  });

  it('points into the definition where a reference leads', () => {
    const schema = (type: string): JsonObject => ({
      $defs: { 'a/b': { type } },
      properties: { x: { $ref: '#/$defs/a~1b' } },
    });
    const [reason] = inputReasons(schema('string'), schema('number'), '/inputSchema', budget());
    expect(reason?.pointer).toBe('/inputSchema/$defs/a~1b/type');
  });

  it.each<[string, JsonObject]>([
    ['deep', nested(200)],
    ['large', { enum: Array.from({ length: 30_000 }, (_, index) => index) }],
    ['exponential', exponential(24)],
  ])('of a %s schema ends soon and is not told', (_name, schema) => {
    const after = { ...schema, minProperties: 1, type: 'object' };
    const startedAt = performance.now();
    const reasons = inputReasons(schema, after, '', budget());
    expect(performance.now() - startedAt).toBeLessThan(2000);
    expect(verdictOf(reasons)).not.toBe('compatible');
  });

  it('does not follow references of a document with another one inside', () => {
    const schema = { $defs: { a: { $id: 'urn:a', type: 'string' } }, $ref: '#/$defs/a' };
    const after = { ...schema, minLength: 0, title: 'other' };
    expect(verdictOf(inputReasons(schema, after, '', budget()))).toBe('unknown');
  });
});

function nested(levels: number): JsonObject {
  let schema: JsonObject = { type: 'string' };
  for (let level = 0; level < levels; level += 1) schema = { properties: { a: schema } };
  return schema;
}

/** Every part of a conjunction has alternatives: each choice of all of them is a shape of its own. */
function exponential(parts: number): JsonObject {
  const allOf = Array.from({ length: parts }, (_, index): JsonObject => ({
    anyOf: [{ properties: { [`a${String(index)}`]: { type: 'string' } } }, { maxProperties: 99 }],
  }));
  return { allOf };
}
