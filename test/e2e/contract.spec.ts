import { afterEach, describe, expect, it } from '@jest/globals';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CallLoad } from '../support/call-load.js';
import { GatewayProcess, eventually, fixture, pause } from '../support/gateway-process.js';
import type { Answer, Json } from '../support/gateway-process.js';
import { connectHttp } from '../support/mcp-clients.js';
import { processesWith } from '../support/process-tree.js';

const KNOBBED = fixture('knobbed-server.mjs');

const cleanups: (() => Promise<unknown> | void)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
}, 60_000);

function newDataDir(): string {
  const dataDir = mkdtempSync(join(tmpdir(), 'switchyard-contract-'));
  cleanups.push(() => {
    rmSync(dataDir, { recursive: true, force: true });
  });
  return dataDir;
}

async function start(dataDir: string, port?: number): Promise<GatewayProcess> {
  const gateway = await GatewayProcess.start({ dataDir, ...(port === undefined ? {} : { port }) });
  cleanups.push(() => gateway.stop());
  return gateway;
}

const spec = (name: string, ...knobs: string[]): object => ({
  name,
  config: { runtime: { command: 'node', args: [KNOBBED, ...knobs], isolation: 'shared' } },
});

async function put(
  gateway: GatewayProcess,
  name: string,
  body: object,
  query = '',
): Promise<Answer<Json>> {
  const path = `/api/v1/services/${name}`;
  const { headers } = await gateway.request('GET', path);
  const ifMatch = { 'if-match': headers.get('etag') ?? '' };
  return gateway.request('PUT', path + query, body, ifMatch);
}

async function labelOf(gateway: GatewayProcess, name: string): Promise<string> {
  const path = `/api/v1/services/${name}/tools/label`;
  const { body } = await gateway.request('POST', path, {});
  return body.content?.[0]?.text ?? JSON.stringify(body);
}

const conditionsOf = (body: Json): string[] =>
  body.conditions.map((one: { type: string }) => one.type);

/** Whether it serves, and no revision is on its way to take over. */
async function isSettled(gateway: GatewayProcess, name: string): Promise<boolean> {
  const path = `/api/v1/services/${name}`;
  const { body: service } = await gateway.request('GET', path);
  const { body: revisions } = await gateway.request('GET', `${path}/revisions`);
  const isPending = revisions.items.some((one: Json) => one.outcome === 'candidate');
  return service.state === 'active' && !isPending;
}

