import { expect, it } from '@jest/globals';
import { fieldsOf, showMatrix, type MatrixRow } from './matrix/matrix-world.js';
import { GatewayProcess } from '../support/gateway-process.js';
import { CHECK_ROWS } from './matrix/check-rows.js';
import { INTEGRATION_ROWS } from './matrix/integration-rows.js';
import { MONITORING_ROWS } from './matrix/monitoring-rows.js';
import { NETWORK_ROWS } from './matrix/network-rows.js';
import { RESTART_ROWS } from './matrix/restart-rows.js';
import { RUNTIME_ROWS } from './matrix/runtime-rows.js';
import { SECURITY_ROWS } from './matrix/security-rows.js';
import { WHOLE_ROWS, wholeEnv } from './matrix/whole-rows.js';

const ALL: readonly MatrixRow[] = [
  ...CHECK_ROWS,
  ...INTEGRATION_ROWS,
  ...MONITORING_ROWS,
  ...NETWORK_ROWS,
  ...RESTART_ROWS,
  ...RUNTIME_ROWS,
  ...SECURITY_ROWS,
  ...WHOLE_ROWS,
];

it('every field that the gateway says it has is shown to have an effect, and nothing else is', async () => {
  const gateway = await GatewayProcess.start();
  const { status, body } = await gateway.request('GET', '/api/v1/config/schema');
  await gateway.dispose();
  expect(status).toBe(200);
  const shown = ALL.map(({ field }) => field);
  expect(new Set(shown).size).toBe(shown.length);
  expect(shown.sort()).toEqual(fieldsOf(body).sort());
}, 60_000);

it.each([
  ['security', 'sandbox', 'bubblewrap'],
  ['security', 'authentication', { methods: ['bearer'] }],
  ['monitoring', 'sample_calls', 10],
  ['network', 'protocol', '2025-06-18'],
])('has no field for %s.%s, which would do nothing', async (category, name, value) => {
  const { validateFragment } = await import('../../src/config/config-schema.js');
  expect(validateFragment({ [category]: { [name]: value } }, '')).not.toEqual([]);
});

showMatrix('the whole', WHOLE_ROWS, wholeEnv);
