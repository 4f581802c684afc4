import { describe, expect, it } from '@jest/globals';
import type { JsonObject } from '../../../src/kernel/json.js';
import type { RegistryService } from '../../../src/registry/registry.service.js';
import { MemoryStore } from '../../../src/storage/memory.store.js';
import type { StorageFault, StoreStatus } from '../../../src/storage/record-store.js';
import { ManualClock } from '../../support/manual-clock.js';
import { bodyOf, created, CTX, prepared, registryFixture } from './registry-fixture.js';

const titled = (title: string): JsonObject => bodyOf('a', { title });

async function outcomes(registry: RegistryService, id: string): Promise<[number, string][]> {
  return (await registry.revisions(id)).map(({ revision, outcome }) => [revision, outcome]);
}

describe('proposing to an active service', () => {
  it('stores a candidate that leaves the service as it is but for its ETag', async () => {
    const { registry, events } = await registryFixture();
    const { service_id: id } = await created(registry, bodyOf('a'));
    const answer = await registry.propose(id, await prepared(registry, titled('x')), CTX);
    expect(answer).toEqual({ outcome: 'proposed', revision: 2 });
    expect(registry.require(id)).toMatchObject({
      revision: 1,
      candidate: 2,
      generation: 1,
      spec: { title: null },
    });
    expect(registry.etag(id, 3)).toBe('"1c2.3"');
    expect(registry.candidateOf(id)?.spec.title).toBe('x');
    expect(events.map(([name]) => name)).toEqual(['ServiceCreated', 'RevisionProposed']);
  });

  it('promotes the candidate with its tools, in one commit', async () => {
    const { registry, store, events } = await registryFixture();
    const { service_id: id } = await created(registry, bodyOf('a'));
    await registry.propose(id, await prepared(registry, titled('x')), CTX);
    const before = store.revision;
    const promoted = await registry.promote(id, 2, { tools: [{ name: 'echo' }] });
    expect(store.revision).toBe(before + 1);
    expect(promoted).toMatchObject({
      revision: 2,
      candidate: null,
      generation: 2,
      spec: { title: 'x' },
    });
    expect(await outcomes(registry, id)).toEqual([
      [2, 'current'],
      [1, 'superseded'],
    ]);
    expect((await registry.revision(id, 2)).tools).toEqual([{ name: 'echo' }]);
    expect(events.at(-1)).toEqual([
      'RevisionPromoted',
      expect.objectContaining({ revision: 2, previous: 1 }),
    ]);
    expect(registry.etag(id, 3)).toBe('"2.3"');
    await expect(registry.promote(id, 2, { tools: [] })).resolves.toMatchObject({ generation: 2 });
  });

  it('discards a candidate and is then what it was', async () => {
    const { registry, events } = await registryFixture();
    const { service_id: id } = await created(registry, bodyOf('a'));
    const before = registry.require(id);
    await registry.propose(id, await prepared(registry, titled('x')), CTX);
    expect(await registry.discard(id, 2, 'it did not start')).toBe(true);
    expect(registry.require(id)).toEqual(before);
    expect(registry.etag(id, 0)).toBe('"1.0"');
    expect(await outcomes(registry, id)).toEqual([
      [2, 'draft'],
      [1, 'current'],
    ]);
    expect(events.at(-1)).toEqual(['RevisionDiscarded', expect.objectContaining({ revision: 2 })]);
    expect(await registry.discard(id, 2, 'again')).toBe(false);
    await expect(registry.promote(id, 2, { tools: [] })).rejects.toMatchObject({
      code: 'registry.not-candidate',
    });
  });

  it('replaces a pending candidate', async () => {
    const { registry, events } = await registryFixture();
    const { service_id: id } = await created(registry, bodyOf('a'));
    await registry.propose(id, await prepared(registry, titled('x')), CTX);
    await registry.propose(id, await prepared(registry, titled('y')), CTX);
    expect(registry.require(id).candidate).toBe(3);
    expect(await outcomes(registry, id)).toEqual([
      [3, 'candidate'],
      [2, 'draft'],
      [1, 'current'],
    ]);
    expect(events.slice(2).map(([name]) => name)).toEqual([
      'RevisionDiscarded',
      'RevisionProposed',
    ]);
  });

  it('proposes the same candidate only once', async () => {
    const { registry, store } = await registryFixture();
    const { service_id: id } = await created(registry, bodyOf('a'));
    await registry.propose(id, await prepared(registry, titled('x')), CTX);
    const before = store.revision;
    const again = await registry.propose(id, await prepared(registry, titled('x')), CTX);
    expect(again).toEqual({ outcome: 'proposed', revision: 2 });
    expect(store.revision).toBe(before);
  });

  it('says unchanged for what it has, and gives up a candidate for it', async () => {
    const { registry, store, events } = await registryFixture();
    const { service_id: id } = await created(registry, bodyOf('a'));
    const same = await registry.propose(id, await prepared(registry, bodyOf('a')), CTX);
    expect(same).toEqual({ outcome: 'unchanged', revision: 1 });
    expect(store.revision).toBe(1);
    await registry.propose(id, await prepared(registry, titled('x')), CTX);
    const back = await registry.propose(id, await prepared(registry, bodyOf('a')), CTX);
    expect(back.outcome).toBe('unchanged');
    expect(registry.require(id).candidate).toBeNull();
    expect(events.at(-1)?.[0]).toBe('RevisionDiscarded');
  });

  it('keeps a name that a candidate is to have for it', async () => {
    const { registry } = await registryFixture();
    const { service_id: id } = await created(registry, bodyOf('a'));
    await registry.propose(id, await prepared(registry, bodyOf('b')), CTX);
    await expect(created(registry, bodyOf('b'))).rejects.toMatchObject({
      code: 'registry.name-taken',
    });
    await registry.discard(id, 2, 'no');
    await expect(created(registry, bodyOf('b'))).resolves.toBeDefined();
  });

  it('remembers candidates over a restart', async () => {
    const { registry, store, clock } = await registryFixture();
    const { service_id: id } = await created(registry, bodyOf('a'));
    await registry.propose(id, await prepared(registry, bodyOf('b')), CTX);
    const { registry: restarted } = await registryFixture({}, clock, store);
    expect(restarted.candidateOf(id)?.spec.name).toBe('b');
    await expect(created(restarted, bodyOf('b'))).rejects.toMatchObject({
      code: 'registry.name-taken',
    });
    await restarted.promote(id, 2, { tools: [] });
    expect(restarted.find('b')?.service_id).toBe(id);
  });
});

