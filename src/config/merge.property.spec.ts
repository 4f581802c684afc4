import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  referenceDefaults,
  referenceMerge,
  referenceProvenance,
} from '../../test/support/merge-reference.js';
import { canonicalJson, type JsonObject, type JsonValue } from '../kernel/json.js';
import { DEFAULT_CONFIG } from './defaults.js';
import { mergeLayers } from './merge.js';

const RUNS = 3000;

/** A value, nothing, or the deletion of what is below. */
const perhaps = <T>(value: fc.Arbitrary<T>): fc.Arbitrary<T | null> =>
  fc.option(value, { freq: 4, nil: null });

const names = fc.constantFrom('A', 'B', 'C/D', 'E~F');
const texts = fc.constantFrom('x', 'y', '');
const env = fc.dictionary(names, perhaps(texts), { maxKeys: 3 });
const some = { requiredKeys: [] };

const runtime = fc.record(
  {
    warm: perhaps(fc.nat(3)),
    args: perhaps(fc.array(texts, { maxLength: 3 })),
    cwd: perhaps(texts),
    env: perhaps(env),
    queue: perhaps(fc.record({ size: perhaps(fc.nat(9)), timeout_ms: perhaps(fc.nat(9)) }, some)),
    limits: perhaps(fc.record({ memory_mb: perhaps(fc.nat(9)) }, some)),
  },
  some,
);
const network = fc.record({ headers: perhaps(env), url: perhaps(texts) }, some);

/** Anything, with objects where others have values and the other way round. */
const foreign: fc.Arbitrary<JsonValue> = fc.letrec<{ tree: JsonValue }>((tie) => ({
  tree: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    fc.constantFrom<JsonValue[]>(null, 1, 'x', [], [1, null], [{ A: null }]),
    fc.dictionary(names, tie('tree'), { maxKeys: 3 }),
  ),
})).tree;
const extensions = fc.dictionary(names, foreign, { maxKeys: 2 });

const fragment = fc.record(
  {
    runtime: perhaps(runtime),
    network: perhaps(network),
    extensions: perhaps(extensions),
    overlays: fc.constant({ dev: { runtime: { warm: 99 } } }),
  },
  some,
) as fc.Arbitrary<JsonObject>;

const layered = fc
  .array(fragment, { maxLength: 6 })
  .map((fragments) => fragments.map((one, index) => ({ name: `layer ${index}`, fragment: one })));

/** What the reference is about: `mergeLayers` fills in the members of checks as well, and leaves overlays alone. */
const ASIDE: ReadonlySet<string> = new Set(['overlays', 'monitoring']);
const plain = (fragmentOf: JsonObject): JsonObject =>
  Object.fromEntries(Object.entries(fragmentOf).filter(([name]) => !ASIDE.has(name)));
const DEFAULTS = DEFAULT_CONFIG as unknown as JsonObject;

describe('mergeLayers held against a plain model', () => {
  it('merges in order, deletes by null, replaces lists and fills in the defaults', () => {
    fc.assert(
      fc.property(layered, (layers) => {
        const effective = plain(
          JSON.parse(JSON.stringify(mergeLayers(layers).effective)) as JsonObject,
        );
        const said = referenceMerge(
          layers.map((layer) => ({ ...layer, fragment: plain(layer.fragment) })),
        );
        const expected = plain(referenceDefaults(DEFAULTS, said) as JsonObject);
        expect(canonicalJson(effective)).toBe(canonicalJson(expected));
      }),
      { numRuns: RUNS, seed: 20 },
    );
  });

  it('names for each value the layer that last said it', () => {
    fc.assert(
      fc.property(layered, (layers) => {
        const { provenance } = mergeLayers(layers);
        const expected = referenceProvenance(
          DEFAULTS,
          layers.map((layer) => ({ ...layer, fragment: plain(layer.fragment) })),
        );
        const told = Object.entries(provenance).filter(([at]) => !at.startsWith('/monitoring'));
        const wanted = Object.entries(expected).filter(([at]) => !at.startsWith('/monitoring'));
        expect(canonicalJson(Object.fromEntries(told))).toBe(
          canonicalJson(Object.fromEntries(wanted)),
        );
      }),
      { numRuns: RUNS, seed: 21 },
    );
  });

  it('comes to the same when what is below is merged into one layer first', () => {
    fc.assert(
      fc.property(layered, fragment, (below, top) => {
        // Not so for what deletes: a merged layer no longer holds its nulls, and need not.
        const one = { name: 'below', fragment: referenceMerge(below) };
        const upper = { name: 'top', fragment: top };
        expect(mergeLayers([...below, upper]).effective).toEqual(
          mergeLayers([one, upper]).effective,
        );
      }),
      { numRuns: 500, seed: 22 },
    );
  });
});
