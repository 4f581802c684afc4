import { describe, expect, it } from '@jest/globals';
import type { BatchChange } from '../../../src/registry/batch-change.js';
import type { RegistryService } from '../../../src/registry/registry.service.js';
import type { JsonObject } from '../../../src/kernel/json.js';
import { MemoryStore } from '../../../src/storage/memory.store.js';
import type { CommitMeta, RecordChange } from '../../../src/storage/record-store.js';
import { ManualClock } from '../../support/manual-clock.js';
import {
  bodyOf,
  created,
  CTX,
  needing,
  prepared,
  registryFixture,
  type RegistryFixture,
} from './registry-fixture.js';

const VERB = { verb: 'test.batch' };
const SCRIPT = '11111111-1111-4111-8111-111111111111';
const OTHER_SCRIPT = '22222222-2222-4222-8222-222222222222';

/** Fails the commits whose verb is `fails`. */
class FailingStore extends MemoryStore {
  override commit(changes: readonly RecordChange[], meta: CommitMeta): Promise<number> {
    if (meta.verb === 'fails') return Promise.reject(new Error('the disk is gone'));
    return super.commit(changes, meta);
  }
}

async function create(
  registry: RegistryService,
  body: JsonObject,
  more: Partial<Extract<BatchChange, { op: 'create' }>> = {},
): Promise<BatchChange> {
  return { op: 'create', prepared: await prepared(registry, body), desired: 'active', ...more };
}

async function update(
  registry: RegistryService,
  service_id: string,
  body: JsonObject,
  more: Partial<Extract<BatchChange, { op: 'update' }>> = {},
): Promise<BatchChange> {
  return { op: 'update', service_id, prepared: await prepared(registry, body), ...more };
}

/** Codes of what a batch is refused with, each with the name of its item. */
async function faultsOf(
  { registry, store }: RegistryFixture,
  changes: readonly BatchChange[],
): Promise<string[]> {
  const before = store.revision;
  const error: unknown = await registry.applyBatch(changes, CTX, VERB).catch((one: unknown) => one);
  expect(error).toMatchObject({ code: 'registry.batch-refused', status: 409 });
  expect(store.revision).toBe(before);
  const { items } = (error as { details: { extra: { items: { name: string; code: string }[] } } })
    .details.extra;
  return items.map(({ name, code }) => `${name} ${code.replace('registry.', '')}`);
}

