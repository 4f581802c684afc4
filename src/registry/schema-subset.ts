import type { JsonValue } from '../kernel/json.js';
import { accepts } from './schema-acceptance.js';
import type { ComparisonBudget } from './schema-budget.js';
import { choiceFaults } from './schema-choices.js';
import type { Comparison } from './schema-comparison.js';
import { isSameSchema } from './schema-equality.js';
import { fault, listed, undecided, withoutRepeats, type SchemaFault } from './schema-fault.js';
import { arrayFaults } from './schema-items.js';
import { malformedKeyword } from './schema-keywords.js';
import { limitFaults } from './schema-limits.js';
import { objectFaults } from './schema-members.js';
import { narrowed, shapeOf, valuesOf, type Shape } from './schema-shape.js';
import {
  hasKeyword,
  listedValues,
  schemaAt,
  schemasAt,
  textAt,
  typeKinds,
  type Kind,
  type Place,
} from './schema-source.js';

/**
 * Whether every value of one schema is accepted by another. Sound: without a fault it is so, but for members that `sub`
 * does not declare and whose presence it does not speak of: those are taken to be absent where `sup` declares them.
 *
 * Each keyword of `sup` is a condition of its own, and is looked for in what `sub` says. Where the whole of `sub` is too
 * wide to show it, its alternatives are compared one by one.
 */
export class SubsetComparison implements Comparison {
  depth = 0;
  isStrict = false;
  /** Pairs under comparison and the depth they began at: met again deeper down, they hold by induction on the value. */
  private readonly begun = new Map<string, number>();
  private readonly numbers = new WeakMap<object, number>();
  private count = 0;

  constructor(
    readonly budget: ComparisonBudget,
    readonly isRootClosed: boolean,
  ) {}

  /** Faults of the two documents as wholes. */
  compare(sub: Place, sup: Place): SchemaFault[] {
    return withoutRepeats(this.faults(shapeOf([sub], this.budget), sup));
  }

  inside(sub: Shape, sup: Place): SchemaFault[] {
    this.depth += 1;
    try {
      return this.faults(sub, sup);
    } finally {
      this.depth -= 1;
    }
  }

  isSubset(sub: Shape, sup: Place): boolean {
    const before = this.isStrict;
    this.isStrict = true;
    try {
      return this.faults(sub, sup).length === 0;
    } finally {
      this.isStrict = before;
    }
  }

  faults(sub: Shape, sup: Place): SchemaFault[] {
    this.budget.spend(1 + sub.parts.length);
    if (sub.isNever || sup.schema === true) return [];
    if (sup.schema === false) {
      return [fault(sup, null, 'nothing is accepted here any more', 'may be present now')];
    }
    if (sub.parts.some((part) => isSameSchema(part, sup, this.budget))) return [];
    const key = this.keyOf(sub, sup);
    const began = this.begun.get(key);
    if (began !== undefined) {
      return began < this.depth ? [] : [undecided(sup, '$ref', 'the schema refers to itself')];
    }
    this.begun.set(key, this.depth);
    try {
      return this.compared(sub, sup);
    } finally {
      this.begun.delete(key);
    }
  }

  private compared(sub: Shape, sup: Place): SchemaFault[] {
    const malformed = malformedKeyword(sup);
    if (malformed !== null) return [undecided(sup, malformed, 'the keyword is not valid')];
    const values = valuesOf(sub, this.budget);
    if (values !== null) return this.valueFaults(values, sup);
    const direct = this.keywordFaults(sub, sup);
    if (direct.length === 0) return [];
    const alternatives = this.alternativesOf(sub);
    if (alternatives === null) return direct;
    return withoutRepeats(alternatives.flatMap((one) => this.faults(one, sup)));
  }

  private valueFaults(values: readonly JsonValue[], sup: Place): SchemaFault[] {
    const verdicts = values.map((value) => [value, accepts(sup, value, this.budget)] as const);
    const refused = verdicts.filter(([, verdict]) => verdict === 'no').map(([value]) => value);
    const unsure = verdicts.filter(([, verdict]) => verdict === 'unknown').map(([value]) => value);
    const keyword = ['const', 'enum', 'type'].find((one) => hasKeyword(sup, one)) ?? null;
    const faults: SchemaFault[] = [];
    if (refused.length > 0) {
      const names = listed(refused);
      faults.push(fault(sup, keyword, `${names} is not accepted any more`, `may be ${names} now`));
    }
    if (unsure.length > 0) faults.push(undecided(sup, null, `whether ${listed(unsure)} is valid`));
    return faults;
  }

