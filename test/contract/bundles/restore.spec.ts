import { describe, expect, it } from '@jest/globals';
import { ProblemError } from '../../../src/kernel/problem.js';
import type { JsonObject } from '../../../src/kernel/json.js';
import { bodyOf, created, CTX, needing, prepared } from '../registry/registry-fixture.js';
import { DIRECTORY, META, uuid } from './backup-rig.js';
import { PLAIN, restoreRig, wantedOf, type RestoreRig } from './restore-rig.js';

const ADMIN = { ...CTX, scopes: new Set(['admin']) };

const template = (revision: number, more: JsonObject = {}): JsonObject => ({
  schema_version: '1.0',
  template_id: 'team',
  revision,
  title: 'Team',
  description: '',
  extends: 'executable_service@1',
  config: { runtime: { call_timeout_ms: 1000 * revision } },
  overlays: {},
  ...more,
});

const route = (service_id: string, path: string): JsonObject => ({
  schema_version: '1.0',
  route_id: uuid(500),
  service_id,
  path,
  priority: 0,
  version: null,
  description: null,
  created_at: '2026-01-01T00:00:00.000Z',
  actor: 'alice',
});

async function put(rig: RestoreRig, kind: 'template' | 'route' | 'approval', doc: JsonObject) {
  const id = String(doc['template_id'] ?? doc['route_id'] ?? doc['service_id']);
  await rig.store.commit([{ kind, id, op: 'put', doc }], META);
}

/** Three services, one of a custom template, one inactive; an extra route, an approval and an archived service. */
async function populate(rig: RestoreRig): Promise<Record<'a' | 'b' | 'c' | 'gone', string>> {
  const { registry } = rig;
  await put(rig, 'template', template(1));
  const a = await created(registry, bodyOf('alpha', { extends: 'team' }));
  const b = await created(registry, needing('beta', 'alpha'));
  const c = await created(registry, bodyOf('gamma'), { draft: true });
  const gone = await created(registry, bodyOf('gone'));
  await registry.setDesired(gone.service_id, 'archived', CTX);
  await registry.archive(gone.service_id);
  await put(rig, 'route', route(a.service_id, '/mcp/alpha/extra'));
  const approval = { schema_version: '1.0', service_id: c.service_id, revision: 1, tools: ['x'] };
  await put(rig, 'approval', approval);
  return {
    a: a.service_id,
    b: b.service_id,
    c: c.service_id,
    gone: gone.service_id,
  };
}

async function change(rig: RestoreRig, ids: Awaited<ReturnType<typeof populate>>): Promise<void> {
  const { registry, store } = rig;
  await put(rig, 'template', template(2));
  await store.commit(
    [{ kind: 'template_revision', id: 'team/1', op: 'put', doc: template(1) }],
    META,
  );
  await registry.propose(
    ids.a,
    await prepared(registry, bodyOf('alpha', { description: 'changed', extends: 'team' })),
    CTX,
  );
  await registry.promote(ids.a, 2, { tools: [] });
  await registry.setDesired(ids.b, 'archived', CTX);
  await registry.archive(ids.b);
  await registry.erase(ids.c, CTX);
  await created(registry, bodyOf('newcomer'));
  await put(rig, 'template', template(1, { template_id: 'later' }));
  await store.commit(
    [
      { kind: 'route', id: uuid(500), op: 'delete' },
      { kind: 'approval', id: ids.c, op: 'delete' },
      { kind: 'archive', id: ids.gone, op: 'delete' },
      { kind: 'revision', id: `${ids.gone}/1`, op: 'delete' },
    ],
    META,
  );
}

