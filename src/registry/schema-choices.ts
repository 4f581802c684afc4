import type { JsonValue } from '../kernel/json.js';
import { accepts } from './schema-acceptance.js';
import { isSameSchema } from './schema-equality.js';
import { fault, undecided, type SchemaFault } from './schema-fault.js';
import { areApart } from './schema-limits.js';
import {
  byKind,
  memberOf,
  narrowed,
  requiredOf,
  shapeOf,
  valuesOf,
  type Shape,
} from './schema-shape.js';
import { schemaAt, schemasAt, type Place } from './schema-source.js';
import type { Comparison } from './schema-comparison.js';

/** Faults of `anyOf`, `oneOf`, `not` and `if`. */
export function choiceFaults(comparison: Comparison, sub: Shape, sup: Place): SchemaFault[] {
  return [
    ...anyFaults(comparison, sub, sup),
    ...oneFaults(comparison, sub, sup),
    ...notFaults(comparison, sub, sup),
    ...conditionFaults(comparison, sub, sup),
  ];
}

function anyFaults(comparison: Comparison, sub: Shape, sup: Place): SchemaFault[] {
  const branches = schemasAt(sup, 'anyOf');
  if (branches.length === 0 || hasSameList(comparison, sub, sup, 'anyOf')) return [];
  return coverFaults(comparison, sub, sup, 'anyOf', branches);
}

/** Faults of the values that no branch accepts; each kind of value may have a branch of its own. */
function coverFaults(
  comparison: Comparison,
  sub: Shape,
  sup: Place,
  keyword: string,
  branches: readonly Place[],
): SchemaFault[] {
  const found = branches.map((branch) => comparison.faults(sub, branch));
  if (found.some((faults) => faults.length === 0)) return [];
  const values = valuesOf(sub, comparison.budget);
  const isAccepted = (value: JsonValue): boolean =>
    branches.some((branch) => accepts(branch, value, comparison.budget) === 'yes');
  if (values?.every(isAccepted) === true) return [];
  const kinds = byKind(sub, sup.source, comparison.budget);
  if (kinds.length > 1) {
    return kinds.flatMap((one) => coverFaults(comparison, one, sup, keyword, branches));
  }
  const shapes = branches.map((branch) => shapeOf([branch], comparison.budget));
  const fitting = found.filter((_, index) => {
    const shape = shapes[index];
    return shape !== undefined && !areDisjoint(comparison, sub, shape);
  });
  if (fitting.length > 1)
    return [undecided(sup, keyword, 'several alternatives accept some of it')];
  const [kind = 'nothing'] = sub.kinds;
  const name = kind === 'integer' || kind === 'fraction' ? 'number' : kind;
  const lost = `no alternative accepts this ${name} any more`;
  return fitting[0] ?? [fault(sup, keyword, lost, `may be another ${name} than any alternative`)];
}

/** `oneOf` accepts what one branch accepts and no other does. */
function oneFaults(comparison: Comparison, sub: Shape, sup: Place): SchemaFault[] {
  const branches = schemasAt(sup, 'oneOf');
  if (branches.length === 0 || hasSameList(comparison, sub, sup, 'oneOf')) return [];
  const faults = coverFaults(comparison, sub, sup, 'oneOf', branches);
  if (faults.length > 0) return faults;
  const shapes = branches.map((branch) => shapeOf([branch], comparison.budget));
  const isExclusive = shapes.every((one, index) =>
    shapes
      .slice(index + 1)
      .every(
        (other) =>
          areDisjoint(comparison, one, other) ||
          areDisjoint(comparison, sub, one) ||
          areDisjoint(comparison, sub, other),
      ),
  );
  if (isExclusive) return [];
  return [undecided(sup, 'oneOf', 'two of its alternatives may accept the same value')];
}