  private keywordFaults(sub: Shape, sup: Place): SchemaFault[] {
    const allowed = typeKinds(sup);
    const lost = [...sub.kinds].filter((kind) => !allowed.has(kind));
    const common: Shape = { ...sub, kinds: new Set([...sub.kinds].filter((k) => allowed.has(k))) };
    return [
      ...(lost.length === 0 ? [] : [typeFault(sup, sub.kinds, lost)]),
      ...(common.kinds.size === 0 ? [] : this.sharedFaults(common, sup)),
    ];
  }

  /** Of the keywords besides `type`; `sub` is of kinds that `sup` allows. */
  private sharedFaults(sub: Shape, sup: Place): SchemaFault[] {
    return [
      ...listFaults(sup),
      ...limitFaults(sub, sup),
      ...(sub.kinds.has('object') ? objectFaults(this, sub, sup) : []),
      ...(sub.kinds.has('array') ? arrayFaults(this, sub, sup) : []),
      ...schemasAt(sup, 'allOf').flatMap((one) => this.faults(sub, one)),
      ...this.referenceFaults(sub, sup),
      ...choiceFaults(this, sub, sup),
    ];
  }

  private referenceFaults(sub: Shape, sup: Place): SchemaFault[] {
    if (hasKeyword(sup, '$dynamicRef')) {
      return [undecided(sup, '$dynamicRef', 'dynamic references are not followed')];
    }
    const reference = textAt(sup, '$ref');
    if (reference === null) return [];
    const target = sup.source.resolve(reference);
    if (target !== null) return this.faults(sub, target);
    return [undecided(sup, '$ref', `the reference ${reference.slice(0, 80)} leads nowhere here`)];
  }

  /** What `sub` is made of, where it says `anyOf`, `oneOf` or `if`; `null` when it does not. */
  private alternativesOf(sub: Shape): Shape[] | null {
    for (const part of sub.parts) {
      for (const keyword of ['anyOf', 'oneOf'] as const) {
        const branches = schemasAt(part, keyword);
        const chosen = chooseOnce(sub, part, keyword);
        if (branches.length === 0 || chosen === null) continue;
        return branches.map((branch) => narrowed(chosen, branch, this.budget));
      }
      const condition = schemaAt(part, 'if');
      const chosen = chooseOnce(sub, part, 'if');
      if (condition === null || chosen === null) continue;
      const met = narrowed(chosen, condition, this.budget);
      const then = schemaAt(part, 'then');
      const otherwise = schemaAt(part, 'else');
      return [
        then === null ? met : narrowed(met, then, this.budget),
        otherwise === null ? chosen : narrowed(chosen, otherwise, this.budget),
      ];
    }
    return null;
  }

  private keyOf(sub: Shape, sup: Place): string {
    const parts = sub.parts.map(({ schema }) => this.numberOf(schema)).sort((a, b) => a - b);
    const chosen = [...sub.chosen].map((one) => this.numberOf(one)).sort((a, b) => a - b);
    const strictly = this.isStrict ? '!' : '';
    return `${strictly}${parts.join()}|${chosen.join()}>${String(this.numberOf(sup.schema))}`;
  }

  private numberOf(one: object | boolean): number {
    if (typeof one === 'boolean') return one ? -1 : -2;
    const known = this.numbers.get(one);
    if (known !== undefined) return known;
    this.count += 1;
    this.numbers.set(one, this.count);
    return this.count;
  }
}

/** The shape with the choice noted, or `null` when it was made before. */
function chooseOnce(sub: Shape, part: Place, keyword: string): Shape | null {
  const { schema } = part;
  const list = typeof schema === 'boolean' ? null : schema[keyword];
  if (typeof list !== 'object' || list === null || sub.chosen.has(list)) return null;
  return { ...sub, chosen: new Set([...sub.chosen, list]) };
}

function typeFault(sup: Place, before: ReadonlySet<Kind>, lost: readonly Kind[]): SchemaFault {
  const names = namesOf(lost, before);
  return fault(sup, 'type', `${names} is not accepted any more`, `may be ${names} now`);
}

/** `number` for integers and fractions together. */
function namesOf(kinds: readonly Kind[], before: ReadonlySet<Kind>): string {
  const isEveryNumber = kinds.includes('integer') && kinds.includes('fraction');
  const names = kinds.map((kind) => {
    if (kind === 'fraction')
      return before.has('integer') && !isEveryNumber ? 'a fraction' : 'number';
    return isEveryNumber && kind === 'integer' ? 'number' : kind;
  });
  return [...new Set(names)].join(', ');
}

/** `enum` and `const`: `sub` has more values than can be listed. */
function listFaults(sup: Place): SchemaFault[] {
  const values = listedValues(sup);
  if (values === null) return [];
  const names = listed(values);
  const keyword = hasKeyword(sup, 'const') ? 'const' : 'enum';
  return [fault(sup, keyword, `only ${names} is accepted now`, `may be other than ${names} now`)];
}
