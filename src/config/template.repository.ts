import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { FileSystem } from '../kernel/file-system.js';
import { deepFreeze, isJsonObject, type JsonObject } from '../kernel/json.js';
import type { Logger } from '../kernel/logger.js';
import type { RecordStore } from '../storage/record-store.js';
import { validateFragment } from './config-schema.js';
import {
  parseTemplateReference,
  type TemplateDocument,
  type TemplateReference,
} from './template.js';

/** The built-in templates that every installation has. */
export const BUILT_IN_TEMPLATES = [
  'function_service',
  'executable_service',
  'remote_http_service',
  'remote_sse_service',
] as const;

/** Where the product's own templates are: `data/services/templates` beside `src` or `dist`. */
export function shippedTemplatesDirectory(): string {
  return fileURLToPath(new URL('../../data/services/templates', import.meta.url));
}

/**
 * The templates: those shipped with the product, and records: of kind `template` the newest revision of each, of kind
 * `template_revision` older ones. A shipped one that is missing or damaged ends the start; a record that is damaged, or
 * that takes the name of a built-in, is left out and logged once.
 */
export class TemplateRepository {
  /** Frozen documents are judged once. */
  private readonly judged = new WeakMap<object, string | null>();

  private constructor(
    private readonly builtIn: readonly TemplateDocument[],
    readonly store: RecordStore,
    private readonly logger: Logger,
  ) {}

  static async open(
    files: FileSystem,
    directory: string,
    store: RecordStore,
    logger: Logger,
  ): Promise<TemplateRepository> {
    const builtIn = await Promise.all(
      BUILT_IN_TEMPLATES.map((id) => readShipped(files, join(directory, `${id}.json`), id)),
    );
    return new TemplateRepository(builtIn, store, logger);
  }

  isBuiltIn(templateId: string): boolean {
    return this.builtIn.some((template) => template.template_id === templateId);
  }

  /** Whether there is a template of that id to choose: older revisions of a removed one do not count. */
  isPresent(templateId: string): boolean {
    return this.isBuiltIn(templateId) || this.current(templateId) !== undefined;
  }

  /** The newest revision of each template; built-ins first. */
  newest(): readonly TemplateDocument[] {
    const own = this.store
      .list('template')
      .flatMap(({ id, doc }) => (this.isSound(id, doc) ? [asTemplate(doc)] : []));
    return [...this.builtIn, ...own];
  }

  /** Every older revision that is kept, those of removed templates included. */
  older(): readonly TemplateDocument[] {
    return this.store
      .list('template_revision')
      .flatMap(({ id, doc }) => (this.isSound(ownerOf(id), doc) ? [asTemplate(doc)] : []));
  }

  /** The newest revision of a template that is no built-in, with the version of its record. */
  current(id: string): { readonly doc: TemplateDocument; readonly version: number } | undefined {
    if (this.isBuiltIn(id)) return undefined;
    const stored = this.store.get('template', id);
    if (stored === undefined || !this.isSound(id, stored.doc)) return undefined;
    return { doc: asTemplate(stored.doc), version: stored.version };
  }

  /** The revision asked for, or the newest. */
  find({ template_id: id, revision }: TemplateReference): TemplateDocument | undefined {
    const newest =
      this.builtIn.find((template) => template.template_id === id) ?? this.current(id)?.doc;
    if (revision === null || newest?.revision === revision) return newest;
    const older = this.store.get('template_revision', `${id}/${revision}`);
    return older !== undefined && this.isSound(id, older.doc) ? asTemplate(older.doc) : undefined;
  }

  /** Judges a record of the template `id`. */
  private isSound(id: string, doc: JsonObject): boolean {
    const known = this.judged.get(doc);
    if (known !== undefined) return known === null;
    let fault = templateFault(doc);
    if (doc['template_id'] !== id) fault = 'has another id than its record.';
    else if (this.isBuiltIn(id)) fault = 'takes the name of a built-in.';
    if (fault !== null) this.logger.warn({ template: id, fault }, 'a template is left out');
    this.judged.set(doc, fault);
    return fault === null;
  }
}

function asTemplate(doc: JsonObject): TemplateDocument {
  return doc as unknown as TemplateDocument;
}

/** Of an id such as `team/3`. */
function ownerOf(id: string): string {
  return id.slice(0, id.lastIndexOf('/'));
}

async function readShipped(files: FileSystem, path: string, id: string): Promise<TemplateDocument> {
  const doc: unknown = JSON.parse((await files.read(path)).toString('utf8'));
  const fault = templateFault(doc);
  if (fault !== null) throw new Error(`The built-in template ${path} ${fault}`);
  const template = doc as TemplateDocument;
  if (template.template_id !== id) throw new Error(`The built-in template ${path} has another id.`);
  return deepFreeze(template);
}

/** Why a document is no template, or `null`. */
export function templateFault(doc: unknown): string | null {
  if (!isJsonObject(doc)) return 'is not an object.';
  const { template_id: id, revision, title, description, extends: below, config, overlays } = doc;
  if (typeof id !== 'string' || parseTemplateReference(id)?.revision !== null) return 'has no id.';
  if (typeof revision !== 'number' || !Number.isSafeInteger(revision) || revision < 1) {
    return 'has no revision.';
  }
  if (typeof title !== 'string' || typeof description !== 'string') return 'has no title.';
  if (below !== null && (typeof below !== 'string' || parseTemplateReference(below) === null)) {
    return 'extends something that is no template.';
  }
  if (!isJsonObject(config) || !isJsonObject(overlays)) return 'has no configuration.';
  const [error] = validateFragment({ ...config, overlays }, '/config');
  return error === undefined ? null : `is not valid: ${error.pointer} ${error.detail}`;
}
