import { showMatrix } from './matrix/matrix-world.js';
import { NETWORK_ROWS, networkEnv } from './matrix/network-rows.js';
import { ROUTE_ROWS } from './matrix/route-rows.js';
import { SECURITY_ROWS, securityEnv } from './matrix/security-rows.js';

showMatrix('network and security', [...NETWORK_ROWS, ...ROUTE_ROWS, ...SECURITY_ROWS], (dir) => ({
  ...networkEnv(dir),
  ...securityEnv(),
}));
