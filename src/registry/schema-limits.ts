import { isMultiple } from './schema-acceptance.js';
import { fault, shown, undecided, type SchemaFault } from './schema-fault.js';
import { largest, smallest, type Shape } from './schema-shape.js';
import { hasKeyword, numberAt, textAt, type Place } from './schema-source.js';

/** Faults of the keywords of numbers and texts. */
export function limitFaults(sub: Shape, sup: Place): SchemaFault[] {
  const isNumber = sub.kinds.has('integer') || sub.kinds.has('fraction');
  return [
    ...(isNumber ? [...rangeFaults(sub, sup), ...stepFaults(sub, sup)] : []),
    ...(sub.kinds.has('string') ? textFaults(sub, sup) : []),
  ];
}

interface Bound {
  readonly value: number;
  readonly isExclusive: boolean;
}

function boundOf(shape: Shape, side: 'least' | 'most'): Bound {
  const isLeast = side === 'least';
  const inclusive = isLeast ? largest(shape, 'minimum') : smallest(shape, 'maximum');
  const exclusive = isLeast
    ? largest(shape, 'exclusiveMinimum')
    : smallest(shape, 'exclusiveMaximum');
  const isExclusive = isLeast ? exclusive >= inclusive : exclusive <= inclusive;
  const bound = { value: isExclusive ? exclusive : inclusive, isExclusive };
  const isWhole = !shape.kinds.has('fraction') && Number.isFinite(bound.value);
  return isWhole ? wholeBound(bound, isLeast) : bound;
}

/** The first whole number within a bound. */
function wholeBound({ value, isExclusive }: Bound, isLeast: boolean): Bound {
  const rounded = isLeast ? Math.ceil(value) : Math.floor(value);
  const step = isLeast ? 1 : -1;
  const next = isExclusive && rounded === value ? rounded + step : rounded;
  return { value: next, isExclusive: false };
}

/** Whether no value of the shape is a number, or none is below or above another's. */
export function areApart(left: Shape, right: Shape): boolean {
  const isBelow = (one: Shape, other: Shape): boolean => {
    const top = boundOf(one, 'most');
    const bottom = boundOf(other, 'least');
    const touches = top.isExclusive || bottom.isExclusive;
    return top.value < bottom.value || (top.value === bottom.value && touches);
  };
  return isBelow(left, right) || isBelow(right, left);
}

function rangeFaults(sub: Shape, sup: Place): SchemaFault[] {
  const faults: SchemaFault[] = [];
  const least = boundOf(sub, 'least');
  const most = boundOf(sub, 'most');
  const minimum = numberAt(sup, 'minimum');
  const above = numberAt(sup, 'exclusiveMinimum');
  const maximum = numberAt(sup, 'maximum');
  const under = numberAt(sup, 'exclusiveMaximum');
  if (minimum !== null && least.value < minimum) faults.push(range(sup, 'minimum', 'less than'));
  if (above !== null && (least.value < above || (least.value === above && !least.isExclusive))) {
    faults.push(range(sup, 'exclusiveMinimum', 'down to'));
  }
  if (maximum !== null && most.value > maximum) faults.push(range(sup, 'maximum', 'more than'));
  if (under !== null && (most.value > under || (most.value === under && !most.isExclusive))) {
    faults.push(range(sup, 'exclusiveMaximum', 'up to'));
  }
  return faults;
}

function range(sup: Place, keyword: string, how: string): SchemaFault {
  const limit = `${how} ${String(numberAt(sup, keyword))}`;
  return fault(sup, keyword, `${limit} is not accepted any more`, `may be ${limit} now`);
}

function stepFaults(sub: Shape, sup: Place): SchemaFault[] {
  const step = numberAt(sup, 'multipleOf');
  if (step === null) return [];
  const steps = sub.parts.flatMap((part) => numberAt(part, 'multipleOf') ?? []);
  if (!sub.kinds.has('fraction')) steps.push(1);
  const verdicts = steps.map((one) => isMultiple(one, step));
  if (verdicts.includes('yes')) return [];
  if (verdicts.includes('unknown')) {
    return [undecided(sup, 'multipleOf', 'fractions are not compared')];
  }
  const only = `multiples of ${String(step)}`;
  return [fault(sup, 'multipleOf', `only ${only} are accepted now`, `may be other than ${only}`)];
}

/** Patterns that every text matches. */
const ALL_MATCH = new Set(['', '^', '$', '.*', '^.*', '.*$', '[\\s\\S]*', '^[\\s\\S]*$']);

function textFaults(sub: Shape, sup: Place): SchemaFault[] {
  const faults: SchemaFault[] = [];
  const shortest = numberAt(sup, 'minLength');
  const longest = numberAt(sup, 'maxLength');
  if (shortest !== null && Math.max(0, largest(sub, 'minLength')) < shortest) {
    faults.push(range(sup, 'minLength', 'a text shorter than'));
  }
  if (longest !== null && smallest(sub, 'maxLength') > longest) {
    faults.push(range(sup, 'maxLength', 'a text longer than'));
  }
  return [...faults, ...patternFaults(sub, sup), ...formatFaults(sub, sup)];
}

function patternFaults(sub: Shape, sup: Place): SchemaFault[] {
  const pattern = textAt(sup, 'pattern');
  if (pattern === null || ALL_MATCH.has(pattern)) return [];
  const known = sub.parts.flatMap((part) => textAt(part, 'pattern') ?? []);
  if (known.includes(pattern)) return [];
  if (known.some((one) => !ALL_MATCH.has(one)) || sub.parts.some(hasFormat)) {
    return [undecided(sup, 'pattern', `patterns are not compared with ${shown(pattern)}`)];
  }
  const what = `match ${shown(pattern)}`;
  return [fault(sup, 'pattern', `a text has to ${what} now`, `a text need not ${what} now`)];
}

const hasFormat = (part: Place): boolean => hasKeyword(part, 'format');

function formatFaults(sub: Shape, sup: Place): SchemaFault[] {
  const format = textAt(sup, 'format');
  if (format === null) return [];
  const known = sub.parts.flatMap((part) => textAt(part, 'format') ?? []);
  if (known.includes(format)) return [];
  const what = shown(format);
  return [
    fault(sup, 'format', `a text has to be a ${what} now`, `a text need not be a ${what} now`),
  ];
}