async function problemOf(work: Promise<unknown>): Promise<ProblemError> {
  try {
    await work;
  } catch (error) {
    if (error instanceof ProblemError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}

describe('a restore', () => {
  it('brings everything that is wanted back to what it was, as one commit on the same journal', async () => {
    const rig = await restoreRig();
    const ids = await populate(rig);
    const wanted = wantedOf(rig);
    const { backup_id: id } = await rig.backups.create();
    await change(rig, ids);
    const before = rig.store.revision;
    rig.events.length = 0;
    const result = await rig.restores.restore(id, ADMIN, PLAIN);
    expect(result.outcome).toBe('restored');
    expect(wantedOf(rig)).toBe(wanted);
    expect(result.revision).toBe(before + 1);
    const [commit] = await rig.store.changesSince(before, 1);
    expect(commit?.meta).toMatchObject({ verb: 'backup.restore', subject: id, actor: 'alice' });
    expect(await rig.store.read('archive', ids.gone)).toBeDefined();
    expect(await rig.store.read('revision', `${ids.gone}/1`)).toBeDefined();
    expect(rig.store.get('template_revision', 'team/2')?.doc).toEqual(template(2));
    expect(rig.store.get('template_revision', 'team/1')).toBeUndefined();
    expect(rig.store.get('template_revision', 'later/1')).toBeDefined();
  }, 20_000);

  it('says of each service what became of it, and starts what is served by the way of events', async () => {
    const rig = await restoreRig();
    const ids = await populate(rig);
    const { backup_id: id } = await rig.backups.create();
    await change(rig, ids);
    rig.events.length = 0;
    const { services, items } = await rig.restores.restore(id, ADMIN, PLAIN);
    const outcomes = new Map(services.map(({ name, outcome }) => [name, outcome]));
    expect(Object.fromEntries(outcomes)).toEqual({
      alpha: 'serving',
      beta: 'serving',
      gamma: 'stored',
      newcomer: 'archived',
    });
    const actions = items
      .filter(({ kind }) => kind === 'service')
      .map(({ name, action }) => [name, action]);
    expect(Object.fromEntries(actions)).toEqual({
      alpha: 'update',
      beta: 'restore',
      gamma: 'create',
      newcomer: 'archive',
    });
    const told = new Set(rig.events.map(([name]) => name));
    for (const name of ['RevisionProposed', 'ServiceRestored', 'ServiceCreated']) {
      expect(told).toContain(name);
    }
  });

  it('changes nothing when it is tried, and names the same changes', async () => {
    const rig = await restoreRig();
    const ids = await populate(rig);
    const { backup_id: id } = await rig.backups.create();
    await change(rig, ids);
    const before = { revision: rig.store.revision, wanted: wantedOf(rig) };
    const plan = await rig.restores.restore(id, ADMIN, { ...PLAIN, dryRun: true });
    expect(plan).toMatchObject({ outcome: 'planned', conflicts: [], services: [] });
    expect({ revision: rig.store.revision, wanted: wantedOf(rig) }).toEqual(before);
    const done = await rig.restores.restore(id, ADMIN, PLAIN);
    expect(done.items).toEqual(plan.items);
  });

  it('of what is there already commits nothing', async () => {
    const rig = await restoreRig();
    await populate(rig);
    const { backup_id: id } = await rig.backups.create();
    const { revision } = rig.store;
    const result = await rig.restores.restore(id, ADMIN, PLAIN);
    expect(result).toMatchObject({ outcome: 'unchanged', revision, services: [] });
    expect(rig.store.revision).toBe(revision);
  });

  it('of records alone is a commit too, and touches no service', async () => {
    const rig = await restoreRig();
    await populate(rig);
    const wanted = wantedOf(rig);
    const { backup_id: id } = await rig.backups.create();
    await rig.store.commit([{ kind: 'route', id: uuid(500), op: 'delete' }], META);
    const { revision } = rig.store;
    rig.events.length = 0;
    const result = await rig.restores.restore(id, ADMIN, PLAIN);
    expect(result).toMatchObject({ outcome: 'restored', revision: revision + 1, services: [] });
    expect(wantedOf(rig)).toBe(wanted);
    expect(rig.events).toEqual([]);
  });

  it('names in its plan what it would be refused with', async () => {
    const rig = await restoreRig();
    const ids = await populate(rig);
    const { backup_id: id } = await rig.backups.create();
    await rig.registry.setDesired(ids.b, 'archived', CTX);
    await rig.registry.setDesired(ids.a, 'archived', CTX);
    const plan = await rig.restores.restore(id, ADMIN, { ...PLAIN, dryRun: true });
    expect(plan.conflicts.map(({ name, code }) => [name, code])).toEqual([
      ['alpha', 'registry.archiving'],
      ['beta', 'registry.archiving'],
    ]);
    const before = rig.store.revision;
    const refused = await problemOf(rig.restores.restore(id, ADMIN, PLAIN));
    expect(refused.code).toBe('registry.batch-refused');
    expect(rig.store.revision).toBe(before);
  });

  it('leaves what the backup does not have when it is told to', async () => {
    const rig = await restoreRig();
    const ids = await populate(rig);
    const { backup_id: id } = await rig.backups.create();
    await change(rig, ids);
    const options = { ...PLAIN, keepOthers: true };
    const { items } = await rig.restores.restore(id, ADMIN, options);
    const kept = items
      .filter(({ action }) => action === 'keep')
      .map(({ kind, name }) => [kind, name]);
    expect(kept).toEqual([
      ['service', 'newcomer'],
      ['template', 'later'],
    ]);
    expect(rig.registry.find('newcomer')?.desired).toBe('active');
  });

  it('lets nothing that stays stand on another template than before', async () => {
    const home = await restoreRig();
    await populate(home);
    const { backup_id: id } = await home.backups.create();
    const away = await restoreRig({}, undefined, home.disk);
    await put(away, 'template', template(1, { config: { runtime: { call_timeout_ms: 7 } } }));
    const options = { ...PLAIN, keepOthers: true };
    const refused = await problemOf(away.restores.restore(id, ADMIN, options));
    expect(refused.code).toBe('config.template-revision-taken');
    const plan = await away.restores.restore(id, ADMIN, { ...options, dryRun: true });
    expect(plan.conflicts).toMatchObject([{ code: 'config.template-revision-taken' }]);
    expect((await away.restores.restore(id, ADMIN, PLAIN)).outcome).toBe('restored');
  });

  it('brings a whole registry to another machine, its history included', async () => {
    const home = await restoreRig();
    const ids = await populate(home);
    await home.registry.propose(
      ids.a,
      await prepared(home.registry, bodyOf('alpha', { description: 'two', extends: 'team' })),
      CTX,
    );
    await home.registry.promote(ids.a, 2, { tools: [] });
    const { backup_id: id } = await home.backups.create();
    const away = await restoreRig({}, undefined, home.disk);
    const result = await away.restores.restore(id, ADMIN, PLAIN);
    expect(result.outcome).toBe('restored');
    expect(wantedOf(away)).toBe(wantedOf(home));
    expect(away.registry.require('alpha')).toMatchObject({ revision: 2 });
    const older = await away.store.read('revision', `${ids.a}/1`);
    expect(older?.doc).toEqual((await home.store.read('revision', `${ids.a}/1`))?.doc);
    expect(await away.store.read('archive', ids.gone)).toBeDefined();
  });

  it('takes a service of the same name for the one of the backup, so that its clients stay', async () => {
    const rig = await restoreRig();
    const ids = await populate(rig);
    const { backup_id: id } = await rig.backups.create();
    await rig.registry.erase(ids.c, CTX);
    await rig.registry.setDesired(ids.b, 'archived', CTX);
    await rig.registry.archive(ids.b);
    const other = await created(rig.registry, bodyOf('beta', { description: 'another' }));
    const { items, outcome } = await rig.restores.restore(id, ADMIN, PLAIN);
    expect(outcome).toBe('restored');
    expect(items.find(({ name }) => name === 'beta')).toEqual({
      kind: 'service',
      id: other.service_id,
      name: 'beta',
      action: 'update',
      detail: `It has the name now; in the backup it is ${ids.b}.`,
    });
    expect(rig.registry.require('beta')).toMatchObject({
      service_id: other.service_id,
      spec: { description: null },
    });
  });

  it('is refused whole when something is not valid here, or leaves just that out', async () => {
    const rig = await restoreRig();
    await populate(rig);
    const { backup_id: id } = await rig.backups.create();
    const away = await restoreRig({ commands: ['node'] }, undefined, rig.disk);
    const before = away.store.revision;
    const refused = await problemOf(away.restores.restore(id, ADMIN, PLAIN));
    expect(refused).toMatchObject({ code: 'bundles.restore-refused', status: 422 });
    expect(refused.details.errors?.[0]?.pointer).toMatch(
      /^\/records\/service\/.*\/spec\/config\/runtime\/command$/,
    );
    expect(away.store.revision).toBe(before);
    const options = { ...PLAIN, skipInvalid: true };
    const { items } = await away.restores.restore(id, ADMIN, options);
    const skipped = items.filter(({ action }) => action === 'skip').map(({ name }) => name);
    expect(skipped.sort()).toEqual(['alpha', 'beta', 'gamma']);
    expect(away.store.get('template', 'team')).toBeDefined();
  });

  it('of a damaged backup is refused 200 times, and changes nothing', async () => {
    const rig = await restoreRig();
    const ids = await populate(rig);
    const { backup_id: id } = await rig.backups.create();
    await change(rig, ids);
    const before = rig.store.revision;
    const names = await rig.disk.names(DIRECTORY);
    let seed = 4711;
    for (let round = 0; round < 200; round += 1) {
      const path = `${DIRECTORY}/${id}.tar.gz${round % 4 === 0 ? '.sha256' : ''}`;
      const whole = await rig.disk.read(path);
      seed = (seed * 48_271) % 2_147_483_647;
      const damaged = Buffer.from(whole);
      const at = seed % (whole.length * 8);
      damaged[at >> 3] = (damaged[at >> 3] ?? 0) ^ (1 << (at & 7));
      rig.disk.overwrite(path, damaged);
      const problem = await problemOf(rig.restores.restore(id, ADMIN, PLAIN));
      expect(problem.code).toBe('bundles.backup-damaged');
      rig.disk.overwrite(path, whole);
    }
    expect(rig.store.revision).toBe(before);
    expect(await rig.disk.names(DIRECTORY)).toEqual(names);
    expect((await rig.restores.restore(id, ADMIN, PLAIN)).outcome).toBe('restored');
  });

  it('changes nothing when there is no room to unpack, and leaves nothing of it', async () => {
    const rig = await restoreRig();
    const ids = await populate(rig);
    const { backup_id: id } = await rig.backups.create();
    await change(rig, ids);
    const before = { revision: rig.store.revision, files: rig.disk.contents() };
    rig.disk.capacity = rig.disk.usedBytes + 2000;
    const problem = await problemOf(rig.restores.restore(id, ADMIN, PLAIN));
    expect(problem.code).toBe('storage.disk-full');
    expect({ revision: rig.store.revision, files: rig.disk.contents() }).toEqual(before);
  });
});
