import { describe, expect, it } from '@jest/globals';
import { SilentLogger } from '../../../src/kernel/logger.js';
import { ArchiveRetentionService } from '../../../src/registry/archive-retention.service.js';
import { EffectiveRefreshService } from '../../../src/registry/effective-refresh.service.js';
import type { RegistryService } from '../../../src/registry/registry.service.js';
import { bodyOf, created, CTX, needing, prepared, registryFixture } from './registry-fixture.js';

const DAY_MS = 86_400_000;

async function archived(registry: RegistryService, name: string): Promise<string> {
  const { service_id: id } = await created(registry, bodyOf(name));
  await registry.setDesired(id, 'archived', { ...CTX, actor: 'bob', reason: 'old' });
  await registry.archive(id);
  return id;
}

describe('archiving', () => {
  it('moves the record in one commit, in the name of who asked', async () => {
    const { registry, store, events } = await registryFixture();
    const id = await archived(registry, 'a');
    expect(registry.list()).toEqual([]);
    expect(await registry.archived('a')).toMatchObject({
      actor: 'bob',
      reason: 'old',
      service: { service_id: id },
    });
    const last = (await store.changesSince(0)).at(-1);
    expect(last?.changes.map(({ kind, op }) => [kind, op])).toEqual([
      ['service', 'delete'],
      ['archive', 'put'],
    ]);
    expect(events.at(-1)).toEqual([
      'ServiceArchived',
      expect.objectContaining({ discarded: false }),
    ]);
    await expect(registry.archive(id)).resolves.toBeUndefined();
  });

  it('refuses a service that is to stay', async () => {
    const { registry } = await registryFixture();
    const { service_id: id } = await created(registry, bodyOf('a'));
    await expect(registry.archive(id)).rejects.toMatchObject({ code: 'registry.desired-refused' });
  });

  it('frees the name', async () => {
    const { registry } = await registryFixture();
    await archived(registry, 'a');
    await expect(created(registry, bodyOf('a'))).resolves.toBeDefined();
    expect(registry.require('a').desired).toBe('active');
  });
});

describe('restoring', () => {
  it('brings the service back, inactive, with its history', async () => {
    const { registry, events } = await registryFixture();
    const id = await archived(registry, 'a');
    const service = await registry.restore('a', CTX);
    expect(service).toMatchObject({ service_id: id, desired: 'inactive', generation: 3 });
    expect(await registry.archived(id)).toBeUndefined();
    expect(await registry.revisions('a')).toHaveLength(1);
    expect(events.at(-1)?.[0]).toBe('ServiceRestored');
    await expect(registry.restore(id, CTX)).rejects.toMatchObject({
      code: 'registry.not-archived',
    });
  });

  it('brings back the one that was deleted last, of several with the name', async () => {
    const { registry, clock } = await registryFixture();
    await archived(registry, 'a');
    await clock.advance(1000);
    const last = await archived(registry, 'a');
    expect((await registry.restore('a', CTX)).service_id).toBe(last);
  });

  it('refuses when somebody else has the name or the place in the graph', async () => {
    const { registry } = await registryFixture();
    const id = await archived(registry, 'a');
    await created(registry, bodyOf('a'));
    await expect(registry.restore(id, CTX)).rejects.toMatchObject({ code: 'registry.name-taken' });
    const { service_id: needy } = await created(registry, needing('x', 'y'));
    await registry.setDesired(needy, 'archived', CTX);
    await registry.archive(needy);
    await created(registry, needing('y', 'x'));
    await expect(registry.restore(needy, CTX)).rejects.toMatchObject({
      code: 'registry.dependency-cycle',
    });
  });

  it('gives up former names that others have now', async () => {
    const { registry } = await registryFixture();
    const { service_id: id } = await created(registry, bodyOf('old'), { draft: true });
    await registry.propose(id, await prepared(registry, bodyOf('new')), CTX);
    await registry.setDesired(id, 'archived', CTX);
    await registry.archive(id);
    await created(registry, bodyOf('old'));
    expect((await registry.restore(id, CTX)).former_names).toEqual([]);
  });

  it('lets one of several parallel restores win', async () => {
    const { registry } = await registryFixture();
    const id = await archived(registry, 'a');
    const results = await Promise.allSettled([1, 2, 3].map(() => registry.restore(id, CTX)));
    expect(results.filter((one) => one.status === 'fulfilled')).toHaveLength(1);
  });
});

