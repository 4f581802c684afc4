import { canonicalJson, isJsonObject, type JsonValue } from '../kernel/json.js';
import type { ComparisonBudget } from './schema-budget.js';
import { ASSERTIONS } from './schema-keywords.js';
import { below, isSchema, textAt, type Place } from './schema-source.js';

/**
 * Whether two schemas say the same: order of keys and of sets, texts for people (`title`, `description`, `default`,
 * `examples`, …) and unknown keywords do not matter, and a reference is what it leads to. `false` means: not seen to be.
 */
export function isSameSchema(left: Place, right: Place, budget: ComparisonBudget): boolean {
  return new SchemaEquality(budget).same(left, right);
}

class SchemaEquality {
  /** Pairs under comparison: recursive schemas are the same when nothing but their recursion is left to compare. */
  private readonly assumed = new Map<object, Set<object>>();

  constructor(private readonly budget: ComparisonBudget) {}

  same(left: Place, right: Place): boolean {
    this.budget.spend(1);
    const from = followed(left);
    const to = followed(right);
    const { schema: one } = from;
    const { schema: other } = to;
    if (!isJsonObject(one) || !isJsonObject(other)) {
      const verdict = fixedVerdict(one);
      return verdict !== null && verdict === fixedVerdict(other);
    }
    if (one === other && from.source === to.source) return true;
    const pairs = this.assumed.get(one) ?? new Set();
    this.assumed.set(one, pairs);
    if (pairs.has(other)) return true;
    pairs.add(other);
    for (const keyword of ASSERTIONS.keys()) {
      if (!this.sameKeyword(keyword, one[keyword], other[keyword], from, to)) return false;
    }
    return true;
  }

  private sameKeyword(
    keyword: string,
    one: JsonValue | undefined,
    other: JsonValue | undefined,
    from: Place,
    to: Place,
  ): boolean {
    if (one === undefined || other === undefined) return one === other;
    if (keyword === '$ref') return this.sameTarget(from, to);
    if (keyword === '$dynamicRef') return false;
    if (SETS.has(keyword)) return asSet(one) === asSet(other);
    const form = ASSERTIONS.get(keyword) ?? 'any';
    if (!HOLDS_SCHEMAS.has(form)) return canonicalJson(one) === canonicalJson(other);
    if (!MAPS.has(form) && isSchema(one) && isSchema(other)) {
      return this.same(below(from, one, keyword), below(to, other, keyword));
    }
    return this.sameMembers(one, other, below(from, true, keyword), below(to, true, keyword));
  }

  /** A list or a map of schemas. */
  private sameMembers(one: JsonValue, other: JsonValue, from: Place, to: Place): boolean {
    if (typeof one !== 'object' || typeof other !== 'object' || one === null || other === null) {
      return one === other;
    }
    const names = Object.keys(one);
    if (Array.isArray(one) !== Array.isArray(other)) return false;
    if (names.length !== Object.keys(other).length) return false;
    return names.every((name) => {
      const left = (one as Record<string, JsonValue>)[name];
      if (!Object.hasOwn(other, name) || left === undefined) return false;
      const right = (other as Record<string, JsonValue>)[name] ?? null;
      if (!isSchema(left) || !isSchema(right)) return canonicalJson(left) === canonicalJson(right);
      return this.same(below(from, left, name), below(to, right, name));
    });
  }

  private sameTarget(from: Place, to: Place): boolean {
    const one = targetOf(from);
    const other = targetOf(to);
    return one !== null && other !== null && this.same(one, other);
  }
}

const SETS = new Set(['type', 'enum', 'required']);
const HOLDS_SCHEMAS = new Set(['schema', 'schemas', 'map', 'items', 'either']);
const MAPS = new Set(['map', 'either']);
const MAX_HOPS = 16;

/** Past references that stand alone. */
function followed(place: Place): Place {
  let at = place;
  for (let hop = 0; hop < MAX_HOPS; hop += 1) {
    if (!isJsonObject(at.schema) || textAt(at, '$ref') === null) return at;
    const { schema } = at;
    if ([...ASSERTIONS.keys()].some((keyword) => keyword !== '$ref' && keyword in schema))
      return at;
    const next = targetOf(at);
    if (next === null) return at;
    at = next;
  }
  return at;
}

function targetOf(place: Place): Place | null {
  const reference = textAt(place, '$ref');
  return reference === null ? null : place.source.resolve(reference);
}

/** What a schema says of every value alike: `{}` is `true`. `null` when it depends on the value. */
function fixedVerdict(schema: Place['schema']): boolean | null {
  if (typeof schema === 'boolean') return schema;
  return [...ASSERTIONS.keys()].some((keyword) => keyword in schema) ? null : true;
}

function asSet(value: JsonValue): string {
  const items = Array.isArray(value) ? value : [value];
  return JSON.stringify([...new Set(items.map(canonicalJson))].sort());
}
