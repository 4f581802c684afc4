import { metaOf, putRevision } from './service-changes.js';
import { registryProblems } from './registry.errors.js';
import { MAX_PINS } from './retention.js';
import { unknownRevision } from './revision-writer.js';
import type { ChangeContext, RevisionDocument } from './service.js';
import { requireLive, type WriteParts } from './write-parts.js';

/** Keeps revisions that operators name from being dropped with age. Each change is one commit in the operator's name. */
export class RevisionPins {
  constructor(private readonly parts: WriteParts) {}

  /** Throws `registry.revision-unknown`, and `registry.too-many-pins` beyond `MAX_PINS`. What is so already is left. */
  async set(
    id: string,
    revision: number,
    isKept: boolean,
    ctx: ChangeContext,
  ): Promise<RevisionDocument> {
    const { repository, locks } = this.parts;
    return locks.onService(id, async () => {
      requireLive(this.parts, id);
      const stored = await repository.revision(id, revision);
      if (stored === undefined) throw unknownRevision(id, revision);
      if ((stored.doc.kept_by_operator === true) === isKept) return stored.doc;
      if (isKept) await this.requireRoom(id);
      const doc: RevisionDocument = { ...stored.doc, kept_by_operator: isKept };
      const verb = isKept ? 'revision.pin' : 'revision.unpin';
      const reason = ctx.reason ?? `revision ${String(revision)}`;
      const meta = metaOf({ ...ctx, reason }, verb, id);
      await repository.commit([putRevision(doc, stored.version)], meta);
      return doc;
    });
  }

  private async requireRoom(id: string): Promise<void> {
    const { repository } = this.parts;
    const pins: number[] = [];
    for (const number of repository.revisionNumbers(id)) {
      const found = await repository.readableRevision(id, number);
      if (found?.doc.kept_by_operator === true) pins.push(number);
    }
    if (pins.length < MAX_PINS) return;
    throw registryProblems['too-many-pins']({
      detail: `${String(pins.length)} revisions are pinned: ${pins.join(', ')}.`,
      extra: { service_id: id, pinned: pins },
    });
  }
}