describe('a batch', () => {
  it('is one commit, told as the single writers tell it', async () => {
    const fixture = await registryFixture();
    const { registry, store, events } = fixture;
    const served = await created(registry, bodyOf('served'));
    const idle = await created(registry, bodyOf('idle'), { draft: true });
    const going = await created(registry, bodyOf('going'));
    events.splice(0);
    const before = store.revision;
    const route = { kind: 'route', id: 'r1', op: 'put', doc: { route_id: 'r1' } } as const;
    const result = await registry.applyBatch(
      [
        await create(registry, bodyOf('fresh')),
        await update(registry, served.service_id, bodyOf('served', { title: 'new' })),
        await update(registry, idle.service_id, bodyOf('idle', { title: 'new' })),
        { op: 'desire', service_id: going.service_id, desired: 'archived' },
      ],
      CTX,
      { ...VERB, subject: 'all of it', extra: [route] },
    );
    expect(result.services.map(({ name, outcome, revision }) => [name, outcome, revision])).toEqual(
      [
        ['fresh', 'created', 1],
        ['served', 'proposed', 2],
        ['idle', 'stored', 2],
        ['going', 'desired', 1],
      ],
    );
    expect([result.revision, store.revision]).toEqual([before + 1, before + 1]);
    expect(events.map(([name]) => name)).toEqual([
      'ServiceCreated',
      'RevisionProposed',
      'RevisionPromoted',
      'DesiredStateChanged',
    ]);
    expect(store.get('route', 'r1')).toBeDefined();
    expect(registry.require('served')).toMatchObject({ candidate: 2, revision: 1 });
    expect(registry.require('idle')).toMatchObject({ revision: 2, spec: { title: 'new' } });
    const [commit] = (await store.changesSince(before)) ?? [];
    expect(commit?.meta).toMatchObject({
      verb: 'test.batch',
      subject: 'all of it',
      actor: 'alice',
    });
    expect(JSON.stringify(commit?.meta.diff)).toContain(`/services/${idle.service_id}/title`);
  });

  it('commits nothing when nothing changes, and gives up a candidate that is not wanted any more', async () => {
    const { registry, store, events } = await registryFixture();
    const { service_id: id } = await created(registry, bodyOf('a'));
    const same = await update(registry, id, bodyOf('a'), { desired: 'active' });
    const before = store.revision;
    const { services } = await registry.applyBatch([same], CTX, VERB);
    expect([services[0]?.outcome, store.revision]).toEqual(['unchanged', before]);
    await registry.propose(id, await prepared(registry, bodyOf('a', { title: 'x' })), CTX);
    const pending = await update(registry, id, bodyOf('a', { title: 'x' }));
    const waits = await registry.applyBatch([pending], CTX, VERB);
    expect(waits.services[0]).toMatchObject({ outcome: 'proposed', revision: 2 });
    events.splice(0);
    await registry.applyBatch([same], CTX, VERB);
    expect(registry.require(id).candidate).toBeNull();
    expect(events.map(([name]) => name)).toEqual(['RevisionDiscarded']);
  });

  it('changes a spec and what is desired at once', async () => {
    const { registry, events } = await registryFixture();
    const { service_id: id } = await created(registry, bodyOf('a'), { draft: true });
    const change = await update(registry, id, bodyOf('b'), {
      desired: 'active',
      former_names: ['old'],
    });
    events.splice(0);
    await registry.applyBatch([change], CTX, VERB);
    expect(registry.require(id)).toMatchObject({
      desired: 'active',
      revision: 2,
      spec: { name: 'b' },
      former_names: ['old'],
    });
    expect(events.map(([name]) => name)).toEqual(['RevisionPromoted', 'DesiredStateChanged']);
    expect(registry.find('a')).toBeUndefined();
    await expect(created(registry, bodyOf('a'))).resolves.toBeDefined();
  });

  it('brings an archived service back with a new revision after those that are kept', async () => {
    const { registry, events } = await registryFixture();
    const { service_id: id } = await created(registry, bodyOf('a'));
    await registry.setDesired(id, 'archived', CTX);
    await registry.archive(id);
    events.splice(0);
    const back = await create(registry, bodyOf('a', { title: 'back' }), { service_id: id });
    const { services } = await registry.applyBatch([back], CTX, VERB);
    expect(services[0]).toMatchObject({ outcome: 'restored', revision: 2, service_id: id });
    const kept = [await registry.revision(id, 1), await registry.revision(id, 2)];
    expect(kept.map(({ outcome }) => outcome)).toEqual(['superseded', 'current']);
    expect(await registry.archived(id)).toBeUndefined();
    expect(await registry.revisions(id)).toHaveLength(2);
    expect(events.map(([name]) => name)).toEqual(['ServiceRestored', 'DesiredStateChanged']);
  });

  it('lets items take what others of the batch free', async () => {
    const fixture = await registryFixture();
    const { registry } = fixture;
    const one = await created(registry, bodyOf('a', { script_id: SCRIPT }), { draft: true });
    const two = await created(registry, bodyOf('b', { script_id: OTHER_SCRIPT }), { draft: true });
    await registry.applyBatch(
      [
        await update(registry, one.service_id, bodyOf('b', { script_id: OTHER_SCRIPT }), {
          former_names: [],
        }),
        await update(registry, two.service_id, bodyOf('a', { script_id: SCRIPT }), {
          former_names: [],
        }),
      ],
      CTX,
      VERB,
    );
    expect(registry.require('a').service_id).toBe(two.service_id);
    expect(registry.findByScript(SCRIPT)?.service_id).toBe(two.service_id);
    expect(registry.require('b').service_id).toBe(one.service_id);
  });

  it('holds what a served service has until its candidate is proven', async () => {
    const fixture = await registryFixture();
    const { registry } = fixture;
    const { service_id: id } = await created(registry, bodyOf('a', { script_id: SCRIPT }));
    const faults = await faultsOf(fixture, [
      await update(registry, id, bodyOf('b', { script_id: OTHER_SCRIPT })),
      await create(registry, bodyOf('a')),
      await create(registry, bodyOf('c', { script_id: SCRIPT })),
    ]);
    expect(faults).toEqual(['a name-taken', 'c script-taken']);
  });
});

