import { expect, it } from '@jest/globals';
import { pinnedTable } from '../pins/reference-table.js';
import { GatewayProcess } from '../support/gateway-process.js';

interface Operation {
  readonly summary?: string;
  readonly responses?: Record<string, unknown>;
}

it('the paths of the management API are what docs/reference/http-api.md says', async () => {
  const gateway = await GatewayProcess.start();
  const { body } = await gateway.request('GET', '/openapi.json');
  const rows = Object.entries(body.paths as Record<string, Record<string, Operation>>)
    .flatMap(([path, operations]) =>
      Object.entries(operations).map(([method, { summary, responses }]) => [
        `\`${method.toUpperCase()} ${path}\``,
        summary ?? '',
        Object.keys(responses ?? {}).join(', '),
      ]),
    )
    .sort(([left = ''], [right = '']) =>
      (left.split(' ')[1] ?? '').localeCompare(right.split(' ')[1] ?? ''),
    );
  const header = ['operation', 'does', 'answers'];
  const { written, expected } = pinnedTable('http-api.md', header, rows);
  await gateway.dispose();
  expect(rows.every(([, summary]) => summary !== '')).toBe(true);
  expect(written).toBe(expected);
}, 60_000);
