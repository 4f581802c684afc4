// kill -9 of a gateway with children of every kind, and what is left of them. By hand, built:
// `node test/reliability/orphans.mjs [--cycles 20]`.
import { join } from 'node:path';
import { importTypeScript } from './bundle.mjs';

const { orphans } = await importTypeScript(join(import.meta.dirname, 'orphans.ts'));
process.exitCode = await orphans(process.argv.slice(2));