describe('proposing to a service that is not served', () => {
  it('stores the revision as the current one at once', async () => {
    const { registry, events } = await registryFixture();
    const { service_id: id } = await created(registry, bodyOf('a'), { draft: true });
    const answer = await registry.propose(id, await prepared(registry, titled('x')), CTX);
    expect(answer).toEqual({ outcome: 'stored', revision: 2 });
    expect(registry.require(id)).toMatchObject({ revision: 2, candidate: null, generation: 2 });
    expect(await outcomes(registry, id)).toEqual([
      [2, 'current'],
      [1, 'superseded'],
    ]);
    expect(events.at(-1)?.[0]).toBe('RevisionPromoted');
  });

  it('refuses one that is being deleted', async () => {
    const { registry } = await registryFixture();
    const { service_id: id } = await created(registry, bodyOf('a'));
    await registry.setDesired(id, 'archived', CTX);
    const spec = await prepared(registry, titled('x'));
    await expect(registry.propose(id, spec, CTX)).rejects.toMatchObject({
      code: 'registry.archiving',
    });
  });
});

describe('renaming', () => {
  it('keeps the old name as a former one that nobody else can have', async () => {
    const { registry } = await registryFixture();
    const { service_id: id } = await created(registry, bodyOf('a'), { draft: true });
    await registry.propose(id, await prepared(registry, bodyOf('b')), CTX);
    expect(registry.require('b').former_names).toEqual(['a']);
    expect(registry.find('a')).toBeUndefined();
    await expect(created(registry, bodyOf('a'))).rejects.toMatchObject({
      code: 'registry.name-taken',
      details: { extra: { service_id: id } },
    });
  });

  it('lets a service have its former name back', async () => {
    const { registry } = await registryFixture();
    const { service_id: id } = await created(registry, bodyOf('a'), { draft: true });
    await registry.propose(id, await prepared(registry, bodyOf('b')), CTX);
    await registry.propose(id, await prepared(registry, bodyOf('a')), CTX);
    expect(registry.require('a').former_names).toEqual(['b']);
    expect(registry.find('b')).toBeUndefined();
  });
});

