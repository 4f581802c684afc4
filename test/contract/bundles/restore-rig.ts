import { RestoreService, type RestoreOptions } from '../../../src/bundles/restore.service.js';
import type { RegistryService } from '../../../src/registry/registry.service.js';
import { SystemRandom } from '../../../src/kernel/random.js';
import type { SettingsValues } from '../../../src/settings/settings.js';
import type { RecordStore } from '../../../src/storage/record-store.js';
import { canonicalJson } from '../../../src/kernel/json.js';
import { configServices } from '../registry/config-fixture.js';
import { registryFixture, type RegistryFixture } from '../registry/registry-fixture.js';
import { routesProblems } from '../../../src/routes/routes.errors.js';
import { backupRig, type BackupRig } from './backup-rig.js';

export interface RestoreRig extends BackupRig {
  readonly registry: RegistryService;
  readonly events: RegistryFixture['events'];
  readonly restores: RestoreService;
}

export const PLAIN: RestoreOptions = {
  dryRun: false,
  keepOthers: false,
  skipInvalid: false,
  waitMs: 0,
};

/** A real registry over a store, with backups; services settle at once, as in a world where every upstream works. */
export async function restoreRig(
  values: Partial<SettingsValues> = {},
  store?: RecordStore,
  disk?: BackupRig['disk'],
): Promise<RestoreRig> {
  const backup = await backupRig(undefined, store, disk);
  const { registry, events } = await registryFixture(values, backup.clock, backup.store);
  const { configs } = await configServices(backup.store, values);
  const restores = new RestoreService({
    backups: backup.backups,
    shelf: backup.shelf,
    fileSystem: backup.disk,
    random: new SystemRandom(),
    store: backup.store,
    registry,
    configs,
    routes: {
      exclusively: (task) => task(),
      publish: () => Promise.resolve(1),
      refuse: (conflicts) => {
        if (conflicts.length > 0) throw routesProblems['path-conflict']();
      },
    },
    lifecycle: { settled: (id, revision) => settle(registry, id, revision) },
  });
  return { ...backup, registry, events, restores };
}

/** What lifecycle does when everything works: a candidate is promoted, what is to be archived is. */
async function settle(registry: RegistryService, id: string, revision: number | null) {
  const service = registry.find(id);
  if (service?.desired === 'archived') {
    await registry.archive(id);
    return { done: true, state: 'archived', failure: null, promoted: false } as const;
  }
  const candidate = service?.candidate ?? null;
  if (candidate !== null) await registry.promote(id, candidate, { tools: [] });
  const state = service?.desired === 'active' ? 'active' : 'inactive';
  return { done: true, state, failure: null, promoted: revision !== null } as const;
}

/** What the registry says is wanted, as text that is equal when it is. */
export function wantedOf(rig: RestoreRig): string {
  const services = rig.registry.list().map(({ service_id, spec, desired, former_names }) => ({
    service_id,
    spec,
    desired,
    former_names,
  }));
  const docs = (kind: 'template' | 'route' | 'approval'): object[] =>
    rig.store.list(kind).map(({ doc }) => doc);
  return canonicalJson({
    services,
    templates: docs('template'),
    routes: docs('route'),
    approvals: docs('approval'),
  });
}
