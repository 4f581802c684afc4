// 1,000 services probed by one gateway. By hand, built: `node test/reliability/probe-load.mjs [--services 1000] [--seconds 120]`.
import { join } from 'node:path';
import { importTypeScript } from './bundle.mjs';

const { probeLoad } = await importTypeScript(join(import.meta.dirname, 'probe-load.ts'));
process.exitCode = await probeLoad(process.argv.slice(2));
