#!/usr/bin/env node
import { readFileSync } from 'node:fs';
import { SystemClock } from '../kernel/clock.js';
import { isJsonObject } from '../kernel/json.js';
import { SystemRandom } from '../kernel/random.js';
import { run } from './program.js';
import type { Terminal } from './terminal.js';

/** Why a URL: the command line is a client and no part of the gateway, so nothing of it is loaded but to serve. */
const GATEWAY = new URL('../bundle/main.js', import.meta.url);
const MIGRATION = new URL('../bundle/migrate.js', import.meta.url);
const PACKAGE_FILE = new URL('../../package.json', import.meta.url);

function versionOfPackage(): string {
  const document: unknown = JSON.parse(readFileSync(PACKAGE_FILE, 'utf8'));
  return isJsonObject(document) ? String(document['version']) : 'unknown';
}

/** Whoever reads has seen enough, as `head` has: what is left to say is for nobody, and no error of ours. */
function endWithReader(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EPIPE') throw error;
  process.exit();
}

process.stdout.on('error', endWithReader);

process.exitCode = await run(process.argv.slice(2), {
  out: (text) => process.stdout.write(text),
  err: (text) => process.stderr.write(text),
  stdin: process.stdin,
  isInteractive: process.stderr.isTTY === true,
  fetch: globalThis.fetch,
  clock: new SystemClock(),
  random: new SystemRandom(),
  version: versionOfPackage(),
  // The gateway lives on after this command line is done; it sets an exit code of its own.
  serve: async () => {
    process.stdout.off('error', endWithReader);
    await import(GATEWAY.href);
  },
  migrate: async (options) => {
    const { migrate } = (await import(MIGRATION.href)) as { migrate: Terminal['migrate'] };
    return migrate(options);
  },
});
