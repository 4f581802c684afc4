import { accepts, isSilent, listsAt, matches } from './schema-acceptance.js';
import { fault, shown, undecided, type SchemaFault } from './schema-fault.js';
import {
  declaredNames,
  isFreeForm,
  largest,
  memberOf,
  narrowed,
  othersOf,
  requiredOf,
  shapeOf,
  smallest,
  type Shape,
} from './schema-shape.js';
import {
  additionalOf,
  hasKeyword,
  isUnevaluatedOpaque,
  namedSchemas,
  numberAt,
  schemaAt,
  textsAt,
  type Place,
} from './schema-source.js';
import type { Comparison } from './schema-comparison.js';

/** Faults of the keywords of objects. */
export function objectFaults(comparison: Comparison, sub: Shape, sup: Place): SchemaFault[] {
  return [
    ...requiredFaults(sub, sup),
    ...declaredFaults(comparison, sub, sup),
    ...patternFaults(comparison, sub, sup),
    ...additionalFaults(comparison, sub, sup),
    ...nameFaults(comparison, sub, sup),
    ...sizeFaults(comparison, sub, sup),
    ...dependentFaults(comparison, sub, sup),
    ...(isUnevaluatedOpaque(sup, 'unevaluatedProperties')
      ? [undecided(sup, 'unevaluatedProperties', 'it depends on the schemas beside it')]
      : []),
  ];
}

function requiredFaults(sub: Shape, sup: Place): SchemaFault[] {
  const known = requiredOf(sub);
  return textsAt(sup, 'required')
    .filter((name) => !known.has(name))
    .map((name) =>
      fault(
        sup,
        'required',
        `the member ${shown(name)} is required now`,
        `the member ${shown(name)} may be missing now`,
      ),
    );
}

/** Members of an object that declares none, and is no root that just takes nothing, may be anything. */
function isOpenToAll({ depth, isRootClosed, isStrict }: Comparison, sub: Shape): boolean {
  return isStrict || (isFreeForm(sub) && !(depth === 0 && isRootClosed));
}

function declaredFaults(comparison: Comparison, sub: Shape, sup: Place): SchemaFault[] {
  return [...namedSchemas(sup, 'properties')].flatMap(([name, place]) => {
    const { shape, isDeclared } = memberOf(sub, name, comparison.budget);
    if (!isDeclared && !isOpenToAll(comparison, sub)) return [];
    return comparison.inside(shape, place);
  });
}

/** Whether the rest of the members is left open without a word. */
function isSilentlyOpen(comparison: Comparison, sub: Shape): boolean {
  return othersOf(sub, comparison.budget) === null;
}

function patternFaults(comparison: Comparison, sub: Shape, sup: Place): SchemaFault[] {
  const { budget } = comparison;
  return [...namedSchemas(sup, 'patternProperties')].flatMap(([pattern, place]): SchemaFault[] => {
    if (isSilent(place)) return [];
    const faults: SchemaFault[] = [];
    for (const name of declaredNames(sub)) {
      const verdict = matches(pattern, name, budget);
      if (verdict === 'no') continue;
      faults.push(...comparison.inside(memberOf(sub, name, budget).shape, place));
    }
    for (const part of sub.parts) {
      const patterns = namedSchemas(part, 'patternProperties');
      for (const [own, at] of patterns) {
        if (own === pattern || patterns.has(pattern)) continue;
        faults.push(...comparison.inside(shapeAt(comparison, at), place));
      }
    }
    const same = sub.parts.flatMap(
      (part) => namedSchemas(part, 'patternProperties').get(pattern) ?? [],
    );
    if (same.length > 0) {
      const shapes = same.map((at) => shapeAt(comparison, at));
      const verdicts = shapes.map((shape) => comparison.inside(shape, place));
      const best = verdicts.find((found) => found.length === 0) ?? verdicts[0] ?? [];
      return [...faults, ...best];
    }
    const others = othersOf(sub, budget);
    if (others !== null) return [...faults, ...comparison.inside(others, place)];
    return [...faults, restricted(place, `members that match ${shown(pattern)}`)];
  });
}

function restricted(place: Place, which: string): SchemaFault {
  return fault(place, null, `${which} were open and are not now`, `${which} may be anything now`);
}

function shapeAt({ budget }: Comparison, place: Place): Shape {
  return shapeOf([place], budget);
}

function additionalFaults(comparison: Comparison, sub: Shape, sup: Place): SchemaFault[] {
  const rest = additionalOf(sup);
  if (rest === null || isSilent(rest)) return [];
  const { budget } = comparison;
  const own = namedSchemas(sup, 'properties');
  const patterns = [...namedSchemas(sup, 'patternProperties').keys()];
  const isCovered = (name: string): boolean =>
    own.has(name) || patterns.some((pattern) => matches(pattern, name, budget) === 'yes');
  const faults = [...declaredNames(sub)]
    .filter((name) => !isCovered(name))
    .flatMap((name) => uncovered(comparison, memberOf(sub, name, budget).shape, rest, name));
  for (const part of sub.parts) {
    for (const [pattern, at] of namedSchemas(part, 'patternProperties')) {
      if (patterns.includes(pattern)) continue;
      faults.push(...comparison.inside(shapeAt(comparison, at), rest));
    }
  }
  if (isSilentlyOpen(comparison, sub))
    faults.push(restricted(rest, 'members that are not declared'));
  const others = othersOf(sub, budget);
  return others === null ? faults : [...faults, ...comparison.inside(others, rest)];
}

