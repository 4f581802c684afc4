// node inspector.mjs <url> <kind> legacy|auto|modern; needs Node 22.
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { ASKS, Report, expectThat } from './report.mjs';

const [, , url, kind, era] = process.argv;
const bin = join(
  import.meta.dirname,
  '..',
  'node_modules',
  '@modelcontextprotocol',
  'inspector',
  'clients',
  'launcher',
  'build',
  'index.js',
);
const report = new Report();
const { call, prompt, resource } = ASKS[kind];

async function inspect(...args) {
  const all = [
    bin,
    '--cli',
    '--server-url',
    url,
    '--transport',
    'http',
    '--protocol-era',
    era,
    ...args,
  ];
  try {
    return (await promisify(execFile)(process.execPath, all, { timeout: 18_000 })).stdout;
  } catch (error) {
    throw new Error(
      String(error.stderr || error.message)
        .trim()
        .slice(-160),
    );
  }
}

await report.step('list tools', async () =>
  expectThat((await inspect('--method', 'tools/list')).includes(call[0]), `no tool ${call[0]}`),
);
await report.step('call', async () => {
  const pairs = Object.entries(call[1]).map(([name, value]) => `${name}=${value}`);
  const more = pairs.length === 0 ? [] : ['--tool-arg', ...pairs];
  const text = await inspect('--method', 'tools/call', '--tool-name', call[0], ...more);
  expectThat(text.includes(call[2]), text.slice(0, 120));
});
await report.step('prompt', async () => {
  if (prompt === null) return '-';
  expectThat(
    (await inspect('--method', 'prompts/get', '--prompt-name', prompt)).includes('messages'),
    'no messages',
  );
});
await report.step('resource', async () => {
  if (resource === null) return '-';
  expectThat(
    (await inspect('--method', 'resources/read', '--uri', resource)).includes('contents'),
    'no contents',
  );
});
report.print();
