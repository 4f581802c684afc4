// Tables of results, for the terminal and for docs/conformance.md.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { reasonOf, tally } from './verdict.mjs';

const DOCUMENT = join(import.meta.dirname, '..', '..', 'docs', 'conformance.md');
const BEGIN = '<!-- tables: npm run conformance -- --write -->';
const END = '<!-- end of the tables -->';

/** `3/4`: passed of judged; `+1 w`: warnings; `*`: differs from the baseline, or fails without one. */
function cell(column, scenario) {
  const checks = column.results.get(scenario);
  const mark = column.found.has(scenario) ? ' *' : '';
  if (checks === undefined) return `not run${mark}`;
  const { passed, failed, warned } = tally(checks);
  return `${passed}/${passed + failed}${warned > 0 ? ` +${warned} w` : ''}${mark}`;
}

function scenariosOf(columns) {
  return [...new Set(columns.flatMap(({ results }) => [...results.keys()]))];
}

/** `scenarios` and `checks` that passed, of how many, and how many scenarios differ. */
function totalOf({ results, found }) {
  const all = [...results.values()].map(tally);
  const failing = all.filter(({ failed }) => failed > 0).length;
  const passed = all.reduce((sum, one) => sum + one.passed, 0);
  const failed = all.reduce((sum, one) => sum + one.failed, 0);
  const scenarios = `${all.length - failing}/${all.length}`;
  return { scenarios, checks: `${passed}/${passed + failed}`, differ: String(found.size) };
}

function totals(columns) {
  return columns
    .map(totalOf)
    .map(({ scenarios, checks, differ }) => `${scenarios}, checks ${checks}, differs ${differ}`);
}

function rowsOf(columns) {
  const rows = scenariosOf(columns).map((scenario) => [
    scenario,
    ...columns.map((column) => cell(column, scenario)),
  ]);
  return [
    ['scenario', ...columns.map(({ name }) => name)],
    ...rows,
    ['passed', ...totals(columns)],
  ];
}

function aligned(rows, line) {
  const widths = rows[0].map((_, at) => Math.max(...rows.map((row) => row[at].length)));
  return rows.map((row) => line(row.map((text, at) => text.padEnd(widths[at]))));
}

export function printGroup({ title, columns }, verbose) {
  console.log(`\n${title}`);
  for (const line of aligned(rowsOf(columns), (cells) => `  ${cells.join('  ')}`.trimEnd())) {
    console.log(line);
  }
  if (!verbose) return;
  for (const { name, found, results } of columns) {
    for (const [scenario, ids] of found) {
      for (const id of ids) {
        console.log(`  ${name}: ${scenario} ${id}: ${reasonOf(results.get(scenario) ?? [], id)}`);
      }
    }
  }
}

/** `a`, `b` and `c` of one column, for the same reason, in one line. */
function reasonLines(columns, reasons) {
  const lines = new Map();
  for (const { name, expected } of columns) {
    for (const [scenario, { because }] of Object.entries(expected)) {
      const places = lines.get(because) ?? new Map();
      places.set(name, [...(places.get(name) ?? []), `\`${scenario}\``]);
      lines.set(because, places);
    }
  }
  return [...lines].map(([because, places]) => {
    const where = [...places].map(([name, scenarios]) => `${scenarios.join(', ')} (${name})`);
    return `- ${where.join('; ')}: ${reasons[because]}.`;
  });
}

function tableOf(rows) {
  const [head, ...body] = aligned(rows, (cells) => `| ${cells.join(' | ')} |`);
  const rule = head.replace(/[^|]/g, '-').replaceAll('|-', '| ').replaceAll('-|', ' |');
  return [head, rule, ...body].join('\n');
}

function markdownOf({ title, columns }, reasons) {
  const lines = reasonLines(columns, reasons);
  return [`### ${title}`, '', tableOf(rowsOf(columns)), '', ...lines].join('\n').trimEnd();
}

function overviewOf(groups) {
  const rows = groups.flatMap(({ title, columns }) =>
    columns.map((column, at) => {
      const { scenarios, checks, differ } = totalOf(column);
      return [at === 0 ? title : '', column.name, scenarios, checks, differ];
    }),
  );
  return tableOf([
    ['', 'run', 'scenarios passed', 'checks passed', 'scenarios that differ'],
    ...rows,
  ]);
}

/** Replaces what stands between the markers of docs/conformance.md. */
export function writeReport(groups, versions, reasons) {
  const document = readFileSync(DOCUMENT, 'utf8');
  const [before, rest] = document.split(BEGIN);
  const after = rest?.split(END)[1];
  if (after === undefined) throw new Error('docs/conformance.md lost its markers');
  const used = Object.values(versions).map((version) => `\`${version}\``);
  const tables = groups.map((group) => markdownOf(group, reasons)).join('\n\n');
  const text = `Suites: ${used.join(' and ')}.\n\n${overviewOf(groups)}\n\n${tables}`;
  writeFileSync(DOCUMENT, `${before}${BEGIN}\n\n${text}\n\n${END}${after}`);
}