describe('an update that breaks the contract of its tools', () => {
  it('is refused under traffic without a failed call, and passes when it is allowed', async () => {
    const dataDir = newDataDir();
    const gateway = await start(dataDir);
    const record = join(dataDir, 'calls.log');
    const created = await gateway.register(spec('shop', `record=${record}`, 'label=one'));
    expect(created.status).toBe(201);
    const before = await gateway.request('GET', '/api/v1/services/shop');
    const client = await connectHttp(created.body.endpoints.streamable_http);
    cleanups.push(() => client.close());
    const load = new CallLoad([client], 50, 'shop');
    await pause(300);

    const breaking = spec('shop', `record=${record}`, 'label=two', 'needs-text', 'without=write');
    const refused = await put(gateway, 'shop', breaking);
    expect([refused.status, refused.body.code]).toEqual([422, 'registry.contract-broken']);
    expect(refused.body).toMatchObject({
      stage: 'contract',
      reason: 'ContractBroken',
      action: expect.stringContaining('allow_breaking=true'),
      errors: [
        {
          pointer: '/tools/echo/inputSchema/required',
          detail: 'echo: the member "text" is required now.',
        },
        { pointer: '/tools/write', detail: 'write: the tool is gone.' },
      ],
    });
    await pause(300);
    await load.stop();
    expect(load.records.length).toBeGreaterThan(15);
    expect(load.records.filter(({ error, label }) => error !== null || label !== 'one')).toEqual(
      [],
    );
    const after = await gateway.request('GET', '/api/v1/services/shop');
    expect([after.body.revision, after.body.config]).toEqual([1, before.body.config]);
    expect(after.body.last_failure.stage).toBe('contract');
    const specPart = (answer: Answer<Json>): string | undefined =>
      answer.headers.get('etag')?.split('.')[0];
    expect(specPart(after)).toBe(specPart(before));
    await eventually(() => processesWith('label=two').length === 0, 10_000, 'the candidate ended');

    const { body: shown } = await gateway.request('GET', '/api/v1/services/shop/revisions/2');
    expect(shown.outcome).toBe('draft');
    const denied = await gateway.request('POST', '/api/v1/services/shop/rollback', {
      revision: 2,
    });
    expect([denied.status, denied.body.code]).toEqual([409, 'registry.revision-not-served']);

    const allowed = await put(gateway, 'shop', breaking, '?allow_breaking=true');
    expect([allowed.status, allowed.body.revision]).toEqual([200, 3]);
    expect(await labelOf(gateway, 'shop')).toBe('two');
    const { body: diff } = await gateway.request(
      'GET',
      '/api/v1/services/shop/revisions/diff?from=1&to=3',
    );
    expect(diff.contract.verdict).toBe('breaking');
    expect(
      diff.contract.tools
        .filter((tool: { change: string }) => tool.change !== 'unchanged')
        .map((tool: { tool: string; change: string }) => [tool.tool, tool.change]),
    ).toEqual([
      ['echo', 'changed'],
      ['write', 'removed'],
    ]);
    expect(diff.changes.map(({ path }: { path: string }) => path)).toContain('/tools/write');
  }, 60_000);

  it('says in a dry run that it was not compared, and holds for PATCH and the hook alike', async () => {
    const gateway = await start(newDataDir());
    const script_id = '7d0e1c9a-0a1f-4e0a-8f57-0a52b1f7c001';
    const manifest = (...knobs: string[]): object => ({
      script_id,
      name: 'made',
      type: 'function',
      hosting_mode: 'stdio',
      wrapper: { command: 'node', args: [KNOBBED, ...knobs] },
    });
    const hook = '/api/v1/hooks/wrapper-generated';
    expect((await gateway.request('POST', hook, manifest())).status).toBe(201);
    const dry = await put(gateway, 'made', spec('made', 'needs-text'), '?dry_run=true');
    expect(dry.body.warnings.join()).toContain('A dry run starts nothing');
    const refused = await gateway.request('POST', hook, manifest('needs-text'));
    expect([refused.status, refused.body.code]).toEqual([422, 'registry.contract-broken']);
    const path = '/api/v1/services/made';
    const patch = { config: { runtime: { args: [KNOBBED, 'without=work'] } } };
    const patched = await gateway.request('PATCH', path, patch, { 'if-match': '*' });
    expect([patched.status, patched.body.code]).toEqual([422, 'registry.contract-broken']);
    const widened = await gateway.request('POST', hook, manifest('extra-tool=more'));
    expect([widened.status, widened.body.outcome]).toEqual([200, 'updated']);
    const passed = await gateway.request(
      'POST',
      `${hook}?allow_breaking=true`,
      manifest('needs-text'),
    );
    expect([passed.status, passed.body.outcome]).toEqual([200, 'updated']);
  }, 60_000);

  it('leaves in force what served when the gateway is killed in between, allowed or not', async () => {
    const dataDir = newDataDir();
    let gateway = await start(dataDir);
    expect((await gateway.register(spec('cut', 'label=one'))).status).toBe(201);
    // Boot falls back to what served, or, when the kill came before the update had begun, carries it out: it was accepted.
    for (const [query, mayServe] of [
      ['', ['one']],
      ['?allow_breaking=true', ['one', 'two']],
    ] as const) {
      const path = `/api/v1/services/cut${query}`;
      const slow = spec('cut', 'label=two', 'needs-text', 'slow-start=3000');
      const { headers } = await gateway.request('GET', '/api/v1/services/cut');
      const pending = await gateway.request('PUT', path, slow, {
        'if-match': headers.get('etag') ?? '',
        prefer: 'wait=0',
      });
      expect(pending.status).toBe(202);
      const { port } = gateway;
      await gateway.kill9();
      gateway = await start(dataDir, port);
      await eventually(() => isSettled(gateway, 'cut'), 20_000, 'the service is back');
      expect(mayServe).toContain(await labelOf(gateway, 'cut'));
    }
    const passed = await put(
      gateway,
      'cut',
      spec('cut', 'label=two', 'needs-text'),
      '?allow_breaking=true',
    );
    expect([passed.status, await labelOf(gateway, 'cut')]).toEqual([200, 'two']);
  }, 90_000);
});

