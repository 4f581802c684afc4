// Many sessions at once. By hand, built: `node test/reliability/many-sessions.mjs [--shared 1000] [--own 100] [--rounds 10]`.
import { join } from 'node:path';
import { importTypeScript } from './bundle.mjs';

const { manySessions } = await importTypeScript(join(import.meta.dirname, 'many-sessions.ts'));
process.exitCode = await manySessions(process.argv.slice(2));
