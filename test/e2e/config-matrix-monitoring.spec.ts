import { showMatrix } from './matrix/matrix-world.js';
import { CHECK_ROWS } from './matrix/check-rows.js';
import { INTEGRATION_ROWS, integrationEnv } from './matrix/integration-rows.js';
import { MONITORING_ROWS, monitoringEnv } from './matrix/monitoring-rows.js';

// Receivers are told what came together within 30 s: those rows begin first, and the others fill the time.
const rows = [...INTEGRATION_ROWS, ...MONITORING_ROWS, ...CHECK_ROWS];

showMatrix('integration and monitoring', rows, () => ({ ...integrationEnv(), ...monitoringEnv() }));
