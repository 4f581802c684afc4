import { equalJson, type JsonObject } from '../kernel/json.js';
import type { CommitMeta, RecordChange, StoredRecord } from '../storage/record-store.js';
import { isSameContent, type PreparedSpec } from './prepared-spec.js';
import { registryProblems } from './registry.errors.js';
import { RevisionDiscarded, RevisionPromoted, RevisionProposed } from './registry.events.js';
import { versionsNamedBy } from './retention.js';
import {
  metaOf,
  newRevision,
  putRevision,
  putService,
  systemContext,
  withCurrent,
} from './service-changes.js';
import {
  closeRevision,
  giveUpCandidate,
  orStale,
  requireLive,
  rewriteIfFaulty,
  type WriteParts,
} from './write-parts.js';
import type { ChangeContext, RevisionDocument, ServiceDocument } from './service.js';

type Versioned = Pick<StoredRecord<ServiceDocument>, 'doc' | 'version'>;

export interface ProposeOutcome {
  /** `proposed`: waits to be proven. `stored`: current at once, as it is not served. `unchanged`: equal to the current. */
  readonly outcome: 'proposed' | 'stored' | 'unchanged';
  readonly revision: number;
}

/** A revision that is added to a history. */
interface Addition {
  readonly id: string;
  readonly added: number;
  readonly kept: readonly number[];
  readonly prepared: PreparedSpec;
}

export interface ProposeOptions {
  /** What `checkIfMatch` answered; absent: whatever the service is now. */
  readonly ifMatch?: string | number;
  /** The tools of the new revision may break the callers of the current one. Stored with it. */
  readonly allow_breaking?: boolean;
}

/** Writes the revisions of a service: each change is one commit, told to others once it is durable. */
export class RevisionWriter {
  constructor(private readonly parts: WriteParts) {}

  async propose(
    id: string,
    prepared: PreparedSpec,
    ctx: ChangeContext,
    { ifMatch, allow_breaking = false }: ProposeOptions,
  ): Promise<ProposeOutcome> {
    const { repository, rules, locks } = this.parts;
    return locks.onSpec(id, prepared, async () => {
      const { doc: service, version } = requireLive(this.parts, id);
      rules.requireFresh(service, ifMatch);
      rules.requireStaying(service);
      const pending = repository.index.candidateOf(id);
      if (isSameContent(service, prepared)) {
        await this.giveUp(id, 'the current revision is wanted again', ctx);
        await rewriteIfFaulty(this.parts, id, ctx);
        return { outcome: 'unchanged', revision: service.revision };
      }
      if (
        pending !== undefined &&
        isSameContent(pending, prepared) &&
        (pending.allow_breaking === true) === allow_breaking
      ) {
        return { outcome: 'proposed', revision: pending.revision };
      }
      rules.requireUnclaimed(id, prepared.spec);
      rules.requireAcyclic(id, prepared);
      const write = service.desired === 'active' ? this.storeCandidate : this.storeCurrent;
      return orStale(
        this.parts,
        id,
        ifMatch,
        write.call(this, { doc: service, version }, prepared, ctx, allow_breaking),
      );
    });
  }

  async promote(
    id: string,
    revision: number,
    tools: readonly JsonObject[],
  ): Promise<ServiceDocument> {
    const { repository, locks, events } = this.parts;
    return locks.onService(id, async () => {
      const { doc: service, version } = requireLive(this.parts, id);
      if (service.revision === revision && service.candidate === null) return service;
      const candidate = await repository.revision(id, revision);
      if (service.candidate !== revision || candidate === undefined) {
        throw registryProblems['not-candidate'](
          `Revision ${revision} of "${service.spec.name}" is not its candidate.`,
        );
      }
      const current: RevisionDocument = { ...candidate.doc, outcome: 'current', tools };
      const changes = [
        putService(withCurrent(service, current, this.parts.clock.timestamp()), version),
        putRevision(current, candidate.version),
        ...(await closeRevision(this.parts, id, service.revision, 'superseded')),
      ];
      const ctx = systemContext('reconciler', null);
      const specs = { from: service.spec, to: current.spec };
      await repository.commit(changes, metaOf(ctx, 'service.promote', id, specs));
      events.publish(new RevisionPromoted(id, revision, service.revision));
      return requireLive(this.parts, id).doc;
    });
  }

  /** Answers whether the revision was the candidate; when it was not, nothing changes. */
  async discard(id: string, revision: number, reason: string): Promise<boolean> {
    return this.parts.locks.onService(id, async () => {
      if (this.parts.repository.get(id)?.doc.candidate !== revision) return false;
      await this.giveUp(id, reason, systemContext('reconciler', reason));
      return true;
    });
  }

