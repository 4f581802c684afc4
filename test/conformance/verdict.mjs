// What a scenario came to, and what differs between two runs of it.

const JUDGED = ['SUCCESS', 'FAILURE', 'WARNING', 'SKIPPED'];

/** Check id → its statuses in sorted order. What is only told (`INFO`) is left out. */
function statusesOf(checks, repeats) {
  const statuses = new Map();
  for (const { id, status } of checks) {
    const known = statuses.get(id) ?? [];
    if (!JUDGED.includes(status) || (repeats && known.includes(status))) continue;
    statuses.set(id, [...known, status].sort());
  }
  return statuses;
}

const count = (checks, status) => checks.filter((check) => check.status === status).length;

/** `passed`, `failed`, `warned` of one scenario's checks. */
export function tally(checks) {
  return {
    passed: count(checks, 'SUCCESS'),
    failed: count(checks, 'FAILURE'),
    warned: count(checks, 'WARNING'),
  };
}

export const reasonOf = (checks, id) =>
  checks.find((check) => check.id === id && check.errorMessage !== undefined)?.errorMessage ?? '';

/**
 * Ids of the checks that did not come to the same in both runs. `repeats`: a check may be made any number of times, as
 * where the gateway's own requests are judged beside those of a client.
 */
function differing(checks, baseline, repeats) {
  const here = statusesOf(checks, repeats);
  const there = statusesOf(baseline, repeats);
  const ids = new Set([...here.keys(), ...there.keys()]);
  return [...ids].filter((id) => String(here.get(id)) !== String(there.get(id))).sort();
}

/** Ids of the checks that failed or were warned about. */
function faulty(checks) {
  const ids = checks
    .filter(({ status }) => status === 'FAILURE' || status === 'WARNING')
    .map(({ id }) => id);
  return [...new Set(ids)].sort();
}

/**
 * Holds what was found against what is expected. Both are scenario → ids of checks. Answers lines about what has no
 * reason, and about reasons that hold no longer.
 */
function unexplained(found, expected) {
  const lines = [];
  for (const scenario of new Set([...found.keys(), ...Object.keys(expected)])) {
    const ids = found.get(scenario) ?? [];
    const known = [...(expected[scenario]?.checks ?? [])].sort();
    const news = ids.filter((id) => !known.includes(id));
    const gone = known.filter((id) => !ids.includes(id));
    if (news.length > 0) lines.push(`${scenario}: not explained: ${news.join(', ')}`);
    if (gone.length > 0) lines.push(`${scenario}: expected no more: ${gone.join(', ')}`);
  }
  return lines;
}

/** Under which a column's results are kept. */
export const keyOf = (group, column) => `${group.id}, ${column.name}`;

/** Scenario → ids of checks that need a reason: failing ones in a baseline, differing ones beside it. */
function findings(group, column, results) {
  const own = results.get(keyOf(group, column));
  const against =
    column.name === group.baseline
      ? undefined
      : results.get(keyOf(group, { name: group.baseline }));
  const scenarios = new Set([...own.keys(), ...(against?.keys() ?? [])]);
  const found = new Map();
  for (const scenario of scenarios) {
    const checks = own.get(scenario) ?? [];
    const ids =
      against === undefined
        ? faulty(checks)
        : differing(checks, against.get(scenario) ?? [], group.client !== undefined);
    if (ids.length > 0) found.set(scenario, ids);
  }
  return found;
}

/** The columns of `group` with their results, what was found, what was expected, and the `faults` left over. */
export function judge(group, results, expectations) {
  const columns = group.columns.map((column) => {
    const found = findings(group, column, results);
    const expected = expectations[group.id]?.[column.name] ?? {};
    const faults = unexplained(found, expected).map(
      (line) => `${group.id}, ${column.name}: ${line}`,
    );
    return { ...column, results: results.get(keyOf(group, column)), found, expected, faults };
  });
  return { ...group, columns };
}

export const faultsOf = ({ columns }) => columns.flatMap(({ faults }) => faults);

/** Expectations for what is not in the plan, or with a reason that is not listed. */
export function misplaced(groups, { reasons, expected }) {
  const columns = Object.entries(expected).flatMap(([id, byColumn]) =>
    Object.entries(byColumn).map(([name, scenarios]) => ({ id, name, scenarios })),
  );
  const known = new Set(
    groups.flatMap((group) => group.columns.map(({ name }) => `${group.id}, ${name}`)),
  );
  const because = columns.flatMap(({ scenarios }) =>
    Object.values(scenarios).map((expectation) => expectation.because),
  );
  return [
    ...columns.map(({ id, name }) => `${id}, ${name}`).filter((column) => !known.has(column)),
    ...because.filter((reason) => reasons[reason] === undefined),
  ].map((what) => `expectations.json: ${what} is unknown`);
}
