import { describe, expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { Metrics } from '../../src/observability/metrics.js';

const docs = join(import.meta.dirname, '..', '..', 'docs');
const read = (...path: string[]): string => readFileSync(join(docs, ...path), 'utf8');

interface Rule {
  readonly alert: string;
  readonly expr: string;
  readonly for?: string;
  readonly labels?: { readonly severity?: string };
  readonly annotations?: { readonly summary?: string; readonly runbook?: string };
}

interface Panel {
  readonly id: number;
  readonly title: string;
  readonly type: string;
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number };
  readonly targets?: readonly { readonly expr: string }[];
}

const { groups } = parse(read('operations', 'prometheus-rules.yaml')) as {
  groups: { readonly name: string; readonly rules: readonly Rule[] }[];
};
const rules = groups.flatMap((group) => group.rules);
const dashboard = JSON.parse(read('operations', 'grafana-dashboard.json')) as {
  readonly panels: readonly Panel[];
  readonly templating: { readonly list: readonly { readonly name: string }[] };
};

/** Not metrics, though they look like it. */
const WORDS: ReadonlySet<string> = new Set(['and', 'or', 'unless', 'bool', 'offset', 'inf', 'nan']);
/** Made by Prometheus itself for what it scrapes. */
const OF_PROMETHEUS = ['up'];

/** Names of metrics in an expression: what is left when strings, labels, ranges, groupings and functions are taken away. */
function metricsIn(expression: string): string[] {
  const bare = expression
    .replace(/"[^"]*"/g, '')
    .replace(/\{[^}]*\}/g, '')
    .replace(/\[[^\]]*\]/g, '')
    .replace(/\b(?:by|without|on|ignoring|group_left|group_right)\s*\([^)]*\)/g, '')
    .replace(/\boffset\s+\w+/g, '');
  const found = [...bare.matchAll(/\b([a-zA-Z_:][\w:]*)\b(?!\s*\()/g)].map(
    ([, name]) => name ?? '',
  );
  return found.filter((name) => !WORDS.has(name));
}

/** Every name that `/metrics` answers, those of histograms with their endings. */
async function published(): Promise<Set<string>> {
  const text = await new Metrics({ processMetrics: true }).text();
  const names = new Set(OF_PROMETHEUS);
  for (const [, name = '', type] of text.matchAll(/^# TYPE (\S+) (\S+)$/gm)) {
    names.add(name);
    if (type !== 'histogram') continue;
    for (const ending of ['bucket', 'sum', 'count']) names.add(`${name}_${ending}`);
  }
  return names;
}

function headingsOf(markdown: string): Set<string> {
  const slugs = [...markdown.matchAll(/^#+ (.+)$/gm)].map(([, title = '']) =>
    title
      .toLowerCase()
      .replace(/[^\w\s-]/g, '')
      .trim()
      .replace(/\s/g, '-'),
  );
  return new Set(slugs);
}

it('the reader of expressions sees metrics and nothing else', () => {
  const expression =
    'topk(10, histogram_quantile(0.95, sum by (service, le) (rate(a_bucket{x="b_c"}[5m])))) > 1e3 and d offset 1h';
  expect(metricsIn(expression)).toEqual(['a_bucket', 'd']);
});

describe('the alert rules', () => {
  it.each(rules.map((rule) => [rule.alert, rule] as const))(
    '%s reads metrics that there are, and says how bad it is, what it means and what to do',
    async (_name, rule) => {
      const known = await published();
      const used = metricsIn(rule.expr);
      expect(used.length).toBeGreaterThan(0);
      expect(used.filter((name) => !known.has(name))).toEqual([]);
      expect(rule.for).toMatch(/^\d+[smh]$/);
      expect(['critical', 'warning', 'info']).toContain(rule.labels?.severity);
      expect(rule.annotations?.summary).toMatch(/\S.*\.$/);
      const [page, heading] = (rule.annotations?.runbook ?? '').split('#');
      expect(page).toBe('docs/guides/operate.md');
      expect([...headingsOf(read('guides', 'operate.md'))]).toContain(heading);
    },
  );

  it('have names of their own', () => {
    expect(rules.length).toBeGreaterThan(10);
    expect(new Set(rules.map(({ alert }) => alert)).size).toBe(rules.length);
  });
});

describe('the dashboard', () => {
  const graphs = dashboard.panels.filter(({ type }) => type !== 'row');

  it('reads metrics that there are', async () => {
    const known = await published();
    for (const { title, targets = [] } of graphs) {
      expect([title, targets.length > 0]).toEqual([title, true]);
      const used = targets.flatMap(({ expr }) => metricsIn(expr));
      expect([title, used.length > 0]).toEqual([title, true]);
      expect([title, used.filter((name) => !known.has(name))]).toEqual([title, []]);
    }
  });

  it('has panels with ids of their own that stay within its 24 columns', () => {
    const ids = dashboard.panels.map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    expect(graphs.filter(({ gridPos }) => gridPos.x + gridPos.w > 24)).toEqual([]);
  });

  it('uses variables that it has', () => {
    const own = dashboard.templating.list.map(({ name }) => name);
    const used = JSON.stringify(dashboard).matchAll(/\$\{?([a-z]\w*)\}?/g);
    expect([...new Set([...used].map(([, name]) => name))].sort()).toEqual(own.sort());
  });

  it('shows every metric that says how a service does', () => {
    const used = new Set(
      graphs.flatMap(({ targets = [] }) => targets.flatMap(({ expr }) => metricsIn(expr))),
    );
    for (const name of [
      'switchyard_call_duration_seconds_bucket',
      'switchyard_calls_in_flight',
      'switchyard_calls_queued',
      'switchyard_calls_total',
      'switchyard_circuit_state',
      'switchyard_instance_ejections_total',
      'switchyard_instance_failures_total',
      'switchyard_probe_lateness_seconds_bucket',
      'switchyard_service_cpu_seconds_total',
      'switchyard_service_instances',
      'switchyard_service_memory_bytes',
    ]) {
      expect(used).toContain(name);
    }
  });
});
