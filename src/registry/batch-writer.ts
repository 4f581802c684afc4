import type { DomainEvent } from '../kernel/domain-event.js';
import type { RecordChange } from '../storage/record-store.js';
import type { BatchChange, BatchOptions, BatchOutcome, BatchResult } from './batch-change.js';
import { draftOf, type Draft } from './batch-draft.js';
import {
  BatchFaults,
  type BatchFault,
  judgeClaims,
  judgeDependents,
  judgeGraph,
} from './batch-rules.js';
import { DraftWriter, type Written } from './batch-step.js';
import { batchMeta } from './batch-meta.js';
import type { PreparedSpec } from './prepared-spec.js';
import { registryProblems } from './registry.errors.js';
import { refuseDesired } from './service-writer.js';
import type { ChangeContext } from './service.js';
import type { WriteParts } from './write-parts.js';

/**
 * Writes many services in one commit, all or nothing. Every rule of the single writers is judged over the batch as a whole,
 * as if it were applied at once, and all faults are reported together. Invariant: the locks are those of the single
 * writers, in their order, so that what was judged still holds at the commit.
 */
export class BatchWriter {
  private readonly steps: DraftWriter;

  constructor(private readonly parts: WriteParts) {
    this.steps = new DraftWriter(parts);
  }

  /** Throws `registry.batch-refused` naming every change that is refused; nothing is stored then. */
  async apply(
    changes: readonly BatchChange[],
    ctx: ChangeContext,
    options: BatchOptions,
  ): Promise<BatchResult> {
    return this.locked(changes, async (ids) => {
      const { drafts, faults } = await this.draftAll(changes, ids);
      faults.throwAny();
      return this.write(drafts, ctx, options);
    });
  }

  /** What `apply` would refuse now. */
  async judge(changes: readonly BatchChange[]): Promise<readonly BatchFault[]> {
    return this.locked(changes, async (ids) => (await this.draftAll(changes, ids)).faults.all);
  }

  private async locked<T>(
    changes: readonly BatchChange[],
    task: (ids: readonly string[]) => Promise<T>,
  ): Promise<T> {
    const ids = changes.map((change) => this.idOf(change));
    const prepared = changes.flatMap((one) => (one.op === 'desire' ? [] : [one]));
    const scope = {
      ids,
      names: prepared.flatMap((one) => [one.prepared.spec.name, ...(one.former_names ?? [])]),
      scripts: prepared.flatMap((one) => one.prepared.spec.script_id ?? []),
      needsGraph: prepared.some((one) => needsOthers(one.prepared)),
    };
    return this.parts.locks.onBatch(scope, () => task(ids));
  }

  private idOf(change: BatchChange): string {
    return change.service_id?.toLowerCase() ?? this.parts.random.uuid();
  }

  private async draftAll(
    changes: readonly BatchChange[],
    ids: readonly string[],
  ): Promise<{ drafts: readonly Draft[]; faults: BatchFaults }> {
    const { repository, rules } = this.parts;
    const faults = new BatchFaults();
    const drafts: Draft[] = [];
    const seen = new Set<string>();
    for (const [index, change] of changes.entries()) {
      const id = ids[index] ?? '';
      const name = nameIn(change, repository.get(id)?.doc.spec.name ?? id);
      if (seen.has(id)) faults.add(index, name, twice(id));
      seen.add(id);
      const draft = await this.draft(index, id, change);
      if (draft !== null) drafts.push(draft);
      faults.judge(index, name, () => {
        if (draft === null) throw rules.absence(id);
        this.judgeAlone(draft);
      });
    }
    const index = repository.index;
    const others = repository.list().filter((service) => !seen.has(service.service_id));
    const nodes = others.map((service) => ({
      ...rules.nodeWithCandidate(service),
      isActive: service.desired === 'active',
    }));
    judgeClaims(drafts, index, faults);
    judgeGraph(drafts, nodes, index, faults);
    judgeDependents(drafts, nodes, index, faults);
    return { drafts, faults };
  }

  private async draft(index: number, id: string, change: BatchChange): Promise<Draft | null> {
    const { repository } = this.parts;
    return draftOf(index, id, change, {
      stored: repository.get(id) ?? null,
      archived: await repository.readableArchive(id),
      candidate: repository.index.candidateOf(id) ?? null,
    });
  }

  /** What a change is refused with whatever else the batch changes. */
  private judgeAlone({ id, change, stored, archived }: Draft): void {
    const { rules, repository } = this.parts;
    if (change.op === 'create') {
      const isBack = archived !== null && repository.get(id) === undefined;
      if (!isBack) rules.requireFreeId(id);
      return;
    }
    if (stored === null) return;
    if (change.if_version !== undefined && change.if_version !== stored.version) {
      throw rules.stale(stored.doc);
    }
    if (change.op === 'update') rules.requireStaying(stored.doc);
    if (change.desired !== undefined && change.desired !== stored.doc.desired) {
      refuseDesired(stored.doc, change.desired);
    }
  }

  private async write(
    drafts: readonly Draft[],
    ctx: ChangeContext,
    options: BatchOptions,
  ): Promise<BatchResult> {
    const { repository, events } = this.parts;
    const changes: RecordChange[] = [...(options.extra ?? [])];
    const told: DomainEvent[] = [];
    const services: BatchOutcome[] = [];
    for (const draft of drafts) {
      const written: Written = await this.steps.write(draft, ctx);
      changes.push(...written.changes);
      told.push(...written.events);
      services.push(written.outcome);
    }
    if (changes.length === 0) return { revision: repository.storeRevision, services };
    const revision = await repository.commit(changes, batchMeta(drafts, ctx, options));
    for (const event of told) events.publish(event);
    return { revision, services };
  }
}

function needsOthers({ effective }: PreparedSpec): boolean {
  return effective.integration.dependencies.length > 0;
}

function nameIn(change: BatchChange, known: string): string {
  return change.op === 'desire' ? known : change.prepared.spec.name;
}

function twice(id: string): ReturnType<(typeof registryProblems)['invalid']> {
  return registryProblems.invalid({
    detail: `Another change of the batch names the service ${id}.`,
    errors: [{ pointer: '/service_id', detail: 'is named twice.' }],
  });
}
