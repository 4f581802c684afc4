import type { DomainEvent } from '../kernel/domain-event.js';
import type { RecordChange } from '../storage/record-store.js';
import type { BatchOutcome } from './batch-change.js';
import type { Draft } from './batch-draft.js';
import type { PreparedSpec } from './prepared-spec.js';
import {
  DesiredStateChanged,
  RevisionDiscarded,
  RevisionPromoted,
  RevisionProposed,
  ServiceCreated,
  ServiceRestored,
  ServiceRewritten,
} from './registry.events.js';
import { versionsNamedBy } from './retention.js';
import {
  newRevision,
  newService,
  putRevision,
  putService,
  withCurrent,
} from './service-changes.js';
import { closeRevision, giveUpCandidate, type WriteParts } from './write-parts.js';
import type { ChangeContext, RevisionDocument, ServiceDocument } from './service.js';

/** What a change of a batch adds to its commit, and what is told once that is durable. */
export interface Written {
  readonly changes: readonly RecordChange[];
  readonly events: readonly DomainEvent[];
  readonly outcome: BatchOutcome;
}

type Update = Draft & { readonly stored: NonNullable<Draft['stored']> };

/** Turns the changes of a batch, already judged, into records and events as the single writers make them. */
export class DraftWriter {
  constructor(private readonly parts: WriteParts) {}

  async write(draft: Draft, ctx: ChangeContext): Promise<Written> {
    const { stored, change } = draft;
    if (change.op === 'create') return this.create(draft, change.prepared, change.revision, ctx);
    if (stored === null) throw new Error(`The service ${draft.id} of the batch is not there.`);
    const update: Update = { ...draft, stored };
    const isNew =
      change.op === 'update' && (draft.step === 'candidate' || draft.step === 'current');
    const written = isNew
      ? await this.revise(update, change.prepared, change.allow_breaking === true, ctx)
      : await this.keep(update);
    return written;
  }

  private async create(
    { id, desired, archived, former_names }: Draft,
    prepared: PreparedSpec,
    wanted: number | undefined,
    ctx: ChangeContext,
  ): Promise<Written> {
    const number = wanted ?? Math.max(0, ...this.parts.repository.revisionNumbers(id)) + 1;
    const revision = this.revisionOf(id, number, prepared, ctx, 'current');
    const fresh = newService(revision, desired);
    const before = archived?.doc.service;
    const service: ServiceDocument = {
      ...fresh,
      former_names,
      generation: (before?.generation ?? 0) + 1,
      created_at: before?.created_at ?? fresh.created_at,
    };
    const changes = [putService(service, null), putRevision(revision)];
    const { name } = prepared.spec;
    const outcome = { op: 'create', service_id: id, name, revision: number } as const;
    if (archived === null) {
      const events = [new ServiceCreated(id, name, number)];
      return { changes, events, outcome: { ...outcome, outcome: 'created' } };
    }
    const { version, doc } = archived;
    const served = doc.service.revision;
    changes.push({ kind: 'archive', id, op: 'delete', expect: version });
    // Unless the batch writes this very revision again, it is history from now on.
    if (served !== number) {
      changes.push(...(await closeRevision(this.parts, id, served, 'superseded')));
    }
    const events = [new ServiceRestored(id, name), new DesiredStateChanged(id, desired)];
    return { changes, events, outcome: { ...outcome, outcome: 'restored' } };
  }

  private async revise(
    draft: Update,
    prepared: PreparedSpec,
    allowsBreaking: boolean,
    ctx: ChangeContext,
  ): Promise<Written> {
    const { id, step, stored } = draft;
    const { repository } = this.parts;
    const { doc: service, version } = stored;
    const number = Math.max(service.revision, ...repository.revisionNumbers(id)) + 1;
    const isCandidate = step === 'candidate';
    const made = this.revisionOf(id, number, prepared, ctx, isCandidate ? 'candidate' : 'current');
    const revision = allowsBreaking ? { ...made, allow_breaking: true } : made;
    const given = await giveUpCandidate(this.parts, service);
    const closed = isCandidate
      ? []
      : await closeRevision(this.parts, id, service.revision, 'superseded');
    const next = this.nextService(draft, revision);
    const kept = isCandidate ? [service.revision] : [];
    const named = versionsNamedBy(prepared.effective.network.routes);
    const removals = await repository.trimmed(id, number, kept, named);
    const all = [putService(next, version), putRevision(revision), ...given.changes, ...closed];
    const reason = isCandidate ? `replaced by revision ${String(number)}` : 'a batch replaced it';
    const events: DomainEvent[] = [];
    if (given.revision !== null) events.push(new RevisionDiscarded(id, given.revision, reason));
    events.push(
      isCandidate
        ? new RevisionProposed(id, number)
        : new RevisionPromoted(id, number, service.revision),
    );
    if (draft.desired !== service.desired) events.push(new DesiredStateChanged(id, draft.desired));
    return {
      changes: withRemovals(all, removals),
      events,
      outcome: outcomeOf(draft, isCandidate ? 'proposed' : 'stored', number),
    };
  }