describe('what is wanted', () => {
  it('counts as a change, once, and cancels a candidate', async () => {
    const { registry, events } = await registryFixture();
    const { service_id: id } = await created(registry, bodyOf('a'));
    await registry.propose(id, await prepared(registry, titled('x')), CTX);
    const inactive = await registry.setDesired(id, 'inactive', CTX, { ifMatch: '1c2' });
    expect(inactive).toMatchObject({ desired: 'inactive', generation: 2, candidate: null });
    expect(events.slice(2).map(([name]) => name)).toEqual([
      'RevisionDiscarded',
      'DesiredStateChanged',
    ]);
    await registry.setDesired(id, 'inactive', CTX);
    expect(registry.require(id).generation).toBe(2);
    await expect(registry.setDesired(id, 'active', CTX, { ifMatch: '1' })).rejects.toMatchObject({
      status: 412,
    });
  });

  it.each([
    ['active', 'draft'],
    ['draft', 'inactive'],
  ] as const)('cannot go from %s to %s', async (from, to) => {
    const { registry } = await registryFixture();
    const { service_id: id } = await created(registry, bodyOf('a'), { draft: from === 'draft' });
    await expect(registry.setDesired(id, to, CTX)).rejects.toMatchObject({
      code: 'registry.desired-refused',
    });
  });
});

describe('a former name', () => {
  it('is given up in one commit, and free for others', async () => {
    const { registry, store } = await registryFixture();
    const { service_id: id } = await created(registry, bodyOf('old'), { draft: true });
    await registry.propose(id, await prepared(registry, bodyOf('new')), CTX);
    expect(registry.require(id).former_names).toEqual(['old']);
    const before = store.revision;
    await expect(registry.dropFormerName(id, 'old', CTX, { ifMatch: '1' })).rejects.toMatchObject({
      code: 'registry.etag-stale',
    });
    const left = await registry.dropFormerName(id, 'old', CTX, { ifMatch: '2' });
    expect(left).toMatchObject({ former_names: [], generation: 3, revision: 2 });
    expect(store.revision).toBe(before + 1);
    expect(await registry.dropFormerName(id, 'old', CTX)).toBe(left);
    await expect(created(registry, bodyOf('old'))).resolves.toMatchObject({ revision: 1 });
  });
});

describe('a service whose file is not what the store wrote', () => {
  async function faulty() {
    const clock = new ManualClock();
    const faults: StorageFault[] = [];
    const store = new (class extends MemoryStore {
      override status(): StoreStatus {
        return { ...super.status(), faults };
      }
    })(clock);
    await store.open();
    const fixture = await registryFixture({}, clock, store);
    const { service_id: id } = await created(fixture.registry, bodyOf('a'));
    return { ...fixture, id, faults };
  }
  const fault = (id: string, kind: StorageFault['kind'] = 'service'): StorageFault => {
    return { kind, id, fault: 'drifted', file: 'a.json', detail: 'edited' };
  };

  it('is written again as it is, by command or by a write that changes nothing', async () => {
    const { registry, store, events, id, faults } = await faulty();
    faults.push(fault(id));
    const before = store.revision;
    const doc = registry.require(id);
    expect(await registry.rewrite(id, CTX)).toBe(true);
    const same = await registry.propose(id, await prepared(registry, bodyOf('a')), CTX);
    expect(same.outcome).toBe('unchanged');
    expect(store.revision).toBe(before + 2);
    expect(registry.require(id)).toEqual(doc);
    expect(events.slice(-2).map(([name]) => name)).toEqual([
      'ServiceRewritten',
      'ServiceRewritten',
    ]);
  });

  it('is left alone when the fault is not its own', async () => {
    const { registry, store, id, faults } = await faulty();
    faults.push(fault(id, 'service_status'), fault('other'));
    const before = store.revision;
    expect(await registry.rewrite(id, CTX)).toBe(false);
    await registry.propose(id, await prepared(registry, bodyOf('a')), CTX);
    expect(store.revision).toBe(before);
  });
});

