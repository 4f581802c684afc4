import type { JsonObject } from '../kernel/json.js';
import { formOf, migrateDocument, type Migration } from './migration.js';
import { isHot } from './record-layout.js';
import type { RecordChange, RecordKind, RecordStore } from './record-store.js';

/** What was found of one kind. `forms`: how many documents had each form before. */
export interface MigratedKind {
  readonly kind: RecordKind;
  readonly records: number;
  readonly forms: Readonly<Record<string, number>>;
  /** How many were brought to a newer form. */
  readonly migrated: number;
  /** Ids of records whose document cannot be read; they are left as they are. */
  readonly unreadable: readonly string[];
}

/** Documents of one commit; a commit is one line of the journal. */
const CHUNK = 100;

const META = {
  actor: 'system',
  source: 'boot',
  verb: 'storage.migrate',
  reason: 'Documents are brought to the form of this version.',
} as const;

/**
 * Brings stored documents to the newest form, in ordinary commits: the journal is never rewritten, and a crash in between
 * is made good by running it again. Each document is replaced only if it is still the one that was read.
 */
export class StoreMigrator {
  constructor(
    private readonly store: RecordStore,
    private readonly steps: readonly Migration[],
  ) {}

  /** The documents in memory, which nothing else would migrate; those on disk are migrated when they are read. */
  async migrateHot(): Promise<readonly MigratedKind[]> {
    return this.migrateKinds(this.kinds.filter(isHot));
  }

  /** Every document of every kind that has steps. */
  async migrateAll(): Promise<readonly MigratedKind[]> {
    return this.migrateKinds(this.kinds);
  }

  private get kinds(): readonly RecordKind[] {
    return [...new Set(this.steps.map(({ kind }) => kind))];
  }

  private async migrateKinds(kinds: readonly RecordKind[]): Promise<readonly MigratedKind[]> {
    const found: MigratedKind[] = [];
    for (const kind of kinds) found.push(await this.migrateKind(kind));
    return found;
  }

  private async migrateKind(kind: RecordKind): Promise<MigratedKind> {
    const forms: Record<string, number> = {};
    const unreadable: string[] = [];
    const identities = this.store.ids(kind);
    let changes: RecordChange[] = [];
    let migrated = 0;
    for (const { id, version } of identities) {
      const doc = await this.readable(kind, id);
      if (doc === null) {
        unreadable.push(id);
        continue;
      }
      forms[formOf(doc)] = (forms[formOf(doc)] ?? 0) + 1;
      const newest = migrateDocument(kind, doc, this.steps);
      if (newest === doc) continue;
      migrated += 1;
      changes.push({ kind, id, op: 'put', doc: newest, expect: version });
      if (changes.length < CHUNK) continue;
      await this.store.commit(changes, META);
      changes = [];
    }
    if (changes.length > 0) await this.store.commit(changes, META);
    return { kind, records: identities.length, forms, migrated, unreadable };
  }

  private async readable(kind: RecordKind, id: string): Promise<JsonObject | null> {
    try {
      return (await this.store.read(kind, id))?.doc ?? null;
    } catch {
      return null;
    }
  }
}
