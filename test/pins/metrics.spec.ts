import { expect, it } from '@jest/globals';
import { METRIC_NAMES } from '../../src/observability/metric-names.js';
import { pinnedTable } from './reference-table.js';

it('the metric names are what docs/reference/metrics.md says', () => {
  const rows = Object.entries(METRIC_NAMES).map(([name, help]) => [`\`${name}\``, String(help)]);
  const { written, expected } = pinnedTable('metrics.md', ['name', 'meaning'], rows);
  expect(written).toBe(expected);
});
