import { expect, it } from '@jest/globals';
import { fieldsOf, showMatrix, type MatrixRow } from './matrix/matrix-world.js';
import { GatewayProcess, type Json } from '../support/gateway-process.js';
import { CHECK_ROWS } from './matrix/check-rows.js';
import { INTEGRATION_ROWS } from './matrix/integration-rows.js';
import { MONITORING_ROWS } from './matrix/monitoring-rows.js';
import { NETWORK_ROWS } from './matrix/network-rows.js';
import { RESTART_ROWS } from './matrix/restart-rows.js';
import { ROUTE_ROWS } from './matrix/route-rows.js';
import { RUNTIME_ROWS } from './matrix/runtime-rows.js';
import { SECURITY_ROWS } from './matrix/security-rows.js';
import { WHOLE_ROWS, wholeEnv } from './matrix/whole-rows.js';

const ALL: readonly MatrixRow[] = [
  ...CHECK_ROWS,
  ...INTEGRATION_ROWS,
  ...MONITORING_ROWS,
  ...NETWORK_ROWS,
  ...RESTART_ROWS,
  ...ROUTE_ROWS,
  ...RUNTIME_ROWS,
  ...SECURITY_ROWS,
  ...WHOLE_ROWS,
];

/** Fields that would do nothing (docs/adr/0022). */
const ABSENT = {
  network: { protocol: '2025-06-18', routes: [{ path: '/mcp/a', match: { header: 'x' } }] },
  security: { sandbox: 'bubblewrap', authentication: { methods: ['bearer'] } },
  monitoring: { sample_calls: 10 },
};
const REFUSED = [
  '/config/monitoring/sample_calls',
  '/config/network/protocol',
  '/config/network/routes/0/match',
  '/config/security/authentication/methods',
  '/config/security/sandbox',
];

it('every field that the gateway says it has is shown to have an effect, and nothing else is', async () => {
  const gateway = await GatewayProcess.start();
  const { status, body } = await gateway.request('GET', '/api/v1/config/schema');
  const config = { runtime: { command: 'node' }, ...ABSENT };
  const refused = await gateway.request('POST', '/api/v1/services?dry_run=true', {
    name: 'all',
    config,
  });
  await gateway.dispose();
  expect([status, refused.status]).toEqual([200, 422]);
  const pointers = refused.body.errors.map(({ pointer }: Json) => pointer);
  expect(pointers.sort()).toEqual(REFUSED);
  const shown = ALL.map(({ field }) => field);
  expect(new Set(shown).size).toBe(shown.length);
  expect(shown.sort()).toEqual(fieldsOf(body).sort());
}, 60_000);

showMatrix('the whole', WHOLE_ROWS, wholeEnv);
