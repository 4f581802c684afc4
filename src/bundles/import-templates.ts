import { problemOfFaults, type ConfigFault } from '../config/config.errors.js';
import {
  isSameTemplate,
  parseTemplateReference,
  pinnedReference,
  TEMPLATE_SCHEMA_VERSION,
  type TemplateContent,
  type TemplateDocument,
  type TemplateReference,
} from '../config/template.js';
import { putOlder } from '../config/template-changes.js';
import { canonicalJson, type JsonObject } from '../kernel/json.js';
import { sha256Hex } from '../kernel/ids.js';
import { redactedDiff } from '../registry/redacted-diff.js';
import type { ServiceSpec } from '../registry/service.js';
import type { RecordChange } from '../storage/record-store.js';
import type { BundleTemplate } from './bundle.js';
import { conflicting, planProblem, type ConflictPolicy, type DecidedItem } from './import-plan.js';

/** What the plan asks of the templates that are here. */
export interface TemplateSide {
  find(reference: TemplateReference): TemplateDocument | undefined;
  isBuiltIn(id: string): boolean;
  version(id: string): number | null;
  nextRevision(id: string): number;
  resolve(reference: string, pending?: readonly TemplateDocument[]): readonly TemplateDocument[];
  changesFor(document: TemplateDocument): Promise<RecordChange[]>;
  /** Everything wrong with the body of a write of a template. */
  faultsOf(body: unknown): Promise<ConfigFault[]>;
}

/** The templates of this gateway, with the rules that their writes obey. */
export function templateSide(
  templates: Omit<TemplateSide, 'faultsOf'>,
  rules: { templateFaultsOf(body: unknown): Promise<ConfigFault[]> },
): TemplateSide {
  return {
    find: (reference) => templates.find(reference),
    isBuiltIn: (id) => templates.isBuiltIn(id),
    version: (id) => templates.version(id),
    nextRevision: (id) => templates.nextRevision(id),
    resolve: (reference, pending) => templates.resolve(reference, pending),
    changesFor: (document) => templates.changesFor(document),
    faultsOf: (body) => rules.templateFaultsOf(body),
  };
}

export interface TemplatesPlan {
  readonly items: readonly DecidedItem[];
  /** Revisions that are to be stored, the newest of each template first. */
  readonly pending: readonly TemplateDocument[];
  /** What a reference of the bundle is called here. */
  rewrite(reference: string): string;
}

interface Decided {
  readonly item: DecidedItem;
  readonly document: TemplateDocument | null;
}

/**
 * Plans the templates of a bundle. A revision is never changed, since services are pinned to it: `overwrite` stores what
 * differs as a revision after the newest, `rename` as another template, and the bundle's references follow.
 */
export class TemplatePlanner {
  /** Template id of the bundle to the one it gets here. */
  private readonly ids = new Map<string, string>();
  /** Reference of the bundle to the one it gets here. */
  private readonly references = new Map<string, string>();

  constructor(
    private readonly templates: TemplateSide,
    private readonly policy: ConflictPolicy,
    private readonly made: { readonly created_at: string; readonly actor: string },
  ) {}

  async plan(bundled: readonly BundleTemplate[]): Promise<TemplatesPlan> {
    const given = this.pinned(bundled);
    this.assignNames(given);
    const decided = given.map((template, index) => this.decide(template, index));
    const pending = decided
      .flatMap(({ document }) => document ?? [])
      .sort((left, right) => right.revision - left.revision);
    const items: DecidedItem[] = [];
    for (const [index, one] of decided.entries()) items.push(await this.judge(one, index, pending));
    return { items, pending, rewrite: (reference) => this.rewrite(reference) };
  }

  rewrite(reference: string): string {
    const renumbered = this.references.get(reference);
    if (renumbered !== undefined) return renumbered;
    const parsed = parseTemplateReference(reference);
    const id = parsed === null ? undefined : this.ids.get(parsed.template_id);
    if (parsed === null || id === undefined) return reference;
    return parsed.revision === null ? id : `${id}@${String(parsed.revision)}`;
  }

  /** What a template extends without saying which revision, said as it would be stored. */
  private pinned(given: readonly BundleTemplate[]): readonly BundleTemplate[] {
    const newest = new Map<string, number>();
    for (const { template_id: id, revision } of given) {
      newest.set(id, Math.max(revision, newest.get(id) ?? 0));
    }
    return given.map((template) => {
      const parsed = parseTemplateReference(template.extends ?? '');
      if (parsed === null || parsed.revision !== null) return template;
      const { template_id: id } = parsed;
      const revision = newest.get(id) ?? this.templates.find(parsed)?.revision;
      return revision === undefined
        ? template
        : { ...template, extends: `${id}@${String(revision)}` };
    });
  }

  private assignNames(given: readonly BundleTemplate[]): void {
    const taken = new Set(given.map((one) => one.template_id));
    const next = new Map<string, number>();
    for (const template of given) {
      const { template_id: id, revision } = template;
      if (!this.isClash(template)) continue;
      if (this.policy === 'rename' && !this.ids.has(id)) {
        const free = this.freeId(id, taken);
        taken.add(free);
        this.ids.set(id, free);
      } else if (this.policy === 'overwrite' && !this.templates.isBuiltIn(id)) {
        const own = given.filter((one) => one.template_id === id).map((one) => one.revision);
        const number =
          next.get(id) ?? Math.max(this.templates.nextRevision(id), ...own.map((n) => n + 1));
        next.set(id, number + 1);
        this.references.set(`${id}@${String(revision)}`, `${id}@${String(number)}`);
      }
    }
  }