describe('a rollback', () => {
  it('passes with a warning, unless the contract is to be held; a failed one changes nothing', async () => {
    const gateway = await start(newDataDir());
    await gateway.register(spec('back', 'label=one'));
    const more = await put(gateway, 'back', spec('back', 'label=two', 'extra-tool=more'));
    expect([more.status, more.body.revision]).toEqual([200, 2]);
    const path = '/api/v1/services/back/rollback';
    const held = await gateway.request('POST', `${path}?allow_breaking=false`, { revision: 1 });
    expect([held.status, held.body.code]).toEqual([422, 'registry.contract-broken']);
    expect(await labelOf(gateway, 'back')).toBe('two');
    const back = await gateway.request('POST', path, { revision: 1 });
    expect([back.status, back.body.revision, await labelOf(gateway, 'back')]).toEqual([
      200,
      4,
      'one',
    ]);
    expect(back.body.warnings).toEqual([
      expect.stringMatching(/^Going back breaks callers of these tools: more\./),
    ]);
    const same = await gateway.request('POST', path, { revision: 4 });
    expect([same.status, same.body.outcome]).toEqual([200, 'unchanged']);
    expect(same.body.warnings).toEqual(['Revision 4 is the current one already.']);
    const unknown = await gateway.request('POST', path, { revision: 99 });
    expect([unknown.status, unknown.body.code]).toEqual([404, 'registry.revision-unknown']);
  }, 60_000);

  it('that does not start leaves the running revision untouched', async () => {
    const dataDir = newDataDir();
    const gateway = await start(dataDir);
    const old = join(dataDir, 'old.mjs');
    writeFileSync(old, readFileSync(KNOBBED));
    const config = { runtime: { command: 'node', args: [old, 'label=one'], isolation: 'shared' } };
    const created = await gateway.register({ name: 'lost', config });
    expect(created.status).toBe(201);
    expect((await put(gateway, 'lost', spec('lost', 'label=two'))).status).toBe(200);
    const before = await gateway.request('GET', '/api/v1/services/lost');
    writeFileSync(old, 'process.exit(3)');
    const failed = await gateway.request('POST', '/api/v1/services/lost/rollback', {
      revision: 1,
    });
    expect([failed.status, failed.body.code]).toEqual([422, 'lifecycle.activation-failed']);
    const after = await gateway.request('GET', '/api/v1/services/lost');
    expect([after.body.revision, after.body.state]).toEqual([2, 'active']);
    expect(after.body.config).toEqual(before.body.config);
    expect(await labelOf(gateway, 'lost')).toBe('two');
  }, 60_000);
});

describe('a pinned revision', () => {
  it('stays in the history while others are dropped from it, until it is let go', async () => {
    const gateway = await start(newDataDir());
    const draft = (count: number): object => ({
      ...spec('kept', `label=${String(count)}`),
      version: `1.0.${String(count)}`,
    });
    const made = await gateway.register({ ...draft(0), draft: true });
    expect(made.status).toBe(201);
    const path = '/api/v1/services/kept/revisions';
    const pin = (revision: number | string, pinned: unknown): Promise<Answer<Json>> =>
      gateway.request('PATCH', `${path}/${String(revision)}`, { pinned });
    const done = await pin(1, true);
    expect([done.status, done.body.pinned, done.body.pinned_by]).toEqual([200, true, ['operator']]);
    expect((await pin(77, true)).body.code).toBe('registry.revision-unknown');
    expect((await pin('x', true)).status).toBe(404);
    expect((await pin(1, 'yes')).body.errors).toEqual([
      { pointer: '/pinned', detail: 'must be true or false' },
    ]);
    for (let count = 1; count <= 24; count += 1) {
      expect((await put(gateway, 'kept', draft(count))).status).toBe(200);
    }
    const numbers = async (): Promise<number[]> =>
      (await gateway.request('GET', path)).body.items.map(
        (item: { revision: number }) => item.revision,
      );
    expect(await numbers()).toContain(1);
    expect((await numbers()).length).toBe(21);
    const current = (await numbers()).slice(0, 19);
    for (const revision of current) expect((await pin(revision, true)).status).toBe(200);
    const full = await pin((await numbers()).at(-2) ?? 0, true);
    expect([full.status, full.body.code]).toEqual([409, 'registry.too-many-pins']);
    expect((await pin(1, false)).body.pinned).toBe(false);
    for (let count = 30; count <= 52; count += 1) await put(gateway, 'kept', draft(count));
    expect(await numbers()).not.toContain(1);
  }, 90_000);
});