  async annotate(
    id: string,
    revision: number,
    notes: { readonly tools?: readonly JsonObject[]; readonly pinned?: boolean },
  ): Promise<RevisionDocument> {
    const { repository, locks } = this.parts;
    return locks.onService(id, async () => {
      const stored = await repository.revision(id, revision);
      if (stored === undefined) throw unknownRevision(id, revision);
      const { tools = stored.doc.tools, pinned = stored.doc.pinned } = notes;
      if (pinned === stored.doc.pinned && equalJson(tools, stored.doc.tools)) return stored.doc;
      const doc: RevisionDocument = { ...stored.doc, tools, pinned };
      const meta = metaOf(systemContext('reconciler', null), 'revision.annotate', id);
      await repository.commit([putRevision(doc, stored.version)], meta);
      return doc;
    });
  }

  private async storeCandidate(
    { doc: service, version }: Versioned,
    prepared: PreparedSpec,
    ctx: ChangeContext,
    allow_breaking: boolean,
  ): Promise<ProposeOutcome> {
    const { events } = this.parts;
    const { service_id: id } = service;
    const number = this.nextRevision(id);
    const given = await giveUpCandidate(this.parts, service);
    const changes = [
      putService({ ...service, candidate: number }, version),
      putRevision(
        this.revisionOf(id, number, prepared, ctx, { outcome: 'candidate', allow_breaking }),
        null,
      ),
      ...given.changes,
    ];
    const specs = { from: service.spec, to: prepared.spec };
    const meta = metaOf(ctx, 'service.propose', id, specs);
    const kept = [service.revision];
    await this.commitTrimmed({ id, added: number, kept, prepared }, changes, meta);
    if (given.revision !== null) {
      const reason = `replaced by revision ${number}`;
      events.publish(new RevisionDiscarded(id, given.revision, reason));
    }
    events.publish(new RevisionProposed(id, number));
    return { outcome: 'proposed', revision: number };
  }

  private async storeCurrent(
    { doc: service, version }: Versioned,
    prepared: PreparedSpec,
    ctx: ChangeContext,
    allow_breaking: boolean,
  ): Promise<ProposeOutcome> {
    const { events, clock } = this.parts;
    const { service_id: id } = service;
    const number = this.nextRevision(id);
    const how = { outcome: 'current', allow_breaking } as const;
    const revision = this.revisionOf(id, number, prepared, ctx, how);
    const changes = [
      putService(withCurrent(service, revision, clock.timestamp()), version),
      putRevision(revision, null),
      ...(await closeRevision(this.parts, id, service.revision, 'superseded')),
    ];
    const specs = { from: service.spec, to: prepared.spec };
    const meta = metaOf(ctx, 'service.update', id, specs);
    await this.commitTrimmed({ id, added: number, kept: [], prepared }, changes, meta);
    events.publish(new RevisionPromoted(id, number, service.revision));
    return { outcome: 'stored', revision: number };
  }

  /** Gives the candidate up, if there is one. The caller holds the lock of the service. */
  private async giveUp(id: string, reason: string, ctx: ChangeContext): Promise<void> {
    const { repository, events } = this.parts;
    const { doc: service, version } = requireLive(this.parts, id);
    if (service.candidate === null) return;
    const given = await giveUpCandidate(this.parts, service);
    await repository.commit(
      [putService({ ...service, candidate: null }, version), ...given.changes],
      metaOf({ ...ctx, reason }, 'service.discard', id),
    );
    events.publish(new RevisionDiscarded(id, service.candidate, reason));
  }

  /** Commits with the removals that keep the history at its limit; a record is changed only once. */
  private async commitTrimmed(
    { id, added, kept, prepared }: Addition,
    changes: readonly RecordChange[],
    meta: CommitMeta,
  ): Promise<void> {
    const { repository } = this.parts;
    const named = versionsNamedBy(prepared.effective.network.routes);
    const removals = await repository.trimmed(id, added, kept, named);
    const removed = new Set(removals.map((change) => change.id));
    const staying = changes.filter((one) => one.kind !== 'revision' || !removed.has(one.id));
    await repository.commit([...staying, ...removals], meta);
  }

  private revisionOf(
    id: string,
    revision: number,
    prepared: PreparedSpec,
    ctx: ChangeContext,
    how: Pick<RevisionDocument, 'outcome' | 'allow_breaking'>,
  ): RevisionDocument {
    const { actor, reason } = ctx;
    const at = this.parts.clock.timestamp();
    return newRevision(prepared, { service_id: id, revision, at, actor, reason, ...how });
  }

  private nextRevision(id: string): number {
    const current = requireLive(this.parts, id).doc.revision;
    return Math.max(current, ...this.parts.repository.revisionNumbers(id)) + 1;
  }
}

export function unknownRevision(id: string, revision: number): Error {
  return registryProblems['revision-unknown']({
    detail: `Revision ${revision} of ${id} is not kept.`,
    extra: { service_id: id },
  });
}
