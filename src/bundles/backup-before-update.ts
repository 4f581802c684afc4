import { setImmediate } from 'node:timers/promises';
import type { TemplateDocument } from '../config/template.js';
import type { FileSystem } from '../kernel/file-system.js';
import type { Logger } from '../kernel/logger.js';
import type { ServiceDocument } from '../registry/service.js';
import type { RouteDocument } from '../routes/route-claims.js';
import { ensureDirectory, replaceFile, TEMPORARY_SUFFIX } from '../storage/durable-write.js';
import type { CommitRecord, RecordStore } from '../storage/record-store.js';
import { bundleJson } from './bundle-text.js';
import { exportBundle } from './export-bundle.js';

/** Bundles of one service that are kept: as many as revisions are. */
export const KEPT_BUNDLES = 20;
/** Updates that may wait for their bundle; of more, the oldest get none. */
const MAX_WAITING = 1000;
const BUNDLE_FILE = /^r\d{12}-v\d+\.json$/;

interface Job {
  readonly id: string;
  /** The service before the update, or `null` when everything of it is to go. */
  readonly before: ServiceDocument | null;
  readonly routes: readonly RouteDocument[];
  readonly storeRevision: number;
}

/**
 * Keeps, for each update of a service, the bundle of what it was before: `<directory>/<service id>/r<store
 * revision>-v<revision>.json`, which the import takes as it is. Written behind: it listens to commits, so it neither slows
 * nor fails an update. The price: a crash within that moment loses the bundle, and the history of the service is left.
 */
export class UpdateBackups {
  private readonly services = new Map<string, ServiceDocument>();
  private readonly routes = new Map<string, RouteDocument>();
  private readonly waiting: Job[] = [];
  private working: Promise<void> | null = null;
  private dropped = 0;
  private isFailing = false;
  private unwatch: () => void = () => undefined;

  constructor(
    private readonly store: RecordStore,
    private readonly fileSystem: FileSystem,
    private readonly directory: string,
    private readonly logger: Logger,
  ) {}

  /** `store` is open. */
  start(): void {
    for (const { id, doc } of this.store.list<ServiceDocument>('service')) {
      this.services.set(id, doc);
    }
    for (const { id, doc } of this.store.list<RouteDocument>('route')) this.routes.set(id, doc);
    this.unwatch = this.store.watch((commit) => {
      this.hear(commit);
    });
  }

  /** Writes what waits, then ends. */
  async stop(): Promise<void> {
    this.unwatch();
    await this.idle();
  }

  /** Resolves once nothing waits. */
  async idle(): Promise<void> {
    while (this.working !== null) await this.working;
  }

  private hear(commit: CommitRecord): void {
    for (const { kind, id, op, doc } of commit.changes) {
      if (kind !== 'service' && kind !== 'archive') continue;
      const before = this.services.get(id);
      if (kind === 'service' && op === 'put' && before !== undefined) {
        if (isUpdate(before, doc as ServiceDocument)) this.enqueue(id, before, commit.revision);
      } else if (op === 'delete' && this.isGone(id)) this.enqueue(id, null, commit.revision);
    }
    // After all of it: what an update in this commit was before is what was there before the commit.
    for (const { kind, id, op, doc } of commit.changes) {
      if (kind === 'service') follow(this.services, id, op, doc as ServiceDocument);
      else if (kind === 'route') follow(this.routes, id, op, doc as RouteDocument);
    }
  }

  private isGone(id: string): boolean {
    const isArchived = this.store.ids('archive', id).length > 0;
    return !isArchived && this.store.get('service', id) === undefined;
  }

  private enqueue(id: string, before: ServiceDocument | null, storeRevision: number): void {
    const routes = [...this.routes.values()].filter((route) => route.service_id === id);
    this.waiting.push({ id, before, routes, storeRevision });
    if (this.waiting.length > MAX_WAITING) {
      this.waiting.shift();
      this.dropped += 1;
    }
    this.working ??= this.work();
  }

  private async work(): Promise<void> {
    // Not in the turn of the commit that is being told of.
    await setImmediate();
    for (let job = this.waiting.shift(); job !== undefined; job = this.waiting.shift()) {
      try {
        await this.perform(job);
        this.isFailing = false;
      } catch (error) {
        // Once, not for each update while the disk is full.
        if (!this.isFailing) {
          this.logger.warn({ err: error, service_id: job.id }, 'A service was not backed up.');
        }
        this.isFailing = true;
      }
    }
    if (this.dropped > 0) {
      this.logger.warn({ updates: this.dropped }, 'Updates came faster than their backups.');
    }
    this.dropped = 0;
    this.working = null;
  }

  private async perform({ id, before, routes, storeRevision }: Job): Promise<void> {
    const directory = `${this.directory}/${id}`;
    if (before === null) {
      await this.clear(directory, () => true);
      await this.fileSystem.removeDirectory(directory);
      return;
    }
    const bundle = exportBundle({
      services: [before],
      extraRoutesOf: () => routes,
      templates: [],
      findTemplate: (template, revision) => this.findTemplate(template, revision),
    });
    const content = Buffer.from(await bundleJson(bundle));
    const number = String(storeRevision).padStart(12, '0');
    await ensureDirectory(this.fileSystem, directory);
    const path = `${directory}/r${number}-v${before.revision}.json`;
    await replaceFile(this.fileSystem, path, [content]);
    await this.fileSystem.syncDirectory(directory);
    const names = await this.fileSystem.names(directory);
    const kept = new Set(names.filter((name) => BUNDLE_FILE.test(name)).slice(-KEPT_BUNDLES));
    await this.clear(directory, (name) => !kept.has(name));
  }

  /** Removes files of ours; what somebody else put there stays. */
  private async clear(directory: string, isSurplus: (name: string) => boolean): Promise<void> {
    for (const name of await this.fileSystem.names(directory)) {
      const isOwn = BUNDLE_FILE.test(name) || name.endsWith(TEMPORARY_SUFFIX);
      if (isOwn && isSurplus(name)) await this.fileSystem.remove(`${directory}/${name}`);
    }
  }

  private findTemplate(id: string, revision: number | null): TemplateDocument | undefined {
    const newest = this.store.get<TemplateDocument>('template', id)?.doc;
    if (revision === null || newest?.revision === revision) return newest;
    return this.store.get<TemplateDocument>('template_revision', `${id}/${revision}`)?.doc;
  }
}

/** Whether the commit brought another specification: a candidate, or a revision that is current at once. */
function isUpdate(before: ServiceDocument, after: ServiceDocument): boolean {
  const isProposed = after.candidate !== null && after.candidate !== before.candidate;
  const isStored = after.revision !== before.revision && after.revision !== before.candidate;
  return isProposed || isStored;
}

function follow<Doc>(known: Map<string, Doc>, id: string, op: 'put' | 'delete', doc: Doc): void {
  if (op === 'put') known.set(id, doc);
  else known.delete(id);
}
