import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AUDITED_ROUTES, DATA_PLANE, upstream, type Ask, type World } from './audited-routes.js';
import { GatewayProcess, type Answer, type Json } from '../support/gateway-process.js';

const AUDIT = '/api/v1/audit';
const CANARY = 'canary-7d1f0c9e5b';
const KEYS = {
  admin: {
    secret: 'k-admin-0123456789abcdef0123456789abcdef',
    scopes: ['read', 'write', 'invoke', 'exec', 'admin'],
  },
  reader: { secret: 'k-reader-0123456789abcdef0123456789abcde', scopes: ['read'] },
};
const FLOOD = 2_000;

let ids = 0;
const nextId = (): string => `audit-test-${(ids += 1)}`;

async function entriesOf(gateway: GatewayProcess, query: string, headers = {}): Promise<Json[]> {
  const { body } = await gateway.request('GET', `${AUDIT}?limit=500&${query}`, undefined, headers);
  return body.items;
}

describe('every mutating operation of the OpenAPI document', () => {
  let gateway: GatewayProcess;
  let world: World;

  beforeAll(async () => {
    gateway = await GatewayProcess.start({ env: { SWITCHYARD_SECRET_CANARY: CANARY } });
    world = { gateway, kept: new Map() };
    const env = { GREETING: '${env:SWITCHYARD_SECRET_CANARY}' };
    const created = await gateway.register({
      name: 'main',
      config: { runtime: { ...upstream('v1'), env } },
    });
    expect(created.status).toBe(201);
  }, 60_000);
  afterAll(() => gateway.dispose(), 30_000);

  const send = async (operation: string, ask: Ask): Promise<[Answer<Json>, string]> => {
    const [method = ''] = operation.split(' ');
    const id = nextId();
    const headers = { ...ask.headers, 'x-request-id': id };
    return [await gateway.request(method, ask.path, ask.body, headers), id];
  };

  const textOf = async (path: string): Promise<string> => (await fetch(gateway.url + path)).text();

  it('is in the table of this test', async () => {
    const { body } = await gateway.request('GET', '/openapi.json');
    const operations = Object.entries(body.paths as Record<string, object>)
      .flatMap(([path, methods]) =>
        Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
      )
      .filter((operation) => !operation.startsWith('GET ') && !DATA_PLANE.test(operation))
      // Each tool is an operation of its own.
      .filter((operation) => !/\/api\/v1\/services\/[^{/]+\/tools\//.test(operation));
    expect(operations.filter((operation) => AUDITED_ROUTES[operation] === undefined)).toEqual([]);
    const served = new Set(operations);
    expect(Object.keys(AUDITED_ROUTES).filter((operation) => !served.has(operation))).toEqual([]);
  });

  it.each(Object.entries(AUDITED_ROUTES))(
    'has one entry for a failure and one for a success: %s',
    async (operation, { fails, succeeds, keeps }) => {
      const [failed, failedId] = await send(operation, await fails(world));
      expect([operation, failed.status >= 400, failed.status]).toEqual([
        operation,
        true,
        failed.status,
      ]);
      expect(await entriesOf(gateway, `request_id=${failedId}`)).toMatchObject([
        {
          outcome: 'failed',
          actor: 'local',
          status: failed.status,
          code: failed.body.code,
          count: 1,
        },
      ]);
      if (typeof succeeds === 'string') return;
      const [done, doneId] = await send(operation, await succeeds(world));
      expect([operation, done.status < 400, done.body?.detail]).toEqual([
        operation,
        true,
        done.body?.detail,
      ]);
      keeps?.(done.body, world);
      const entries = await entriesOf(gateway, `request_id=${doneId}`);
      expect(entries).toMatchObject([{ outcome: 'done', actor: 'local' }]);
      expect(entries[0].verb).toMatch(/^[a-z-]+(\.[a-z-]+)+$/);
    },
    60_000,
  );

  it('has one entry as well when it failed after it had stored something', async () => {
    const bad = {
      name: 'bad',
      config: { runtime: { command: 'node', args: ['/no/such/file.mjs'] } },
    };
    const [answer, id] = await send('POST ', { path: '/api/v1/services', body: bad });
    expect(answer.status).toBe(422);
    expect(await entriesOf(gateway, `request_id=${id}`)).toMatchObject([
      {
        outcome: 'failed',
        verb: 'service.create',
        code: 'lifecycle.activation-failed',
        subject: answer.body.service_id,
        commits: [{ verb: 'service.create', subject: answer.body.service_id }],
      },
    ]);
    expect(await entriesOf(gateway, 'subject=bad&outcome=failed')).toHaveLength(1);
  }, 60_000);

  it('sees a body that cannot be read, and a write that only reads', async () => {
    const id = nextId();
    await fetch(`${gateway.url}/api/v1/services`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-request-id': id },
      body: '{"name":',
    });
    expect(await entriesOf(gateway, `request_id=${id}`)).toMatchObject([
      { outcome: 'failed', route: 'POST /api/v1/services', status: 400 },
    ]);
    const dry = await send('POST ', {
      path: '/api/v1/services?dry_run=true',
      body: { name: 'dry' },
    });
    expect(await entriesOf(gateway, `request_id=${dry[1]}`)).toHaveLength(1);
  });

  it('leaves tool calls alone', async () => {
    const path = '/api/v1/services/main/tools/echo';
    const [done, doneId] = await send('POST ', { path, body: { text: 'hi' } });
    const [failed, failedId] = await send('POST ', { path, body: { text: 7 } });
    expect([done.status, failed.status]).toEqual([200, 422]);
    expect(await entriesOf(gateway, `request_id=${doneId}`)).toEqual([]);
    expect(await entriesOf(gateway, `request_id=${failedId}`)).toEqual([]);
  });

  it('pages, filters by subject and verb, and refuses what it does not know', async () => {
    const all: Json[] = [];
    let cursor = '';
    do {
      const { body } = await gateway.request('GET', `${AUDIT}?limit=7${cursor}`);
      // Counters of this minute have no number yet.
      all.push(...body.items.filter(({ number }: Json) => number !== null));
      cursor = body.next_cursor === null ? '' : `&cursor=${body.next_cursor}`;
    } while (cursor !== '');
    const places = all.map(({ chain, number }) => `${chain} ${number}`);
    expect(new Set(places).size).toBe(places.length);
    expect(places.length).toBeGreaterThan(80);
    for (const chain of ['journal', 'attempts']) {
      const numbers = all.filter((one) => one.chain === chain).map(({ number }) => Number(number));
      expect(numbers).toEqual([...numbers].sort((left, right) => right - left));
    }
    const mine = await entriesOf(gateway, 'subject=main&verb=service.');
    expect(mine.length).toBeGreaterThan(4);
    expect(mine.every(({ subject_name }) => subject_name === 'main')).toBe(true);
    expect((await gateway.request('GET', `${AUDIT}?colour=red`)).body.errors[0].pointer).toBe(
      '#query/colour',
    );
    expect((await gateway.request('GET', `${AUDIT}?cursor=x`)).status).toBe(400);
  });

  it('is verified as a whole, and by whoever has the export', async () => {
    const { body } = await gateway.request('GET', `${AUDIT}/verify`);
    expect(body).toMatchObject({
      intact: true,
      lost: 0,
      journal: { breaks: [] },
      attempts: { breaks: [] },
    });
    const text = await textOf(`${AUDIT}/export`);
    const lines = text.trimEnd().split('\n');
    const { heads } = JSON.parse(lines[0] ?? '');
    const ends = { journal: '0'.repeat(64), attempts: '0'.repeat(64) };
    for (const line of lines.slice(1, -1)) {
      const { prev_hash, hash, seq } = JSON.parse(line);
      const chain = seq === undefined ? 'journal' : 'attempts';
      expect(prev_hash).toBe(ends[chain]);
      const content = line.slice(0, line.lastIndexOf(',"hash":"'));
      expect(createHash('sha256').update(content).digest('hex')).toBe(hash);
      ends[chain] = hash;
    }
    expect(ends).toEqual({ journal: heads.journal.hash, attempts: heads.attempts.hash });
  });

  it('keeps a resolved secret out of every answer, file and log', async () => {
    const answers = await Promise.all(
      [`${AUDIT}?limit=500`, `${AUDIT}/export`, `${AUDIT}/verify`].map(textOf),
    );
    const files = readdirSync(gateway.dataDir, { recursive: true, encoding: 'utf8' })
      .map((name) => join(gateway.dataDir, name))
      .filter((path) => statSync(path).isFile())
      .map((path) => readFileSync(path, 'latin1'));
    expect(files.length).toBeGreaterThan(10);
    const everything = [...answers, ...files, gateway.logs];
    expect(everything.filter((text) => text.includes(CANARY))).toEqual([]);
  });

  it('finds out at the next start that a line was changed, and says where', async () => {
    const folder = join(gateway.dataDir, 'services', 'audit');
    const [file = ''] = readdirSync(folder).filter((name) => name.startsWith('attempts-'));
    await gateway.stop();
    const lines = readFileSync(join(folder, file), 'utf8').split('\n');
    lines[4] = lines[4]?.replace('"actor":"local"', '"actor":"mallo"') ?? '';
    writeFileSync(join(folder, file), lines.join('\n'));
    const again = await GatewayProcess.start({
      dataDir: gateway.dataDir,
      env: { SWITCHYARD_SECRET_CANARY: CANARY },
    });
    const { body } = await again.request('GET', `${AUDIT}/verify`);
    await again.stop();
    expect(body).toMatchObject({
      intact: false,
      journal: { intact: true },
      attempts: { break_count: 1, breaks: [{ fault: 'unreadable', file, line: 5, number: 5 }] },
    });
  }, 60_000);
});

describe('who is refused', () => {
  let folder: string;
  let gateway: GatewayProcess;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'audit-keys-'));
    const file = join(folder, 'keys.json');
    const keys = Object.entries(KEYS).map(([id, { secret, scopes }]) => ({
      id,
      sha256: createHash('sha256').update(secret).digest('hex'),
      scopes,
    }));
    writeFileSync(file, JSON.stringify({ keys }), { mode: 0o600 });
    gateway = await GatewayProcess.start({ env: { SWITCHYARD_API_KEYS_FILE: file } });
    const created = await gateway.register(
      {
        name: 'closed',
        config: { runtime: upstream('v1'), security: { tools: { deny: ['write'] } } },
      },
      as('admin'),
    );
    expect([created.status, created.body.errors]).toEqual([201, undefined]);
  }, 60_000);
  afterAll(async () => {
    await gateway.dispose();
    rmSync(folder, { recursive: true, force: true });
  }, 30_000);

  function as(key: keyof typeof KEYS): Record<string, string> {
    return { 'x-api-key': KEYS[key].secret };
  }

  it('is counted by actor, route, code and minute, in one record, and not in the journal', async () => {
    const before = (await gateway.request('GET', `${AUDIT}/verify`, undefined, as('admin'))).body;
    const send = async (n: number): Promise<void> => {
      const headers = n % 2 === 0 ? {} : as('reader');
      const { status } = await gateway.request(
        'POST',
        '/api/v1/services',
        { name: `x${n}` },
        headers,
      );
      expect(status).toBe(n % 2 === 0 ? 401 : 403);
    };
    for (let n = 0; n < FLOOD; n += 50) {
      await Promise.all(Array.from({ length: 50 }, (_, index) => send(n + index)));
    }
    const entries = await entriesOf(gateway, 'outcome=denied&verb=service.create', as('admin'));
    const count = (actor: string): number =>
      entries.filter((one) => one.actor === actor).reduce((sum, one) => sum + one.count, 0);
    expect([count('anonymous'), count('reader')]).toEqual([FLOOD / 2, FLOOD / 2]);
    // A minute may have passed meanwhile.
    expect(entries.length).toBeLessThanOrEqual(4);
    expect(entries[0]).toMatchObject({ route: 'POST /api/v1/services' });
    expect(entries.every(({ request_id }) => typeof request_id === 'string')).toBe(true);
    const after = (await gateway.request('GET', `${AUDIT}/verify`, undefined, as('admin'))).body;
    expect(after.journal.last.number - before.journal.last.number).toBeLessThan(20);
    expect(after.attempts.records).toBeLessThan(20);
  }, 60_000);

  it.each([
    [
      'a tool that the policy denies',
      '/api/v1/services/closed/tools/write',
      {},
      'admin',
      'tool.call',
    ],
    ['a scope that is missing', '/api/v1/services/closed/tools/echo', {}, 'reader', 'tool.call'],
    ['no key at the data plane', '/mcp/closed', {}, null, 'mcp.connect'],
    ['a hidden scope of the trail itself', AUDIT, undefined, 'reader', 'audit.read'],
  ] as const)('is recorded once with the request: %s', async (_what, path, body, key, verb) => {
    const id = nextId();
    const headers = { ...(key === null ? {} : as(key)), 'x-request-id': id };
    const answer = await gateway.request(body === undefined ? 'GET' : 'POST', path, body, headers);
    expect([401, 403]).toContain(answer.status);
    const actor = key ?? 'anonymous';
    expect(await entriesOf(gateway, `request_id=${id}`, as('admin'))).toMatchObject([
      { outcome: 'denied', actor, verb, count: 1, code: answer.body.code },
    ]);
  });
});