/** Whether `sub` has the same list of alternatives, in whatever order. */
function hasSameList(
  { budget }: Comparison,
  sub: Shape,
  sup: Place,
  keyword: 'anyOf' | 'oneOf',
): boolean {
  const wanted = schemasAt(sup, keyword);
  return sub.parts.some((part) => {
    const own = schemasAt(part, keyword);
    if (own.length !== wanted.length) return false;
    const left = [...wanted];
    return own.every((one) => {
      const index = left.findIndex((other) => isSameSchema(one, other, budget));
      if (index >= 0) left.splice(index, 1);
      return index >= 0;
    });
  });
}

function notFaults(comparison: Comparison, sub: Shape, sup: Place): SchemaFault[] {
  const refused = schemaAt(sup, 'not');
  if (refused === null) return [];
  const shape = shapeOf([refused], comparison.budget);
  if (areDisjoint(comparison, sub, shape)) return [];
  const isKnown = sub.parts.some((part) => {
    const own = schemaAt(part, 'not');
    return own !== null && comparison.isSubset(shape, own);
  });
  if (isKnown) return [];
  if (isExact(comparison, sub, refused)) {
    return [fault(sup, 'not', 'some of it is refused now', 'may be what was excluded')];
  }
  return [undecided(sup, 'not', 'what is excluded may have been possible')];
}

/** Whether everything that is refused was possible before: what a schema without conditions says. */
function isExact({ budget }: Comparison, sub: Shape, refused: Place): boolean {
  const values = valuesOf(shapeOf([refused], budget), budget);
  if (values === null) return false;
  return values.some((value) => sub.parts.every((part) => accepts(part, value, budget) === 'yes'));
}

/** `if` with `then` and `else`: both must hold, unless it is known which applies. */
function conditionFaults(comparison: Comparison, sub: Shape, sup: Place): SchemaFault[] {
  const condition = schemaAt(sup, 'if');
  if (condition === null) return [];
  const { budget } = comparison;
  const then = schemaAt(sup, 'then');
  const otherwise = schemaAt(sup, 'else');
  const test = shapeOf([condition], budget);
  const twins = sub.parts.filter((part) => {
    const own = schemaAt(part, 'if');
    return own !== null && isSameSchema(own, condition, budget);
  });
  const branchOf = (keyword: 'then' | 'else'): Shape =>
    twins.reduce((shape, part) => {
      const branch = schemaAt(part, keyword);
      return branch === null ? shape : narrowed(shape, branch, budget);
    }, sub);
  const met = narrowed(branchOf('then'), condition, budget);
  const isApart = areDisjoint(comparison, sub, test);
  const faults = [
    ...(then === null || isApart ? [] : comparison.faults(met, then)),
    ...(otherwise === null || comparison.isSubset(sub, condition)
      ? []
      : comparison.faults(branchOf('else'), otherwise)),
  ];
  return faults.map((one) => ({ ...one, isCertain: false }));
}

const MAX_DISJOINT_DEPTH = 4;

/** Whether no value is of both shapes. `false` means: not seen to be. */
export function areDisjoint(comparison: Comparison, left: Shape, right: Shape, depth = 0): boolean {
  const { budget } = comparison;
  budget.spend(1);
  if (left.isNever || right.isNever) return true;
  const kinds = [...left.kinds].filter((kind) => right.kinds.has(kind));
  if (kinds.length === 0) return true;
  for (const [one, other] of [
    [left, right],
    [right, left],
  ] as const) {
    const values = valuesOf(one, budget);
    const isRefused = (value: JsonValue): boolean =>
      other.parts.some((part) => accepts(part, value, budget) === 'no');
    if (values?.every(isRefused) === true) return true;
  }
  if (kinds.every((kind) => kind === 'integer' || kind === 'fraction')) {
    return areApart(left, right);
  }
  if (kinds.some((kind) => kind !== 'object') || depth > MAX_DISJOINT_DEPTH) return false;
  const names = new Set([...requiredOf(left), ...requiredOf(right)]);
  return [...names].some((name) => {
    const one = memberOf(left, name, budget).shape;
    const other = memberOf(right, name, budget).shape;
    // Asked for by one of them: the member is there, and is what both say of it.
    return areDisjoint(comparison, one, other, depth + 1);
  });
}