describe('erasing', () => {
  it('leaves nothing', async () => {
    const { registry, store, events } = await registryFixture();
    const { service_id: id } = await created(registry, bodyOf('a'));
    await registry.propose(id, await prepared(registry, bodyOf('a', { title: 'x' })), CTX);
    await registry.erase(id, CTX);
    expect(store.status().records).toMatchObject({ service: 0, revision: 0, archive: 0 });
    expect(() => registry.require(id)).toThrow(expect.objectContaining({ status: 404 }));
    expect(events.at(-1)).toEqual([
      'ServiceArchived',
      expect.objectContaining({ discarded: true }),
    ]);
  });
});

describe('retention', () => {
  it('purges what was deleted more than 30 days ago, history included', async () => {
    const { registry, store, clock } = await registryFixture();
    const old = await archived(registry, 'old');
    await clock.advance(29 * DAY_MS);
    await archived(registry, 'young');
    await new ArchiveRetentionService(registry, clock, new SilentLogger()).purge();
    expect(await registry.archived('old')).toBeDefined();
    await clock.advance(DAY_MS + 1);
    await new ArchiveRetentionService(registry, clock, new SilentLogger()).purge();
    expect(await registry.archived(old)).toBeUndefined();
    expect(await registry.archived('young')).toBeDefined();
    expect(store.status().records).toMatchObject({ revision: 1, archive: 1 });
    expect(() => registry.require(old)).toThrow(expect.objectContaining({ status: 404 }));
  });

  it('remembers the archive over a restart', async () => {
    const { registry, store, clock } = await registryFixture();
    await archived(registry, 'a');
    const { registry: restarted } = await registryFixture({}, clock, store);
    expect(() => restarted.require('a')).toThrow(expect.objectContaining({ status: 410 }));
    expect(await restarted.purgeArchive(clock.now() + 31 * DAY_MS)).toBe(1);
  });
});

describe('recomputing at boot', () => {
  const overlaid = bodyOf('a', {
    config: { runtime: { command: 'npx' }, overlays: { prod: { runtime: { max_in_flight: 7 } } } },
  });

  it('proposes a revision to a service whose overlay applies now, and to no other', async () => {
    const { registry, store, clock } = await registryFixture();
    const { service_id: id } = await created(registry, overlaid);
    await created(registry, bodyOf('b'));
    const { registry: restarted } = await registryFixture({ environment: 'prod' }, clock, store);
    const refresh = new EffectiveRefreshService(restarted, new SilentLogger());
    expect(await refresh.refresh()).toEqual({ changed: [id], refused: [] });
    expect(restarted.candidateOf(id)).toMatchObject({
      actor: 'system',
      effective: { runtime: { max_in_flight: 7 } },
    });
    expect(await refresh.refresh()).toEqual({ changed: [], refused: [] });
  });

  it('leaves a service as it is when its spec is not valid any more', async () => {
    const { registry, store, clock } = await registryFixture();
    const { service_id } = await created(registry, bodyOf('a'));
    const { registry: restarted } = await registryFixture({ commands: [] }, clock, store);
    const refresh = new EffectiveRefreshService(restarted, new SilentLogger());
    const refused = [{ service_id, code: 'config.command-not-allowed' }];
    expect(await refresh.refresh()).toEqual({ changed: [], refused });
    expect(restarted.require('a').candidate).toBeNull();
  });
});