describe('a batch that is refused', () => {
  it('names every fault with its item, and stores nothing', async () => {
    const fixture = await registryFixture();
    const { registry } = fixture;
    const { service_id: id } = await created(registry, bodyOf('taken'));
    const { service_id: leaving } = await created(registry, bodyOf('leaving'));
    await registry.setDesired(leaving, 'archived', CTX);
    const faults = await faultsOf(fixture, [
      await create(registry, bodyOf('taken')),
      await create(registry, bodyOf('twin')),
      await create(registry, bodyOf('twin')),
      await create(registry, bodyOf('same-id'), { service_id: id }),
      await update(registry, id, bodyOf('taken'), { if_version: 999 }),
      { op: 'desire', service_id: SCRIPT, desired: 'inactive' },
      await update(registry, leaving, bodyOf('leaving', { title: 'x' })),
      await create(registry, bodyOf('fine')),
    ]);
    expect(faults).toEqual([
      'taken name-taken',
      'twin name-taken',
      'same-id id-taken',
      'taken invalid',
      'taken etag-stale',
      `${SCRIPT} unknown`,
      'leaving archiving',
    ]);
  });

  it.each<[string, readonly [string, readonly string[]][], string[]]>([
    [
      'within the batch',
      [
        ['a', ['b']],
        ['b', ['c']],
        ['c', ['a']],
      ],
      ['a dependency-cycle'],
    ],
    [
      'with a stored service',
      [
        ['a', ['stored']],
        ['x', []],
      ],
      ['a dependency-cycle'],
    ],
    ['with itself', [['a', ['a']]], ['a dependency-cycle']],
    [
      'twice',
      [
        ['a', ['b']],
        ['b', ['a']],
        ['c', ['d']],
        ['d', ['c']],
      ],
      ['a dependency-cycle', 'c dependency-cycle'],
    ],
  ])('finds a circle %s', async (_where, services, expected) => {
    const fixture = await registryFixture();
    await created(fixture.registry, needing('stored', 'a'));
    const changes = await Promise.all(
      services.map(([name, needs]) => create(fixture.registry, needing(name, ...needs))),
    );
    expect(await faultsOf(fixture, changes)).toEqual(expected);
  });

  it('breaks a circle that another item of the batch would close', async () => {
    const { registry } = await registryFixture();
    const { service_id: id } = await created(registry, needing('a', 'b'), { draft: true });
    await registry.applyBatch(
      [await update(registry, id, bodyOf('a')), await create(registry, needing('b', 'a'))],
      CTX,
      VERB,
    );
    expect(registry.require('b').effective.integration.dependencies).toHaveLength(1);
  });

  it('archives what only services need that leave as well', async () => {
    const fixture = await registryFixture();
    const { registry } = fixture;
    const base = await created(registry, bodyOf('base'));
    const user = await created(registry, needing('user', 'base'));
    const leave = (one: { service_id: string }): BatchChange => ({
      op: 'desire',
      service_id: one.service_id,
      desired: 'archived',
    });
    expect(await faultsOf(fixture, [leave(base)])).toEqual(['base has-dependents']);
    await registry.applyBatch([leave(base), leave(user)], CTX, VERB);
    expect(registry.list().map((one) => one.desired)).toEqual(['archived', 'archived']);
    await registry.archive(base.service_id);
    expect(await registry.archived('base')).toMatchObject({ actor: 'alice' });
  });

  it('leaves no trace when the store fails, and frees its locks', async () => {
    const clock = new ManualClock();
    const store = new FailingStore(clock);
    await store.open();
    const { registry, events } = await registryFixture({}, clock, store);
    const change = await create(registry, bodyOf('a'));
    await expect(registry.applyBatch([change], CTX, { verb: 'fails' })).rejects.toThrow('the disk');
    expect([registry.list(), events]).toEqual([[], []]);
    await expect(registry.applyBatch([change], CTX, VERB)).resolves.toBeDefined();
  });
});

describe('batches and single writers at once', () => {
  it('let exactly one have each name, and never wait for each other for good', async () => {
    const { registry } = await registryFixture();
    const names = ['a', 'b', 'c', 'd', 'e'];
    const backwards = [...names].reverse();
    const batchOf = async (order: readonly string[]): Promise<unknown> =>
      registry.applyBatch(
        await Promise.all(order.map((name) => create(registry, needing(name, 'z')))),
        CTX,
        VERB,
      );
    const results = await Promise.allSettled([
      batchOf(names),
      batchOf(backwards),
      ...names.map((name) => created(registry, bodyOf(name))),
      batchOf(names),
    ]);
    const won = results.filter((one) => one.status === 'fulfilled').length;
    expect(
      registry
        .list()
        .map((one) => one.spec.name)
        .sort(),
    ).toEqual(names);
    expect([1, names.length]).toContain(won);
  });

  it('see the writes of one another', async () => {
    const { registry } = await registryFixture();
    const { service_id: id } = await created(registry, bodyOf('a'));
    const version = registry.version(id);
    const change = await update(registry, id, bodyOf('a', { title: 'batch' }), {
      if_version: version,
    });
    const single = await prepared(registry, bodyOf('a', { title: 'single' }));
    const results = await Promise.allSettled([
      registry.propose(id, single, CTX),
      registry.applyBatch([change], CTX, VERB),
    ]);
    expect(results.map((one) => one.status)).toEqual(['fulfilled', 'rejected']);
    expect(registry.candidateOf(id)?.spec.title).toBe('single');
  });

  it('take 2,000 services in a chain within seconds', async () => {
    const { registry } = await registryFixture();
    const one = await prepared(registry, needing('s0', 's1'));
    const changes = Array.from({ length: 2000 }, (_, index): BatchChange => {
      const [dependency] = one.effective.integration.dependencies;
      if (dependency === undefined) throw new Error('no dependency');
      const needs = [{ ...dependency, service: `s${String(index + 1)}` }];
      const effective = {
        ...one.effective,
        integration: { ...one.effective.integration, dependencies: needs },
      };
      const spec = { ...one.spec, name: `s${String(index)}` };
      return { op: 'create', desired: 'draft', prepared: { ...one, spec, effective } };
    });
    await registry.applyBatch(changes, CTX, VERB);
    expect(registry.list()).toHaveLength(2000);
  });
});
