// Runs the official conformance suites directly and through the gateway, and holds the results against each other.
//   npm run conformance [-- --quick] [--only <group or column>] [--write] [--verbose] [--main dist/bundle/main.js]
// --write renews the tables in docs/conformance.md. Ends with 1 when a difference has no reason in expectations.json.
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { GROUPS, UPSTREAMS } from './plan.mjs';
import { printGroup, writeReport } from './report.mjs';
import { SetupError, installSuites, nodeForSuites, runSuite, suiteVersions } from './suite.mjs';
import { faultsOf, judge, keyOf, misplaced } from './verdict.mjs';
import { World } from './world.mjs';

const here = import.meta.dirname;
const AT_ONCE = 2;
const { values: options } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    only: { type: 'string' },
    write: { type: 'boolean', default: false },
    verbose: { type: 'boolean', default: false },
    main: { type: 'string', default: join(here, '..', '..', 'dist', 'bundle', 'main.js') },
  },
});

/** Groups with the columns that are to be run. A baseline is run with every column that is held against it. */
function chosenGroups() {
  return GROUPS.map((group) => {
    const wanted = group.columns.filter(
      ({ name }) =>
        (!options.quick || group.quick.includes(name)) &&
        (options.only === undefined || `${group.id} ${name}`.includes(options.only)),
    );
    const columns = group.columns.filter(
      (column) => wanted.includes(column) || (wanted.length > 0 && column.name === group.baseline),
    );
    return { ...group, columns };
  }).filter(({ columns }) => columns.length > 0);
}

/** Runs `jobs` and puts what they came to into `results`. */
async function runJobs(jobs, atOnce, results, world, node) {
  const queue = [...jobs];
  const work = async () => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
      const { group, column } = next;
      const run = group.client === undefined ? runServer : runClient;
      results.set(keyOf(group, column), await run(node, group, column, world));
    }
  };
  await Promise.all(Array.from({ length: atOnce }, work));
}

/** Scenarios wait for fractions of a second, which a busy machine can miss: what is not explained is run once more, alone. */
async function runTwice(groups, expected, world, node) {
  const results = new Map();
  const jobs = groups.flatMap((group) => group.columns.map((column) => ({ group, column })));
  await runJobs(jobs, AT_ONCE, results, world, node);
  const suspects = jobs.filter(({ group, column }) => {
    const lines = judge(group, results, expected).columns.find(
      ({ name }) => name === column.name,
    ).faults;
    if (lines.length > 0) console.log(`Run again after:\n${lines.join('\n')}`);
    return lines.length > 0;
  });
  await runJobs(suspects, 1, results, world, node);
  return groups.map((group) => judge(group, results, expected));
}

async function runServer(node, { suite, args, without }, { upstream, gateway }, world) {
  const url = gateway ? world.gatewayUrl(upstream) : world.directUrl(upstream);
  const results = await runSuite(node, suite, [...args, '--url', url]);
  return new Map([...results].filter(([scenario]) => without?.test(scenario) !== true));
}

/** Scenarios one by one: the suite's own choice holds those of a client's OAuth, too. */
async function runClient(node, group, { gateway }, world) {
  const words = [process.execPath, join(here, 'client.mjs'), '--sdk', group.client];
  if (gateway) words.push('--gateway', world.url);
  const results = new Map();
  for (const scenario of group.scenarios) {
    const args = [...group.args, '--command', words.join(' '), '--scenario', scenario];
    for (const [name, checks] of await runSuite(node, group.suite, args)) results.set(name, checks);
  }
  return results;
}

async function runGroups(groups, expected, node) {
  const columns = groups
    .flatMap((group) => group.columns)
    .filter(({ upstream }) => upstream !== undefined);
  const names = new Set(columns.map(({ upstream }) => upstream));
  const upstreams = Object.fromEntries([...names].map((name) => [name, UPSTREAMS[name]]));
  const registered = columns.filter(({ gateway }) => gateway).map(({ upstream }) => upstream);
  const world = new World(resolve(options.main));
  process.once('SIGINT', () => world.stop().finally(() => process.exit(130)));
  try {
    await world.start(upstreams, new Set(registered));
    return await runTwice(groups, expected, world, node);
  } finally {
    await world.stop();
    if (options.verbose) console.log(`The gateway wrote:\n${world.logs}`);
  }
}

async function main() {
  if (options.write && (options.quick || options.only !== undefined)) {
    throw new SetupError('--write renews all tables: run it without --quick and --only');
  }
  const expectations = JSON.parse(readFileSync(join(here, 'expectations.json'), 'utf8'));
  installSuites();
  const node = nodeForSuites();
  const groups = chosenGroups();
  const started = performance.now();
  const judged = await runGroups(groups, expectations.expected, node);
  for (const group of judged) printGroup(group, options.verbose);
  if (options.write) writeReport(judged, suiteVersions(), expectations.reasons);
  console.log(`\n${((performance.now() - started) / 1000).toFixed(0)} s`);
  const faults = [...misplaced(GROUPS, expectations), ...judged.flatMap(faultsOf)];
  if (faults.length === 0) return;
  console.error(`\n${faults.length} without a reason:\n${faults.join('\n')}`);
  process.exitCode = 1;
}

await main().catch((error) => {
  console.error(error instanceof SetupError ? error.message : error);
  process.exitCode = 1;
});
