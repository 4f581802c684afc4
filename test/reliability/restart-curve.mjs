// When a server that keeps ending is started again, against its restart policy, which has a jitter of 20 %.
// By hand, built: `node test/reliability/restart-curve.mjs`.
import { join } from 'node:path';
import { importTypeScript } from './bundle.mjs';

const { restartCurve } = await importTypeScript(join(import.meta.dirname, 'restart-curve.ts'));
process.exitCode = await restartCurve();
