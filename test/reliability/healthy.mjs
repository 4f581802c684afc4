// Healthy load under default checks and alerts. By hand, built: `node test/reliability/healthy.mjs [--minutes 30]`.
import { join } from 'node:path';
import { importTypeScript } from './bundle.mjs';

const { healthyLoad } = await importTypeScript(join(import.meta.dirname, 'healthy.ts'));
process.exitCode = await healthyLoad(process.argv.slice(2));