describe('an edit by hand of a stored document', () => {
  async function edited(
    dataDir: string,
    change: (document: Json) => void,
  ): Promise<{ gateway: GatewayProcess; file: string; written: string }> {
    const first = await start(dataDir);
    const { body } = await first.register(spec('edited', 'label=one'));
    await first.stop();
    const file = join(dataDir, 'services', 'active', `${body.service_id as string}.json`);
    const written = readFileSync(file, 'utf8');
    const document = JSON.parse(written);
    change(document);
    writeFileSync(file, JSON.stringify(document, null, 2));
    return { gateway: await start(dataDir), file, written };
  }
  const path = '/api/v1/services/edited';
  const drift = (gateway: GatewayProcess, action: string, query = ''): Promise<Answer<Json>> =>
    gateway.request('POST', `${path}/drift${query}`, { action });

  it('is adopted like any update, contract included, and then the drift is over', async () => {
    const { gateway } = await edited(newDataDir(), (document) => {
      specIn(document).config.runtime.args = [KNOBBED, 'label=hand', 'needs-text'];
    });
    const seen = await gateway.request('GET', path);
    const told = seen.body.conditions.find((one: { type: string }) => one.type === 'Drifted');
    expect(told.message).toMatch(/"action": "adopt".*"action": "revert"/);
    expect(await labelOf(gateway, 'edited')).toBe('one');
    const dry = await drift(gateway, 'adopt', '?dry_run=true');
    expect([dry.status, dry.body.would]).toEqual([200, 'update']);
    const adopted = await drift(gateway, 'adopt', '?allow_breaking=true');
    expect([adopted.status, adopted.body.outcome, adopted.body.revision]).toEqual([
      200,
      'updated',
      2,
    ]);
    expect(await labelOf(gateway, 'edited')).toBe('hand');
    await eventually(
      async () => !conditionsOf((await gateway.request('GET', path)).body).includes('Drifted'),
      5000,
      'the drift is over',
    );
    const again = await drift(gateway, 'adopt');
    expect([again.status, again.body.code]).toEqual([409, 'registry.not-drifted']);
  }, 60_000);

  it('is undone by writing the file anew', async () => {
    const { gateway, file, written } = await edited(newDataDir(), (document) => {
      specIn(document).title = 'By hand';
    });
    const reverted = await drift(gateway, 'revert');
    expect([reverted.status, reverted.body.outcome]).toEqual([200, 'reverted']);
    await eventually(
      () => withoutStore(readFileSync(file, 'utf8')) === withoutStore(written),
      5000,
      'the file is as it was',
    );
    expect(await labelOf(gateway, 'edited')).toBe('one');
    expect((await drift(gateway, 'revert')).status).toBe(409);
  }, 60_000);

  it('of anything but the specification is refused with pointers, and stays where it is', async () => {
    const { gateway, file } = await edited(newDataDir(), (document) => {
      holderOf(document).desired = 'inactive';
      specIn(document).title = 'By hand';
    });
    const refused = await drift(gateway, 'adopt');
    expect([refused.status, refused.body.code]).toEqual([422, 'registry.drift-refused']);
    expect(refused.body.errors).toEqual([
      { pointer: '/desired', detail: 'is not for editing: only /spec is.' },
    ]);
    expect(conditionsOf((await gateway.request('GET', path)).body)).toContain('Drifted');
    expect(readFileSync(file, 'utf8')).toContain('By hand');
    expect((await drift(gateway, 'burn')).status).toBe(422);
  }, 60_000);
});

/** The document within its file. */
function holderOf(file: Json): Json {
  return file.doc;
}

function specIn(file: Json): Json {
  return holderOf(file).spec;
}

/** The stored document alone: its file also says which write it is of. */
function withoutStore(text: string): string {
  return JSON.stringify(holderOf(JSON.parse(text)).spec);
}
