import type { Clock } from '../kernel/clock.js';
import type { EventBus } from '../kernel/event-bus.js';
import { ProblemError } from '../kernel/problem.js';
import type { Random } from '../kernel/random.js';
import type { RecordChange, StoredRecord } from '../storage/record-store.js';
import { ServiceRewritten } from './registry.events.js';
import { metaOf, putRevision, putService } from './service-changes.js';
import type { ServiceLocks } from './service-locks.js';
import type { ServiceRules } from './service-rules.js';
import type { ServiceRepository } from './service.repository.js';
import type { ChangeContext, RevisionDocument, ServiceDocument } from './service.js';

/** What the writers of the registry share. Invariant: one set of locks for all of them. */
export interface WriteParts {
  readonly repository: ServiceRepository;
  readonly rules: ServiceRules;
  readonly locks: ServiceLocks;
  readonly events: EventBus;
  readonly clock: Clock;
  readonly random: Random;
}

/** A candidate that is given up: what changes besides the service, and its number. */
export interface GivenUp {
  readonly changes: readonly RecordChange[];
  readonly revision: number | null;
}

/** Throws `registry.unknown` or `registry.archived`. */
export function requireLive(parts: WriteParts, id: string): StoredRecord<ServiceDocument> {
  const stored = parts.repository.get(id);
  if (stored === undefined) throw parts.rules.absence(id);
  return stored;
}

/** What giving up the candidate of a service changes; its record may be damaged and gone. */
export async function giveUpCandidate(
  parts: WriteParts,
  service: ServiceDocument,
): Promise<GivenUp> {
  const { service_id: id, candidate } = service;
  if (candidate === null) return { changes: [], revision: null };
  return { changes: await closeRevision(parts, id, candidate, 'draft'), revision: candidate };
}

/** The change that says how a revision ended, or none when its record is damaged and gone. */
export async function closeRevision(
  parts: WriteParts,
  id: string,
  revision: number,
  outcome: 'superseded' | 'draft',
): Promise<RecordChange[]> {
  const stored: StoredRecord<RevisionDocument> | undefined =
    await parts.repository.readableRevision(id, revision);
  return stored === undefined ? [] : [putRevision({ ...stored.doc, outcome }, stored.version)];
}

/**
 * Writes a service again as it is when its file is damaged or was edited by hand, which ends the fault. Answers whether it
 * had to. The caller holds the lock of the service.
 */
export async function rewriteIfFaulty(
  parts: WriteParts,
  id: string,
  ctx: ChangeContext,
): Promise<boolean> {
  const { repository, events } = parts;
  if (!repository.isFaulty(id)) return false;
  const { doc, version } = requireLive(parts, id);
  await repository.commit([putService(doc, version)], metaOf(ctx, 'service.rewrite', id));
  events.publish(new ServiceRewritten(id));
  return true;
}

/** A writer outside this process, such as a restore, may have been faster than the one who sent an ETag. */
export async function orStale<T>(
  parts: WriteParts,
  id: string,
  ifMatch: string | number | undefined,
  commit: Promise<T>,
): Promise<T> {
  try {
    return await commit;
  } catch (error) {
    const isConflict = error instanceof ProblemError && error.code === 'storage.version-conflict';
    if (!isConflict || ifMatch === undefined) throw error;
    throw parts.rules.stale(requireLive(parts, id).doc);
  }
}
