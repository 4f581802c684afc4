// Tries to break the data plane. By hand: `node test/fuzz/run.mjs --cases 100000 [--seed n] [--only pieces,clients,upstreams]`.
// The pieces are taken from the sources; the gateway as a process is the built one (`npm run build` first).
import { join } from 'node:path';
import { importTypeScript } from '../reliability/bundle.mjs';

const { fuzz } = await importTypeScript(join(import.meta.dirname, 'fuzz.ts'));
process.exitCode = await fuzz(process.argv.slice(2));
