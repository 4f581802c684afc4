// Clients of several kinds, killed children and updates, for long. By hand, built: `node test/reliability/soak.mjs [--minutes 30]`.
import { join } from 'node:path';
import { importTypeScript } from './bundle.mjs';

const { soak } = await importTypeScript(join(import.meta.dirname, 'soak.ts'));
process.exitCode = await soak(process.argv.slice(2));
