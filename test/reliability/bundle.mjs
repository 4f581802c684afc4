// Runs a TypeScript file of the tests without building the project: bundled with what it imports from here, packages left out.
import { build } from 'esbuild';
import { mkdtempSync, rmSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';

/** Answers the module's exports; `entry` is an absolute path. */
export async function importTypeScript(entry) {
  const here = dirname(entry);
  // Beside the sources, so that packages are found from there.
  const directory = mkdtempSync(join(here, '.run-'));
  process.on('exit', () => rmSync(directory, { recursive: true, force: true }));
  const outfile = join(directory, `${basename(entry, '.ts')}.mjs`);
  await build({
    entryPoints: [entry],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    packages: 'external',
    sourcemap: 'inline',
    logLevel: 'error',
    define: { 'import.meta.dirname': JSON.stringify(here) },
  });
  return import(pathToFileURL(outfile).href);
}
