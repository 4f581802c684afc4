import { showMatrix } from './matrix/matrix-world.js';
import { RESTART_ROWS } from './matrix/restart-rows.js';
import { RUNTIME_ROWS, runtimeEnv } from './matrix/runtime-rows.js';

showMatrix('runtime', [...RESTART_ROWS, ...RUNTIME_ROWS], runtimeEnv);
