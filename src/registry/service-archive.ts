import { equalJson } from '../kernel/json.js';
import { registryProblems } from './registry.errors.js';
import { ServiceArchived, ServiceRestored } from './registry.events.js';
import { archivesToPurge } from './retention.js';
import {
  archiveOf,
  desiredDiff,
  metaOf,
  putService,
  systemContext,
  withDesired,
} from './service-changes.js';
import type { WriteParts } from './write-parts.js';
import type { ArchiveDocument, ChangeContext, ServiceDocument } from './service.js';

/** Where deleted services are, with their history, until they are restored or purged. */
export class ServiceArchive {
  constructor(private readonly parts: WriteParts) {}

  /** Moves a service that is to be archived. One that is archived already stays so. */
  async archive(id: string, ctx: ChangeContext): Promise<void> {
    const { repository, locks, clock, events } = this.parts;
    await locks.onService(id, async () => {
      const stored = repository.get(id);
      if (stored === undefined) {
        if (repository.index.archivedById(id) !== undefined) return;
        throw this.parts.rules.absence(id);
      }
      const { doc: service, version } = stored;
      if (service.desired !== 'archived') {
        throw registryProblems['desired-refused'](
          `"${service.spec.name}" is to be ${service.desired}, not archived.`,
        );
      }
      const doc = archiveOf(service, ctx, clock.timestamp());
      await repository.commit(
        [
          { kind: 'service', id, op: 'delete', expect: version },
          { kind: 'archive', id, op: 'put', doc },
        ],
        metaOf(followUp(ctx), 'service.archive', id),
      );
      events.publish(new ServiceArchived(id, service.spec.name, false));
    });
  }

  /** Removes a service and its history for good. */
  async erase(id: string, ctx: ChangeContext): Promise<void> {
    const { repository, locks, events } = this.parts;
    await locks.onService(id, async () => {
      const stored = repository.get(id);
      if (stored === undefined) throw this.parts.rules.absence(id);
      const { spec } = stored.doc;
      await repository.commit(
        [
          { kind: 'service', id, op: 'delete', expect: stored.version },
          ...repository.historyRemovals(id),
        ],
        metaOf(ctx, 'service.erase', id, { from: spec, to: null }),
      );
      events.publish(new ServiceArchived(id, spec.name, true));
    });
  }

  async find(idOrName: string): Promise<ArchiveDocument | undefined> {
    const { index } = this.parts.repository;
    const identity = index.archivedById(idOrName) ?? index.archivedByName(idOrName);
    if (identity === undefined) return undefined;
    return (await this.parts.repository.archive(identity.service_id))?.doc;
  }

  /** The service is back, inactive, as long as nobody has taken its name, its script or its place in the graph. */
  async restore(idOrName: string, ctx: ChangeContext): Promise<ServiceDocument> {
    const { locks } = this.parts;
    const archived = await this.find(idOrName);
    if (archived === undefined) throw this.notArchived(idOrName);
    const { service } = archived;
    return locks.onSpec(service.service_id, service, () => this.restoreLocked(archived, ctx));
  }

  /** Removes archived services past their time at `now` (ms since the epoch), history included; answers how many. */
  async purge(now: number): Promise<number> {
    const { repository, locks } = this.parts;
    const due = archivesToPurge(repository.index.allArchived(), now);
    const ctx = systemContext('reconciler', 'retention');
    for (const id of due) {
      await locks.onService(id, async () => {
        if (repository.index.archivedById(id) === undefined) return;
        await repository.commit(
          [{ kind: 'archive', id, op: 'delete' }, ...repository.historyRemovals(id)],
          metaOf(ctx, 'archive.purge', id),
        );
      });
    }
    return due.length;
  }

  private async restoreLocked(
    found: ArchiveDocument,
    ctx: ChangeContext,
  ): Promise<ServiceDocument> {
    const { repository, rules, clock, events } = this.parts;
    const { service_id: id, spec } = found.service;
    const stored = await repository.archive(id);
    if (stored === undefined || !equalJson(stored.doc, found)) throw this.notArchived(id);
    rules.requireUnclaimed(id, spec);
    rules.requireAcyclic(id, found.service);
    const back = withDesired(found.service, 'inactive', clock.timestamp());
    const service = {
      ...back,
      former_names: back.former_names.filter(
        (name) => repository.index.claimOfName(name) === undefined,
      ),
    };
    await repository.commit(
      [putService(service, null), { kind: 'archive', id, op: 'delete', expect: stored.version }],
      { ...metaOf(ctx, 'service.restore', id), diff: desiredDiff('archived', 'inactive') },
    );
    events.publish(new ServiceRestored(id, spec.name));
    return repository.get(id)?.doc ?? service;
  }

  private notArchived(idOrName: string): Error {
    return registryProblems['not-archived'](
      `There is no "${idOrName.slice(0, 80)}" in the archive.`,
    );
  }
}

/** The end of a deletion whose request has its own entry already: the gateway's step, in the name of who asked. */
function followUp(ctx: ChangeContext): ChangeContext {
  const asked = ctx.requestId === null ? null : `ends the deletion of request ${ctx.requestId}`;
  return { ...ctx, source: 'reconciler', requestId: null, reason: ctx.reason ?? asked };
}