describe('history', () => {
  it('keeps 20 revisions and those that are pinned', async () => {
    const { registry } = await registryFixture();
    const { service_id: id } = await created(registry, bodyOf('a'), { draft: true });
    await registry.annotateRevision(id, 1, { pinned: true });
    for (let n = 2; n <= 25; n += 1) {
      await registry.propose(id, await prepared(registry, titled(`t${n}`)), CTX);
    }
    const kept = (await registry.revisions(id)).map(({ revision }) => revision);
    expect(kept).toEqual([...Array.from({ length: 20 }, (_, n) => 25 - n), 1]);
    await expect(registry.revision(id, 3)).rejects.toMatchObject({
      code: 'registry.revision-unknown',
    });
  });

  it('keeps what the routes of the revision that is added name, before anybody has pinned it', async () => {
    const { registry } = await registryFixture();
    const first = bodyOf('a', { version: '0.9.0' });
    const { service_id: id } = await created(registry, first, { draft: true });
    for (let n = 2; n <= 20; n += 1) {
      await registry.propose(id, await prepared(registry, titled(`t${n}`)), CTX);
    }
    const routes: JsonObject[] = [
      { path: '/mcp/a/v/0.9.0' },
      { path: '/mcp/a/second', version: '2' },
    ];
    const naming = bodyOf('a', { config: { runtime: { command: 'npx' }, network: { routes } } });
    await registry.propose(id, await prepared(registry, naming), CTX);
    await registry.propose(id, await prepared(registry, { ...naming, title: 'x' }), CTX);
    await registry.propose(id, await prepared(registry, { ...naming, title: 'y' }), CTX);
    const kept = (await registry.revisions(id)).map(({ revision }) => revision);
    expect(kept).toEqual(expect.arrayContaining([1, 2]));
    expect(kept).not.toContain(3);
  });

  it('notes nothing twice', async () => {
    const { registry, store } = await registryFixture();
    const { service_id: id } = await created(registry, bodyOf('a'));
    await registry.annotateRevision(id, 1, { pinned: true, tools: [{ name: 'echo' }] });
    const before = store.revision;
    await registry.annotateRevision(id, 1, { pinned: true });
    await registry.annotateRevision(id, 1, { tools: [{ name: 'echo' }] });
    expect(store.revision).toBe(before);
    await registry.annotateRevision(id, 1, { pinned: false });
    expect(await registry.revision(id, 1)).toMatchObject({ pinned: false });
  });

  it('never removes the current revision, however many candidates fail', async () => {
    const { registry } = await registryFixture();
    const { service_id: id } = await created(registry, bodyOf('a'));
    for (let n = 2; n <= 30; n += 1) {
      await registry.propose(id, await prepared(registry, titled(`t${n}`)), CTX);
    }
    const all = await outcomes(registry, id);
    expect(all).toHaveLength(20);
    expect(all.at(-1)).toEqual([1, 'current']);
    expect(all[0]).toEqual([30, 'candidate']);
  });

  it('never gives a number twice', async () => {
    const { registry } = await registryFixture();
    const { service_id: id } = await created(registry, bodyOf('a'));
    await registry.propose(id, await prepared(registry, titled('x')), CTX);
    await registry.discard(id, 2, 'no');
    const { revision } = await registry.propose(id, await prepared(registry, titled('x')), CTX);
    expect(revision).toBe(3);
  });

  it('keeps secrets out of the audit entries', async () => {
    const { registry, store } = await registryFixture();
    const env = { GREETING: 'hello-literal', API_TOKEN: '${env:SWITCHYARD_SECRET_A}' };
    const withEnv = bodyOf('a', { config: { runtime: { command: 'npx', env } } });
    const { service_id: id } = await created(registry, withEnv);
    await registry.propose(id, await prepared(registry, bodyOf('a')), CTX);
    const entries = JSON.stringify((await store.changesSince(0)).map(({ meta }) => meta));
    expect(entries).not.toContain('hello-literal');
    expect(entries).toContain('${env:SWITCHYARD_SECRET_A}');
    expect(entries).toContain('[redacted]');
  });
});
