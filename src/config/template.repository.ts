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
 * The templates: those shipped with the product, and records of kind `template`. A shipped one that is missing or damaged
 * ends the start; a record that is damaged, or that takes the name of a built-in, is left out and logged once.
 */
export class TemplateRepository {
  /** Frozen documents are judged once. */
  private readonly judged = new WeakMap<object, string | null>();

  private constructor(
    private readonly builtIn: readonly TemplateDocument[],
    private readonly store: RecordStore,
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

  /** Every revision of every template that is kept; built-ins first. */
  all(): readonly TemplateDocument[] {
    const own = this.store.list('template').flatMap(({ id, doc }) => {
      return this.judge(id, doc) === null ? [doc as unknown as TemplateDocument] : [];
    });
    return [...this.builtIn, ...own];
  }

  private judge(id: string, doc: JsonObject): string | null {
    const known = this.judged.get(doc);
    if (known !== undefined) return known;
    const isTaken = this.builtIn.some((template) => template.template_id === doc['template_id']);
    const fault = isTaken ? 'takes the name of a built-in.' : templateFault(doc);
    if (fault !== null) this.logger.warn({ template: id, fault }, 'a template is left out');
    this.judged.set(doc, fault);
    return fault;
  }

  /** The revision asked for, or the newest. */
  find(reference: TemplateReference): TemplateDocument | undefined {
    const { template_id, revision } = reference;
    return this.all()
      .filter((one) => one.template_id === template_id)
      .filter((one) => revision === null || one.revision === revision)
      .sort((left, right) => right.revision - left.revision)[0];
  }
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
