import type { ProblemError } from '../kernel/problem.js';
import type { RecordChange, RecordStore } from '../storage/record-store.js';
import { configProblems } from './config.errors.js';
import { isSameTemplate, pinnedReference, type TemplateDocument } from './template.js';
import type { TemplateRepository } from './template.repository.js';
import { TemplateUses } from './template-uses.js';

/** Older revisions kept of a template besides those that something names. */
export const KEPT_TEMPLATE_REVISIONS = 20;

/** The changes of records that a change of a template comes to. Nothing is written here. */
export class TemplateChanges {
  private readonly uses: TemplateUses;

  constructor(
    private readonly templates: TemplateRepository,
    store: RecordStore,
  ) {
    this.uses = new TemplateUses(store);
  }

  /**
   * Stores `document` under its revision: as the newest, or among the older ones when a newer one exists. Empty when it is
   * stored so already. `expect` is the version of the record of the newest (`null` = none); left out, the present one.
   * Throws `config.template-built-in` and `config.template-revision-taken`.
   */
  async put(document: TemplateDocument, expect?: number | null): Promise<RecordChange[]> {
    const { template_id: id, revision } = document;
    const same = this.templates.find({ template_id: id, revision });
    const current = this.templates.current(id);
    if (same !== undefined && isSameTemplate(same, document)) {
      const isServed = current !== undefined || this.templates.isBuiltIn(id);
      return isServed ? [] : [putNewest(document, expect ?? null), removal(id, revision)];
    }
    if (this.templates.isBuiltIn(id)) throw builtIn(id);
    if (same !== undefined) {
      throw configProblems['template-revision-taken'](
        `${pinnedReference(document)} exists with other content.`,
      );
    }
    if (current !== undefined && current.doc.revision > revision) return [putOlder(document)];
    const newest = putNewest(document, expect === undefined ? (current?.version ?? null) : expect);
    if (current === undefined) return [newest];
    const older = putOlder(current.doc);
    return [newest, older, ...(await this.trimmed(id, current.doc.revision))];
  }

  /**
   * Removes the newest revision of a template from the list. It stays readable by its number, as do older ones that a
   * history names, so that those can be gone back to; what earlier removals left and nothing names any more goes now.
   */
  async remove(id: string): Promise<RecordChange[]> {
    const current = this.templates.current(id);
    if (current === undefined) return [];
    const named = await this.uses.named();
    const leftovers = this.templates
      .older()
      .filter(({ template_id }) => template_id === id || !this.templates.isPresent(template_id))
      .filter((one) => !named.has(pinnedReference(one)));
    return [
      { kind: 'template', id, op: 'delete', expect: current.version },
      putOlder(current.doc),
      ...leftovers.map((one) => removal(one.template_id, one.revision)),
    ];
  }

  /** Removals that bring the older revisions back to their limit once `added` is among them. */
  private async trimmed(id: string, added: number): Promise<RecordChange[]> {
    const older = this.templates.older().filter(({ template_id }) => template_id === id);
    const excess = older.length + 1 - KEPT_TEMPLATE_REVISIONS;
    if (excess <= 0) return [];
    const oldest = older
      .map(({ revision }) => revision)
      .filter((revision) => revision !== added)
      .sort((left, right) => left - right)
      .slice(0, excess);
    const named = await this.uses.named();
    return oldest
      .filter((revision) => !named.has(`${id}@${revision}`))
      .map((revision) => removal(id, revision));
  }
}

export function builtIn(id: string): ProblemError {
  return configProblems['template-built-in']({
    detail: `"${id}" is shipped with the product. A template with "extends": "${id}" can say what differs.`,
    extra: { template_id: id },
  });
}

function putNewest(doc: TemplateDocument, expect: number | null): RecordChange {
  return { kind: 'template', id: doc.template_id, op: 'put', doc, expect };
}

/** An older revision is a record of its own. */
export function putOlder(doc: TemplateDocument): RecordChange {
  return { kind: 'template_revision', id: olderId(doc.template_id, doc.revision), op: 'put', doc };
}

function removal(id: string, revision: number): RecordChange {
  return { kind: 'template_revision', id: olderId(id, revision), op: 'delete' };
}

function olderId(id: string, revision: number): string {
  return `${id}/${revision}`;
}