  /** Whether something else has the place of a revision. */
  private isClash(template: BundleTemplate): boolean {
    const { template_id, revision } = template;
    const stored = this.templates.find({ template_id, revision });
    if (stored !== undefined && isSameTemplate(stored, contentOf(template))) return false;
    return stored !== undefined || this.templates.isBuiltIn(template_id);
  }

  private freeId(id: string, taken: ReadonlySet<string>): string {
    for (let number = 2; ; number += 1) {
      const free = `${id.slice(0, 56)}-${String(number)}`;
      if (
        !taken.has(free) &&
        this.templates.find({ template_id: free, revision: null }) === undefined
      ) {
        return free;
      }
    }
  }

  private decide(template: BundleTemplate, index: number): Decided {
    const { template_id: id, revision } = template;
    const name = `${id}@${String(revision)}`;
    const stored = this.templates.find({ template_id: id, revision });
    const target = parseTemplateReference(this.rewrite(name)) ?? { template_id: id, revision };
    const document = this.documentOf(template, target);
    const base: DecidedItem = {
      kind: 'template',
      name,
      action: 'create',
      reason: 'There is no such revision here.',
      service_id: null,
      renamed_to: null,
      diff: [],
      warnings: [],
      problem: null,
      basis: [
        this.templates.version(id) ?? 0,
        this.templates.version(target.template_id) ?? 0,
        sha256Hex(Buffer.from(canonicalJson(contentOf(template)))),
      ],
    };
    if (this.ids.has(id)) {
      const reason = 'Another template of that name is here.';
      return {
        item: { ...base, action: 'rename', renamed_to: pinnedReference(document), reason },
        document,
      };
    }
    if (stored !== undefined && isSameTemplate(stored, contentOf(template))) {
      return { item: { ...base, action: 'no-op', reason: 'It is here as it is.' }, document: null };
    }
    if (!this.isClash(template)) return { item: base, document };
    const diff = stored === undefined ? [] : redactedDiff(asSpec(stored), asSpec(document));
    return this.decideClash({ ...base, diff }, document, index);
  }

  private decideClash(base: DecidedItem, document: TemplateDocument, index: number): Decided {
    const reason = 'This revision is here with other content.';
    if (this.policy === 'skip') {
      const warnings = ['Services of the bundle that name it get what is here.'];
      return { item: { ...base, action: 'skip', reason, warnings }, document: null };
    }
    if (this.policy === 'overwrite' && this.references.has(base.name)) {
      const renamed_to = pinnedReference(document);
      const why = `${reason} What the bundle has becomes revision ${String(document.revision)}.`;
      return { item: { ...base, action: 'update', reason: why, renamed_to }, document };
    }
    const errors = [{ pointer: `/templates/${String(index)}/revision`, detail: 'is taken.' }];
    const problem = { code: 'config.template-revision-taken', detail: reason, errors };
    return { item: conflicting(base, problem), document: null };
  }

  private documentOf(template: BundleTemplate, target: TemplateReference): TemplateDocument {
    const content = contentOf(template);
    return {
      ...content,
      schema_version: TEMPLATE_SCHEMA_VERSION,
      template_id: target.template_id,
      revision: target.revision ?? template.revision,
      extends: content.extends === null ? null : this.rewrite(content.extends),
      ...this.made,
    };
  }

  /** Refuses what a write of the template would refuse, its chain through the bundle included. */
  private async judge(
    { item, document }: Decided,
    index: number,
    pending: readonly TemplateDocument[],
  ): Promise<DecidedItem> {
    if (document === null) return item;
    const at = `/templates/${String(index)}`;
    try {
      const faults = await this.templates.faultsOf(contentOf(document));
      if (faults.length > 0) throw problemOfFaults(faults);
      this.templates.resolve(pinnedReference(document), pending);
      return item;
    } catch (error) {
      return conflicting(
        item,
        planProblem(error, (own) => `${at}${own}`),
      );
    }
  }
}

/** Records for the revisions that are to be stored. `named`: references that must stay, as the bundle's services have them. */
export async function templateRecords(
  templates: TemplateSide,
  pending: readonly TemplateDocument[],
  named: ReadonlySet<string>,
): Promise<RecordChange[]> {
  const changes: RecordChange[] = [];
  const newest = new Set<string>();
  for (const document of pending) {
    const { template_id: id } = document;
    if (newest.has(id)) changes.push(putOlder(document));
    else changes.push(...(await templates.changesFor(document)));
    newest.add(id);
  }
  return changes.filter((one) => one.op !== 'delete' || !named.has(one.id.replace('/', '@')));
}

function contentOf(template: BundleTemplate | TemplateContent): TemplateContent {
  const { template_id, title, description, extends: below, config, overlays } = template;
  return {
    template_id,
    title,
    description,
    extends: below,
    config,
    overlays: overlays as TemplateContent['overlays'],
  };
}

/** As the part of a spec that may hold secrets, for the diff. */
function asSpec(template: TemplateDocument): ServiceSpec {
  const { title, description, extends: below, config, overlays } = template;
  const inner: JsonObject = { ...config, overlays: { ...overlays } };
  return { title, description, extends: below, config: inner } as unknown as ServiceSpec;
}