  /** The current spec stays: what is desired, the former names, or a candidate that is given up may change. */
  private async keep(draft: Update): Promise<Written> {
    const { id, step, stored } = draft;
    const { doc: service, version } = stored;
    const given =
      step === 'keep'
        ? await giveUpCandidate(this.parts, service)
        : { changes: [], revision: null };
    const isDesired = draft.desired !== service.desired;
    const isRenamed = !equalNames(draft.former_names, service.former_names);
    const isFaulty = this.parts.repository.isFaulty(id);
    const pending = step === 'wait' && draft.change.op === 'update' ? service.candidate : null;
    const outcome = outcomeOf(
      draft,
      isDesired ? 'desired' : pending === null ? 'unchanged' : 'proposed',
      pending ?? service.revision,
    );
    if (!isDesired && !isRenamed && !isFaulty && given.revision === null) {
      return { changes: [], events: [], outcome };
    }
    const events: DomainEvent[] = [];
    const reason = isDesired
      ? `the service is to be ${draft.desired}`
      : 'the current revision is wanted again';
    if (given.revision !== null) events.push(new RevisionDiscarded(id, given.revision, reason));
    if (isDesired) events.push(new DesiredStateChanged(id, draft.desired));
    else if (isFaulty || isRenamed) events.push(new ServiceRewritten(id));
    return {
      changes: [putService(this.nextService(draft, null), version), ...given.changes],
      events,
      outcome,
    };
  }

  private nextService(draft: Update, revision: RevisionDocument | null): ServiceDocument {
    const at = this.parts.clock.timestamp();
    const { doc: service } = draft.stored;
    const isDesired = draft.desired !== service.desired;
    const isRenamed = !equalNames(draft.former_names, service.former_names);
    const based =
      revision?.outcome === 'current'
        ? withCurrent(service, revision, at)
        : { ...service, candidate: candidateAfter(draft, revision) };
    const isCounted = revision?.outcome !== 'current' && (isDesired || isRenamed);
    return {
      ...based,
      desired: draft.desired,
      former_names: draft.former_names,
      generation: based.generation + (isCounted ? 1 : 0),
      updated_at: isCounted ? at : based.updated_at,
    };
  }

  private revisionOf(
    id: string,
    revision: number,
    prepared: PreparedSpec,
    ctx: ChangeContext,
    outcome: RevisionDocument['outcome'],
  ): RevisionDocument {
    const { actor, reason } = ctx;
    const at = this.parts.clock.timestamp();
    return newRevision(prepared, { service_id: id, revision, at, actor, reason, outcome });
  }
}

function candidateAfter(draft: Update, revision: RevisionDocument | null): number | null {
  if (revision !== null) return revision.revision;
  return draft.step === 'wait' ? draft.stored.doc.candidate : null;
}

function outcomeOf(
  { change, id, name }: Draft,
  outcome: BatchOutcome['outcome'],
  revision: number,
): BatchOutcome {
  return { op: change.op, service_id: id, name, outcome, revision };
}

/** A record is changed only once: what is removed is not written before. */
function withRemovals(
  changes: readonly RecordChange[],
  removals: readonly RecordChange[],
): readonly RecordChange[] {
  const removed = new Set(removals.map(({ id }) => id));
  const staying = changes.filter(({ kind, id }) => kind !== 'revision' || !removed.has(id));
  return [...staying, ...removals];
}

function equalNames(left: readonly string[], right: readonly string[]): boolean {
  return left.length === right.length && left.every((name, index) => name === right[index]);
}
