import { join } from 'node:path';
import { SystemClock } from './kernel/clock.js';
import { SilentLogger } from './kernel/logger.js';
import { loadSettings } from './settings/settings.loader.js';
import { FileStore } from './storage/file.store.js';
import { MIGRATIONS } from './storage/migrations.js';
import { NodeFileSystem } from './storage/node.file-system.js';
import { OverlayFileSystem } from './storage/overlay.file-system.js';
import { StoreMigrator, type MigratedKind } from './storage/store-migrator.js';

/** What a run over a data directory found and did; in a dry run, what it would have done. */
export interface MigrationReport {
  readonly data_dir: string;
  readonly dry_run: boolean;
  /** Revision of the store before. */
  readonly revision: number;
  readonly kinds: readonly MigratedKind[];
  /** Files that were found damaged or edited by hand. */
  readonly faults: readonly {
    readonly kind: string;
    readonly id: string;
    readonly fault: string;
  }[];
}

/**
 * Brings every document of a data directory that no gateway has open to the newest form. Rejects with a problem of
 * `storage.errors`, among them `storage.locked` and `storage.newer-schema`. A dry run changes nothing on the disk.
 */
export async function migrate(options: {
  readonly data_dir: string | null;
  readonly dry_run: boolean;
}): Promise<MigrationReport> {
  const dataDir = options.data_dir ?? loadSettings().dataDir;
  const clock = new SystemClock();
  const disk = new NodeFileSystem();
  const fileSystem = options.dry_run ? new OverlayFileSystem(disk, () => clock.now()) : disk;
  const directory = join(dataDir, 'services');
  if ((await disk.facts(directory)) === undefined) {
    throw new Error(`${dataDir} is no data directory: it has no "services".`);
  }
  const store = new FileStore({ directory, fileSystem, clock, logger: new SilentLogger() });
  await store.open();
  try {
    const { revision } = store;
    const kinds = await new StoreMigrator(store, MIGRATIONS).migrateAll();
    const faults = store.status().faults.map(({ kind, id, fault }) => ({ kind, id, fault }));
    return { data_dir: dataDir, dry_run: options.dry_run, revision, kinds, faults };
  } finally {
    await store.close();
  }
}
