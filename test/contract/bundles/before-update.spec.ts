import { describe, expect, it } from '@jest/globals';
import { KEPT_BUNDLES, UpdateBackups } from '../../../src/bundles/backup-before-update.js';
import { SilentLogger } from '../../../src/kernel/logger.js';
import { FaultyFileSystem } from '../../support/faulty-file-system.js';
import { bodyOf, created, CTX, prepared, registryFixture } from '../registry/registry-fixture.js';
import { META, uuid } from './backup-rig.js';

const DIRECTORY = '/data/services/backups/services';

async function rig() {
  const fixture = await registryFixture();
  const disk = new FaultyFileSystem();
  const backups = new UpdateBackups(fixture.store, disk, DIRECTORY, new SilentLogger());
  const service = await created(fixture.registry, bodyOf('alpha', { description: 'one' }));
  const id = service.service_id;
  const route = { schema_version: '1.0', route_id: uuid(1), service_id: id, path: '/mcp/alpha/x' };
  const doc = { ...route, priority: 0, version: null, description: null };
  await fixture.store.commit([{ kind: 'route', id: uuid(1), op: 'put', doc }], META);
  backups.start();
  const propose = async (description: string): Promise<number> => {
    const next = await prepared(fixture.registry, bodyOf('alpha', { description }));
    return (await fixture.registry.propose(id, next, CTX)).revision;
  };
  const update = async (description: string): Promise<void> => {
    const revision = await propose(description);
    await fixture.registry.promote(id, revision, { tools: [] });
  };
  return { ...fixture, disk, backups, id, propose, update };
}

describe('before an update', () => {
  it('the bundle of what the service was is kept, once, with its routes', async () => {
    const { disk, backups, id, update, store } = await rig();
    await update('two');
    await backups.idle();
    const names = await disk.names(`${DIRECTORY}/${id}`);
    expect(names).toEqual([expect.stringMatching(/^r\d{12}-v1\.json$/)]);
    const text = (await disk.read(`${DIRECTORY}/${id}/${names[0] ?? ''}`)).toString('utf8');
    expect(JSON.parse(text)).toMatchObject({
      bundle_version: '1.0',
      services: [{ service_id: id, spec: { description: 'one' }, routes: [{ route_id: uuid(1) }] }],
    });
    // What takes a route away together with an update does not take it from the bundle.
    await store.commit([{ kind: 'route', id: uuid(1), op: 'delete' }], META);
    await update('three');
    await backups.stop();
    expect(await disk.names(`${DIRECTORY}/${id}`)).toHaveLength(2);
  });

  it('only so many are kept, the newest', async () => {
    const { disk, backups, id, update } = await rig();
    for (let round = 0; round < KEPT_BUNDLES + 5; round += 1) await update(`round ${round}`);
    await backups.idle();
    const names = await disk.names(`${DIRECTORY}/${id}`);
    expect(names).toHaveLength(KEPT_BUNDLES);
    expect(names.at(-1)).toMatch(new RegExp(`-v${KEPT_BUNDLES + 5}\\.json$`));
  });

  it('what is no update of the specification leaves none', async () => {
    const { disk, backups, id, registry } = await rig();
    await registry.setDesired(id, 'inactive', CTX);
    await registry.setDesired(id, 'active', CTX);
    await backups.idle();
    expect(await disk.names(`${DIRECTORY}/${id}`)).toEqual([]);
  });

  it('a full disk fails no update, and the next one is backed up again', async () => {
    const { disk, backups, id, update, registry } = await rig();
    disk.capacity = 0;
    await update('two');
    await backups.idle();
    expect(registry.require('alpha').spec.description).toBe('two');
    expect(await disk.names(`${DIRECTORY}/${id}`)).toEqual([]);
    disk.capacity = Number.POSITIVE_INFINITY;
    await update('three');
    await backups.idle();
    expect(await disk.names(`${DIRECTORY}/${id}`)).toEqual([expect.stringMatching(/-v2\.json$/)]);
  });

  it('they go with the service when that goes for good, not when it is archived', async () => {
    const { disk, backups, id, update, registry } = await rig();
    await update('two');
    await registry.setDesired(id, 'archived', CTX);
    await registry.archive(id);
    await backups.idle();
    expect(await disk.names(`${DIRECTORY}/${id}`)).toHaveLength(1);
    await registry.restore(id, CTX);
    await registry.erase(id, CTX);
    await backups.idle();
    expect(await disk.names(DIRECTORY)).toEqual([]);
  });
});