function uncovered(
  comparison: Comparison,
  member: Shape,
  rest: Place,
  name: string,
): SchemaFault[] {
  if (rest.schema !== false) return comparison.inside(member, rest);
  if (member.isNever) return [];
  return [
    fault(
      rest,
      null,
      `the member ${shown(name)} is not accepted any more`,
      `there may be a member ${shown(name)} now`,
    ),
  ];
}

function nameFaults(comparison: Comparison, sub: Shape, sup: Place): SchemaFault[] {
  const rule = schemaAt(sup, 'propertyNames');
  if (rule === null || isSilent(rule)) return [];
  const { budget } = comparison;
  const faults = [...declaredNames(sub)].flatMap((name): SchemaFault[] => {
    if (memberOf(sub, name, budget).shape.isNever) return [];
    const verdict = accepts(rule, name, budget);
    if (verdict === 'yes') return [];
    if (verdict === 'unknown') return [undecided(rule, null, `for the name ${shown(name)}`)];
    const told = `the name ${shown(name)}`;
    return [fault(rule, null, `${told} is not accepted any more`, `${told} may occur now`)];
  });
  const others = othersOf(sub, budget);
  const isClosed = others?.isNever === true;
  if (isClosed && !sub.parts.some((part) => hasKeyword(part, 'patternProperties'))) return faults;
  const known = sub.parts.flatMap((part) => schemaAt(part, 'propertyNames') ?? []);
  const shows = known.some((one) => comparison.isSubset(textNamed(comparison, one), rule));
  if (shows) return faults;
  return [
    ...faults,
    known.length > 0
      ? undecided(rule, null, 'the rules for names differ')
      : restricted(rule, 'names of members'),
  ];
}

const TEXT = { type: 'string' };

/** Names are texts, whatever their rule says of other values. */
function textNamed(comparison: Comparison, rule: Place): Shape {
  const shape = shapeAt(comparison, rule);
  return narrowed(shape, { schema: TEXT, source: rule.source, at: rule.at }, comparison.budget);
}

function sizeFaults(comparison: Comparison, sub: Shape, sup: Place): SchemaFault[] {
  const least = numberAt(sup, 'minProperties');
  const most = numberAt(sup, 'maxProperties');
  const isClosed =
    othersOf(sub, comparison.budget)?.isNever === true &&
    !sub.parts.some((part) => hasKeyword(part, 'patternProperties'));
  const fewest = Math.max(0, largest(sub, 'minProperties'), requiredOf(sub).size);
  const highest = Math.min(
    smallest(sub, 'maxProperties'),
    isClosed ? declaredNames(sub).size : Infinity,
  );
  const faults: SchemaFault[] = [];
  const say = (keyword: string, how: string): SchemaFault =>
    fault(sup, keyword, `${how} is not accepted any more`, `there may be ${how} now`);
  if (least !== null && fewest < least) {
    faults.push(say('minProperties', `fewer than ${String(least)} members`));
  }
  if (most !== null && highest > most) {
    faults.push(say('maxProperties', `more than ${String(most)} members`));
  }
  return faults;
}

function dependentFaults(comparison: Comparison, sub: Shape, sup: Place): SchemaFault[] {
  const isPossible = (name: string): boolean => {
    const { shape, isDeclared } = memberOf(sub, name, comparison.budget);
    return !shape.isNever && (isDeclared || isOpenToAll(comparison, sub));
  };
  const lists = ['dependentRequired', 'dependencies'].flatMap((keyword) =>
    listsAt(sup, keyword).flatMap(([name, needed]) => {
      if (!isPossible(name)) return [];
      const known = new Set([...requiredOf(sub), ...neededWith(sub, name)]);
      const lacking = needed.filter((one) => !known.has(one) && one !== name);
      return lacking.map((one) =>
        fault(
          sup,
          keyword,
          `${shown(name)} needs the member ${shown(one)} beside it now`,
          `${shown(name)} may come without ${shown(one)} now`,
        ),
      );
    }),
  );
  const schemas = ['dependentSchemas', 'dependencies'].flatMap((keyword) =>
    [...namedSchemas(sup, keyword)].flatMap(([name, place]) => {
      if (!isPossible(name)) return [];
      const known = sub.parts.flatMap((part) => namedSchemas(part, keyword).get(name) ?? []);
      const with_ = known.reduce((shape, one) => narrowed(shape, one, comparison.budget), sub);
      return comparison.faults(with_, place);
    }),
  );
  return [...lists, ...schemas];
}

function neededWith(sub: Shape, name: string): string[] {
  return sub.parts.flatMap((part) =>
    ['dependentRequired', 'dependencies'].flatMap((keyword) =>
      listsAt(part, keyword).flatMap(([one, needed]) => (one === name ? [...needed] : [])),
    ),
  );
}
