/**
 * Watchers of the change feed whose connections are cut at random while others write: what each has put together in the end
 * is compared with the audit export, line by line. By hand, built: `node test/reliability/watchers.mjs [--writes 5000] [--watchers 8] [--seed 1]`.
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { request } from 'node:http';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

const { values } = parseArgs({
  options: {
    writes: { type: 'string', default: '5000' },
    watchers: { type: 'string', default: '8' },
    seed: { type: 'string', default: '1' },
  },
});
const WRITES = Number(values.writes);
const WATCHERS = Number(values.watchers);
const WRITERS = 16;
const root = join(import.meta.dirname, '..', '..');
const dataDir = mkdtempSync(join(tmpdir(), 'watchers-'));
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** The same cuts for the same seed (mulberry32). */
function random(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

async function freePort() {
  const server = createServer();
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}

const port = await freePort();
const base = `http://127.0.0.1:${port}`;

async function startGateway() {
  const child = spawn(process.execPath, [join(root, 'dist', 'bundle', 'main.js')], {
    env: {
      PATH: process.env.PATH,
      SWITCHYARD_PORT: String(port),
      SWITCHYARD_DATA_DIR: dataDir,
      SWITCHYARD_LOG_LEVEL: 'error',
    },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  for (let tries = 0; tries < 600; tries += 1) {
    const ready = await fetch(`${base}/readyz`)
      .then((answer) => answer.ok)
      .catch(() => false);
    if (ready) return child;
    await pause(50);
  }
  child.kill('SIGKILL');
  throw new Error('the gateway was not ready in 30 s');
}

async function api(method, path, body, headers = {}) {
  const answer = await fetch(`${base}/api/v1${path}`, {
    method,
    headers: { 'content-type': 'application/json', ...headers },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text.slice(0, 300)}`);
  return text;
}

/** One client of the feed: an event stream or long polls, each connection cut after a random while or number of bytes. */
class Watcher {
  constructor(number, kind) {
    this.number = number;
    this.kind = kind;
    this.next = random(Number(values.seed) * 1000 + number);
    this.at = 0;
    this.seen = [];
    this.faults = [];
    this.cuts = 0;
    this.stalls = 0;
    this.bookmarks = 0;
  }

  take(revision, change) {
    if (revision <= this.at) this.faults.push(`${revision} after ${this.at}`);
    this.at = revision;
    this.seen.push([revision, change]);
  }

  async run(isOver) {
    while (!isOver(this.at)) {
      await (this.kind === 'poll' ? this.poll(isOver) : this.stream(isOver));
    }
  }

  async poll(isOver) {
    const cut = new AbortController();
    const isCut = this.next() < 0.3;
    const timer = isCut ? setTimeout(() => cut.abort(), this.next() * 60) : null;
    try {
      const answer = await fetch(`${base}/api/v1/changes?since=${this.at}&wait=2&limit=40`, {
        signal: cut.signal,
      });
      const page = await answer.json();
      if (!answer.ok) throw new Error(JSON.stringify(page));
      for (const item of page.items) this.take(item.revision, item);
      // What is hidden from the page (kept answers) is behind us as well.
      if (!isOver(this.at) && page.next > this.at) this.at = page.next;
    } catch (error) {
      if (error.name !== 'AbortError') throw error;
      this.cuts += 1;
    } finally {
      clearTimeout(timer);
    }
  }

  /** Raw HTTP, so that a cut may fall into the middle of an event, and a stall fills the buffers. */
  stream(isOver) {
    const lifeMs = 20 + this.next() * 900;
    const isSlow = this.next() < 0.25;
    return new Promise((resolve, reject) => {
      let text = '';
      const decoder = new TextDecoder();
      const asked = request(`${base}/api/v1/changes?since=${this.at}`, {
        headers: { accept: 'text/event-stream', 'last-event-id': String(this.at) },
      });
      const end = () => {
        clearTimeout(timer);
        asked.destroy();
        resolve();
      };
      const timer = setTimeout(() => {
        this.cuts += 1;
        end();
      }, lifeMs);
      asked.once('error', (error) => (asked.destroyed ? resolve() : reject(error)));
      asked.once('response', (response) => {
        if (response.statusCode !== 200) reject(new Error(`status ${response.statusCode}`));
        response.once('close', end);
        response.once('error', end);
        response.on('data', (chunk) => {
          text += decoder.decode(chunk, { stream: true });
          const events = text.split('\n\n');
          text = events.pop();
          for (const event of events) this.hear(event);
          if (isOver(this.at)) end();
          if (isSlow && this.next() < 0.2) {
            this.stalls += 1;
            response.pause();
            setTimeout(() => response.resume(), this.next() * 400);
          }
        });
      });
      asked.end();
    });
  }

  hear(event) {
    const fields = new Map(
      event.split('\n').map((line) => {
        const colon = line.indexOf(':');
        return [line.slice(0, colon), line.slice(colon + 1).trimStart()];
      }),
    );
    const data = JSON.parse(fields.get('data') ?? 'null');
    const id = Number(fields.get('id'));
    if (fields.get('event') === 'change') {
      if (id !== data.revision) this.faults.push(`event ${id} holds revision ${data.revision}`);
      this.take(id, data);
    } else if (fields.get('event') === 'bookmark') {
      this.bookmarks += 1;
      if (id < this.at) this.faults.push(`bookmark ${id} after ${this.at}`);
      this.at = id;
    }
  }
}

/** Extra routes of services that are not started, drafts, and titles: commits of one change, of two and of many. */
async function writeAll(total) {
  let left = total;
  const writer = async (number) => {
    const name = `w${number}`;
    await api('POST', '/services', {
      name,
      draft: true,
      config: { network: { url: 'http://127.0.0.1:9/mcp' } },
      hosting_mode: 'streamable_http',
    });
    for (let n = 0; left > 0; n += 1) {
      left -= 1;
      await api(
        'PATCH',
        `/services/${name}`,
        { title: `${name} ${n}`, description: 'ä€'.repeat(n % 300) },
        { 'if-match': '*' },
      );
    }
  };
  await Promise.all(Array.from({ length: WRITERS }, (_, number) => writer(number)));
}

/** What every watcher has to have seen, from the journal itself. */
async function truth() {
  const text = await api('GET', '/audit/export');
  const commits = new Map();
  for (const line of text.trimEnd().split('\n')) {
    const record = JSON.parse(line);
    if (record.revision === undefined) continue;
    const changes = record.changes.filter(({ kind }) => kind !== 'idempotency');
    if (changes.length > 0) commits.set(record.revision, changes);
  }
  return commits;
}

function compare(watcher, commits) {
  const faults = [...watcher.faults];
  const seen = new Map();
  for (const [revision, { changes }] of watcher.seen) {
    if (seen.has(revision)) faults.push(`${revision} twice`);
    seen.set(revision, changes);
  }
  for (const [revision, changes] of commits) {
    const got = seen.get(revision);
    if (got === undefined) faults.push(`${revision} missed`);
    else if (JSON.stringify(shape(got)) !== JSON.stringify(shape(changes)))
      faults.push(`${revision} split or changed`);
  }
  for (const revision of seen.keys())
    if (!commits.has(revision)) faults.push(`${revision} invented`);
  return faults;
}

const shape = (changes) => changes.map(({ kind, id, op, doc }) => [kind, id, op, doc ?? null]);

const child = await startGateway();
try {
  const startedMs = performance.now();
  let last = Infinity;
  const isOver = (at) => at >= last;
  const watchers = Array.from(
    { length: WATCHERS },
    (_, n) => new Watcher(n, n % 4 === 3 ? 'poll' : 'stream'),
  );
  const watching = Promise.all(watchers.map((watcher) => watcher.run(isOver)));
  await writeAll(WRITES);
  const wroteMs = performance.now() - startedMs;
  const commits = await truth();
  last = Math.max(...commits.keys());
  await Promise.race([
    watching,
    pause(60_000).then(() => {
      throw new Error(
        `not all watchers came to ${last}: ${watchers.map(({ at }) => at).join(' ')}`,
      );
    }),
  ]);
  let faults = 0;
  for (const watcher of watchers) {
    const found = compare(watcher, commits);
    faults += found.length;
    const { number, kind, seen, cuts, stalls, bookmarks } = watcher;
    console.log(
      `watcher ${number} (${kind}): ${seen.length} commits, ${cuts} cuts, ${stalls} stalls, ${bookmarks} bookmarks, ${found.length} faults`,
    );
    for (const fault of found.slice(0, 5)) console.log(`  ${fault}`);
  }
  const cuts = watchers.reduce((sum, watcher) => sum + watcher.cuts, 0);
  console.log(
    `${WRITES} writes by ${WRITERS} writers in ${(wroteMs / 1000).toFixed(1)} s, ${commits.size} commits; ${WATCHERS} watchers, ${cuts} cuts, ${faults} faults`,
  );
  process.exitCode = faults === 0 ? 0 : 1;
} finally {
  child.kill('SIGTERM');
  await Promise.race([new Promise((resolve) => child.once('exit', resolve)), pause(15_000)]);
  if (child.exitCode === null) child.kill('SIGKILL');
  rmSync(dataDir, { recursive: true, force: true });
}
