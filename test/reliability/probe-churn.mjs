// 50 services deleted, renamed and updated while they are probed. By hand, built: `node test/reliability/probe-churn.mjs`.
import { join } from 'node:path';
import { importTypeScript } from './bundle.mjs';

const { probeChurn } = await importTypeScript(join(import.meta.dirname, 'probe-churn.ts'));
process.exitCode = await probeChurn(process.argv.slice(2));
