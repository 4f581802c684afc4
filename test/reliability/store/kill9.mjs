/**
 * Kills a process that commits without pause, with SIGKILL at random moments, and looks whether all it acknowledged is
 * still there. By hand: `node test/reliability/store/kill9.mjs [rounds] [directory of the built sources]`.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath, pathToFileURL } from 'node:url';

const WRITERS = 8;
const RECORDS = 200;
const LONGEST_LIFE_MS = 400;

const [role = '25', built = 'dist', directory = '', life = ''] = process.argv.slice(2);

async function openStore(where) {
  const load = (path) => import(pathToFileURL(resolve(built, path)).href);
  const { FileStore } = await load('storage/file.store.js');
  const { NodeFileSystem } = await load('storage/node.file-system.js');
  const { SystemClock } = await load('kernel/clock.js');
  const { SilentLogger } = await load('kernel/logger.js');
  const store = new FileStore({
    directory: where,
    fileSystem: new NodeFileSystem(),
    clock: new SystemClock(),
    logger: new SilentLogger(),
    limits: { compactRecords: 300 },
  });
  await store.open();
  return store;
}

/** Commits until it is killed; says on its output what was acknowledged, after it was. */
async function writeForever() {
  const store = await openStore(directory);
  const write = async (writer) => {
    for (let n = 0; ; n += 1) {
      const tag = `${life}.${writer}.${n}`;
      const id = `r${(writer * 31 + n) % RECORDS}`;
      const changes = [
        { kind: 'service', id, op: 'put', doc: { tag, padding: 'x'.repeat((n * 97) % 3000) } },
        { kind: 'revision', id: `${id}/${1 + (n % 20)}`, op: 'put', doc: { tag } },
      ];
      const meta = { actor: 'test', source: 'test', verb: 'test.write', reason: tag };
      const revision = await store.commit(changes, meta);
      writeSync(1, `${tag} ${revision}\n`);
    }
  };
  await Promise.all(Array.from({ length: WRITERS }, (_, writer) => write(writer)));
}

async function liveAndDie(where, round) {
  const self = fileURLToPath(import.meta.url);
  const child = spawn(process.execPath, [self, 'write', built, where, String(round)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const acknowledged = [];
  const lines = createInterface({ input: child.stdout });
  lines.on('line', (line) => acknowledged.push(line.split(' ')));
  const ended = once(lines, 'close');
  await Promise.race([once(lines, 'line'), once(child, 'exit')]);
  setTimeout(() => child.kill('SIGKILL'), Math.random() * LONGEST_LIFE_MS);
  await ended;
  return acknowledged;
}

async function check(where, acknowledged) {
  const store = await openStore(where);
  const found = new Map();
  let from = 0;
  for (let page = await store.changesSince(from); page.length > 0;) {
    for (const commit of page) found.set(commit.meta.reason, commit.revision);
    from = page.at(-1).revision;
    page = await store.changesSince(from);
  }
  const lost = acknowledged.filter(([tag, revision]) => found.get(tag) !== Number(revision));
  for (const { id } of store.ids('revision')) await store.read('revision', id);
  const { read_only: isReadOnly, reason, faults, boot } = store.status();
  await store.close();
  if (lost.length > 0 || isReadOnly || faults.length > 0 || from !== found.size) {
    throw new Error(JSON.stringify({ lost: lost.slice(0, 5), reason, faults, from }));
  }
  return { commits: found.size, boot };
}

if (role === 'write') {
  await writeForever();
} else {
  const parent = await mkdtemp(join(tmpdir(), 'store-kill-'));
  const where = join(parent, 'services');
  const acknowledged = [];
  for (let round = 1; round <= Number(role); round += 1) {
    acknowledged.push(...(await liveAndDie(where, round)));
    const { commits, boot } = await check(where, acknowledged);
    console.log(
      `round ${round}: ${acknowledged.length} acknowledged, ${commits} found, ` +
        `boot ${boot.duration_ms} ms, ${boot.replayed} replayed, ${boot.cut_bytes} bytes cut`,
    );
  }
  await rm(parent, { recursive: true, force: true });
  console.log('Nothing acknowledged was lost.');
}
