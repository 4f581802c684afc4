import type { FailureRow } from './failure-case.js';

/** The rows as a Markdown table. */
export function tableOf(rows: readonly FailureRow[]): string {
  const head = [
    'failure',
    'shown',
    'what to do (as shown)',
    'detected',
    'callers meanwhile',
    'executions',
    'recovery',
    'alerts',
  ];
  const lines = rows.map((row) => [
    `${row.name}: ${row.injected}`,
    `${row.level}, ${row.reason}`,
    row.action ?? 'nothing',
    row.detected_ms === null ? 'nothing to detect' : seconds(row.detected_ms),
    `${Object.entries(row.answers)
      .map(([kind, count]) => `${String(count)} ${kind}`)
      .join('; ')}; longest ${seconds(row.slowest_ms)}`,
    `${String(row.executions.ran)} of ${String(row.executions.sent)}, ${row.executions.twice === 0 ? 'none' : String(row.executions.twice)} twice`,
    row.recovered_ms === null ? 'none' : `after ${seconds(row.recovered_ms)}, ${row.recovery}`,
    row.alerts.join('; ') || 'none',
  ]);
  return (
    [head, head.map(() => '---'), ...lines]
      .map((cells) => `| ${cells.map(escape).join(' | ')} |`)
      .join('\n') + '\n'
  );
}

function seconds(ms: number): string {
  return `${(ms / 1_000).toFixed(1)} s`;
}

function escape(cell: string): string {
  return cell.replaceAll('|', '\\|').replaceAll('\n', ' ');
}
