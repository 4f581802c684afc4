import { Injectable } from '@nestjs/common';
import type { RecordChange } from '../storage/record-store.js';
import { configProblems } from './config.errors.js';
import {
  parseTemplateReference,
  pinnedReference,
  TEMPLATE_SCHEMA_VERSION,
  templateChain,
  type TemplateContent,
  type TemplateDocument,
  type TemplateReference,
} from './template.js';
import { TemplateChanges } from './template-changes.js';
import { TemplateRepository } from './template.repository.js';

/** A template as the API shows it. */
export interface TemplateSummary extends TemplateDocument {
  readonly built_in: boolean;
  /** `template_id@revision`. */
  readonly reference: string;
}

@Injectable()
export class TemplateService {
  private readonly changes: TemplateChanges;

  constructor(private readonly templates: TemplateRepository) {
    this.changes = new TemplateChanges(templates, templates.store);
  }

  /** The newest revision of each template, by id. */
  list(): readonly TemplateSummary[] {
    return this.templates
      .newest()
      .map((template) => this.summaryOf(template))
      .sort((left, right) => (left.template_id < right.template_id ? -1 : 1));
  }

  /** A template by id or `id@revision`; throws `config.template-not-found`. */
  get(reference: string): TemplateSummary {
    const parsed = parseTemplateReference(reference);
    const template = parsed === null ? undefined : this.templates.find(parsed);
    if (template === undefined) {
      throw configProblems['template-not-found'](
        `There is no template "${reference.slice(0, 80)}".`,
      );
    }
    return this.summaryOf(template);
  }

  /** As `get`; `undefined` when there is none. */
  find(reference: TemplateReference): TemplateDocument | undefined {
    return this.templates.find(reference);
  }

  /** The revisions that are kept, newest first; throws `config.template-not-found`. */
  revisions(id: string): readonly TemplateSummary[] {
    const newest = this.get(id);
    return [newest, ...this.templates.older().filter((one) => one.template_id === id)]
      .map((template) => this.summaryOf(template))
      .filter((one, place) => place === 0 || one.revision !== newest.revision)
      .sort((left, right) => right.revision - left.revision);
  }

  /** The ETag of the newest revision, quotes included; throws `config.template-not-found`. */
  etag(id: string): string {
    const { revision } = this.get(id);
    return `"${revision}.${this.version(id) ?? 0}"`;
  }

  /** The store version of the record of the newest revision; `null` when there is none. */
  version(id: string): number | null {
    return this.templates.current(id)?.version ?? null;
  }

  isBuiltIn(id: string): boolean {
    return this.templates.isBuiltIn(id);
  }

  /** The number that the next revision of a template gets: one that was never used for other content that is kept. */
  nextRevision(id: string): number {
    const older = this.templates.older().filter((one) => one.template_id === id);
    const newest = this.templates.find({ template_id: id, revision: null });
    return Math.max(newest?.revision ?? 0, ...older.map(({ revision }) => revision)) + 1;
  }

  /** References of the templates, in their newest revision, whose chain goes through any revision of `id`. */
  dependentsOf(id: string): readonly string[] {
    return this.templates
      .newest()
      .filter((one) => one.template_id !== id && this.standsOn(one, id))
      .map(pinnedReference);
  }

  /** Whether the chain of `reference` goes through `id` below its top. A chain that is broken does not. */
  goesThrough(reference: string, id: string): boolean {
    const parsed = parseTemplateReference(reference);
    const top = parsed === null ? undefined : this.templates.find(parsed);
    return top !== undefined && top.template_id !== id && this.standsOn(top, id);
  }

  /**
   * The chain a reference stands for, root first; throws `config.template-unknown`, `-cycle`, `-depth`. `pending` are
   * revisions that are about to be stored, the newest of each template first; they come before what is stored.
   */
  resolve(
    reference: string,
    pending: readonly TemplateDocument[] = [],
  ): readonly TemplateDocument[] {
    const isMeant = (given: TemplateDocument, one: TemplateReference): boolean =>
      given.template_id === one.template_id && [null, given.revision].includes(one.revision);
    return templateChain(
      reference,
      (one) => pending.find((given) => isMeant(given, one)) ?? this.templates.find(one),
    );
  }

  /** `template@revision` of a reference; throws as `resolve`. */
  pin(reference: string): string {
    const top = this.resolve(reference).at(-1);
    return top === undefined ? reference : pinnedReference(top);
  }

  /**
   * The content with what it extends pinned, as it is stored: so that an edit of a template below reaches nobody by
   * itself. Throws as `resolve` of the template that it would make.
   */
  pinned(content: TemplateContent): TemplateContent {
    const { template_id: id, extends: below } = content;
    if (below === null) return content;
    const revision = this.nextRevision(id);
    const own: TemplateDocument = { ...content, schema_version: TEMPLATE_SCHEMA_VERSION, revision };
    const chain = templateChain(id, (one) =>
      one.template_id === id && one.revision === null ? own : this.templates.find(one),
    );
    const base = chain.at(-2);
    return base === undefined ? content : { ...content, extends: pinnedReference(base) };
  }

  /** See `TemplateChanges.put`: for those who commit templates together with other records. */
  changesFor(document: TemplateDocument, expect?: number | null): Promise<RecordChange[]> {
    return this.changes.put(document, expect);
  }

  /** See `TemplateChanges.remove`. */
  removalsFor(id: string): Promise<RecordChange[]> {
    return this.changes.remove(id);
  }

  /** The template of a service that names none. `isSpawned`: the gateway starts the server itself. */
  defaultFor(
    type: 'function' | 'executable',
    hostingMode: 'stdio' | 'sse' | 'streamable_http',
    isSpawned = hostingMode === 'stdio',
  ): string {
    if (type === 'function') return 'function_service';
    if (isSpawned || hostingMode === 'stdio') return 'executable_service';
    return hostingMode === 'sse' ? 'remote_sse_service' : 'remote_http_service';
  }

  private summaryOf(template: TemplateDocument): TemplateSummary {
    return {
      ...template,
      built_in: this.templates.isBuiltIn(template.template_id),
      reference: pinnedReference(template),
    };
  }

  private standsOn(template: TemplateDocument, id: string): boolean {
    let below = template.extends;
    for (let steps = 0; below !== null && steps < 16; steps += 1) {
      const parsed = parseTemplateReference(below);
      if (parsed === null) return false;
      if (parsed.template_id === id) return true;
      below = this.templates.find(parsed)?.extends ?? null;
    }
    return false;
  }
}
