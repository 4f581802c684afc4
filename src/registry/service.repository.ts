import type { JsonObject } from '../kernel/json.js';
import { inNewestForm } from '../storage/migrations.js';
import type {
  CommitMeta,
  CommitRecord,
  RecordChange,
  RecordStore,
  StoredRecord,
} from '../storage/record-store.js';
import { isPinned, revisionsToRemove } from './retention.js';
import { ServiceIndex } from './service-index.js';
import type { ArchiveDocument, RevisionDocument, ServiceDocument } from './service.js';

/** When a damaged archive was deleted is unknown; the oldest are purged first. */
const UNKNOWN_TIME = '';

/** The registry's records in the store, with what must be found without a search. */
export class ServiceRepository {
  readonly index = new ServiceIndex();
  private changes = 0;

  private constructor(private readonly store: RecordStore) {}

  /** `store` is open. From then on the index follows every commit, whoever makes it. */
  static async open(store: RecordStore): Promise<ServiceRepository> {
    const repository = new ServiceRepository(store);
    for (const { doc } of store.list<ServiceDocument>('service')) repository.index.put(doc);
    store.watch((commit) => {
      repository.follow(commit);
    });
    await repository.loadCandidates();
    await repository.loadArchives();
    return repository;
  }

  /** Grows with each change of a service or of a candidate. */
  get changeCount(): number {
    return this.changes;
  }

  get(id: string): StoredRecord<ServiceDocument> | undefined {
    return this.store.get<ServiceDocument>('service', id);
  }

  list(): readonly ServiceDocument[] {
    return this.store.list<ServiceDocument>('service').map(({ doc }) => doc);
  }

  /** The store version of what lifecycle observes of a service; 0 before it has observed anything. */
  statusVersion(id: string): number {
    return this.store.get('service_status', id)?.version ?? 0;
  }

  async archive(id: string): Promise<StoredRecord<ArchiveDocument> | undefined> {
    return inNewestForm(await this.store.read<ArchiveDocument>('archive', id));
  }

  /** As `archive`, and `null` when there is none or its record is damaged. */
  async readableArchive(id: string): Promise<StoredRecord<ArchiveDocument> | null> {
    if (this.index.archivedById(id) === undefined) return null;
    return (await readOrNothing(this.archive(id))) ?? null;
  }

  /** Numbers of the revisions that are kept, oldest first. */
  revisionNumbers(id: string): number[] {
    return this.store
      .ids('revision', `${id}/`)
      .map((record) => Number(record.id.slice(id.length + 1)))
      .sort((left, right) => left - right);
  }

  async revision(
    id: string,
    revision: number,
  ): Promise<StoredRecord<RevisionDocument> | undefined> {
    return inNewestForm(
      await this.store.read<RevisionDocument>('revision', revisionId(id, revision)),
    );
  }

  /** As `revision`, and nothing when the record is damaged: what only closes a revision must not fail for it. */
  async readableRevision(
    id: string,
    revision: number,
  ): Promise<StoredRecord<RevisionDocument> | undefined> {
    return readOrNothing(this.revision(id, revision));
  }

  /** The document that boot found in the file of the service when it was edited by hand since; else `null`. */
  driftOf(id: string): JsonObject | null {
    const drifted = this.store
      .status()
      .faults.find((one) => one.kind === 'service' && one.id === id && one.fault === 'drifted');
    return drifted?.found ?? null;
  }

  /** Whether the file of the service is damaged, or was edited by hand, since the store last wrote it. */
  isFaulty(id: string): boolean {
    return this.store.status().faults.some((fault) => fault.kind === 'service' && fault.id === id);
  }

  /**
   * Removals that bring the history back to its limit once revision `added` is there too. Pinned revisions stay, and those
   * whose number or version is among `named`: a route leads there.
   */
  async trimmed(
    id: string,
    added: number,
    kept: readonly (number | null)[],
    named: ReadonlySet<string>,
  ): Promise<RecordChange[]> {
    const known = [...this.revisionNumbers(id), added];
    if (revisionsToRemove(known, () => false).length === 0) return [];
    const pinned = new Set<number>();
    for (const number of known) {
      if (number === added) continue;
      const doc = (await this.readableRevision(id, number))?.doc;
      if (doc !== undefined && (isPinned(doc) || isNamed(doc, named))) pinned.add(number);
    }
    const counted = known.filter((number) => !pinned.has(number));
    const isExempt = (number: number): boolean => number === added || kept.includes(number);
    return revisionsToRemove(counted, isExempt).map((number) => removal(id, number));
  }

  /** Removals of the whole history of a service. */
  historyRemovals(id: string): RecordChange[] {
    return this.revisionNumbers(id).map((number) => removal(id, number));
  }

  /** Of the store as a whole. */
  get storeRevision(): number {
    return this.store.revision;
  }

  async commit(changes: readonly RecordChange[], meta: CommitMeta): Promise<number> {
    return this.store.commit(changes, meta);
  }

  private follow(commit: CommitRecord): void {
    // First all that is given up: what one service of a commit frees another one of it may have taken.
    for (const { kind, id } of commit.changes) if (kind === 'service') this.index.release(id);
    for (const { kind, id, op, doc } of commit.changes) {
      if (kind === 'service') {
        this.changes += 1;
        const service = this.get(id)?.doc;
        if (service === undefined) this.index.remove(id);
        else this.index.put(service);
      } else if (kind === 'archive') {
        if (op === 'delete') this.index.removeArchived(id);
        else this.index.putArchived(identityOf(doc as ArchiveDocument));
      }
    }
    // After the services: a candidate is known by the service that waits for it.
    for (const { kind, op, doc } of commit.changes) {
      if (kind === 'revision' && op === 'put') this.index.putCandidate(doc as RevisionDocument);
    }
  }

  private async loadCandidates(): Promise<void> {
    for (const { service_id, candidate } of this.list()) {
      if (candidate === null) continue;
      const found = await this.readableRevision(service_id, candidate);
      if (found !== undefined) this.index.putCandidate(found.doc);
    }
  }

  private async loadArchives(): Promise<void> {
    for (const { id } of this.store.ids('archive')) {
      const found = await readOrNothing(this.archive(id));
      this.index.putArchived(
        found === undefined
          ? { service_id: id, name: null, deleted_at: UNKNOWN_TIME }
          : identityOf(found.doc),
      );
    }
  }
}

function isNamed({ revision, spec }: RevisionDocument, named: ReadonlySet<string>): boolean {
  return named.has(String(revision)) || named.has(spec.version);
}

export function revisionId(id: string, revision: number): string {
  return `${id}/${revision}`;
}

function removal(id: string, revision: number): RecordChange {
  return { kind: 'revision', id: revisionId(id, revision), op: 'delete' };
}

function identityOf(archive: ArchiveDocument): {
  service_id: string;
  name: string;
  deleted_at: string;
} {
  const { service, deleted_at } = archive;
  return { service_id: service.service_id, name: service.spec.name, deleted_at };
}

/** A damaged record must not keep the others from being served; the store reports it. */
async function readOrNothing<T>(reading: Promise<T | undefined>): Promise<T | undefined> {
  try {
    return await reading;
  } catch {
    return undefined;
  }
}
