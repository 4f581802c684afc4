// Real failures injected into real upstreams of the built gateway: what health says, how soon, and what callers get.
// By hand, built: `node test/reliability/failures.mjs [--only name] [--out directory]`.
import { join } from 'node:path';
import { importTypeScript } from './bundle.mjs';

const { injectFailures } = await importTypeScript(join(import.meta.dirname, 'failures.ts'));
process.exitCode = await injectFailures(process.argv.slice(2));
