import type { EffectiveConfigService } from '../config/effective-config.service.js';
import { configProblems, problemOfFaults, type ConfigFault } from '../config/config.errors.js';
import { templateContentOf } from '../config/template-rules.js';
import {
  contentOf,
  isSameTemplate,
  parseTemplateReference,
  TEMPLATE_SCHEMA_VERSION,
  type TemplateContent,
  type TemplateDocument,
} from '../config/template.js';
import { builtIn } from '../config/template-changes.js';
import type { TemplateService, TemplateSummary } from '../config/template.service.js';
import type { Clock } from '../kernel/clock.js';
import { isJsonObject } from '../kernel/json.js';
import { ProblemError } from '../kernel/problem.js';
import { KeyedSerial } from '../kernel/serial.js';
import { redactedDiff } from '../registry/redacted-diff.js';
import { metaOf } from '../registry/service-changes.js';
import type { ChangeContext } from '../registry/service.js';
import type { CommitMeta, RecordStore } from '../storage/record-store.js';
import { requireTemplateExecution, requireTemplateWrite } from './template-access.js';
import {
  affectedServices,
  type AffectedService,
  type AffectedSources,
} from './template-affected.js';
import { plannedTemplate, templateResult, type TemplateResult } from './template-result.js';
import { usesOf } from './template-uses-check.js';

export interface TemplateWriterParts {
  readonly templates: TemplateService;
  readonly checks: Pick<EffectiveConfigService, 'templateFaultsOf'>;
  readonly registry: AffectedSources['registry'] & {
    candidateOf(id: string): { readonly spec: { readonly extends: string | null } } | undefined;
  };
  readonly store: RecordStore;
  readonly clock: Clock;
}

export interface TemplateWriteOptions {
  /** The `If-Match` header; required but for a create. */
  readonly ifMatch?: string;
  readonly dry_run?: boolean;
}

/**
 * The one writer of templates: each change is one commit. Changes of one template run one after another, and each commit
 * expects the version that was read, for writers that are none of ours, such as a restore.
 */
export class TemplateWriter {
  private readonly serial = new KeyedSerial();

  constructor(private readonly parts: TemplateWriterParts) {}

  /** Throws `config.*` for what is wrong, `config.template-taken`, and what access is refused with. */
  async create(
    input: unknown,
    ctx: ChangeContext,
    options: TemplateWriteOptions = {},
  ): Promise<TemplateResult> {
    requireTemplateWrite(ctx);
    const content = await this.read(input);
    return this.serial.run(content.template_id, async () => {
      const next = this.next(content, ctx);
      requireTemplateExecution(ctx, this.chainOf(next), []);
      const taken = this.taken(next.template_id);
      if (options.dry_run === true) return plannedTemplate('create', next, [], taken);
      if (taken !== null) throw taken;
      await this.commit(next, null, ctx, 'template.create');
      return this.answer(201, 'created', next.template_id, []);
    });
  }

  /** A new revision. Nothing is stored for content that is the same; no service moves by itself. */
  async replace(
    id: string,
    input: unknown,
    ctx: ChangeContext,
    options: TemplateWriteOptions,
  ): Promise<TemplateResult> {
    requireTemplateWrite(ctx);
    this.requireOwn(id);
    this.checkIfMatch(id, options.ifMatch);
    const content = await this.read(input, id);
    return this.serial.run(id, async () => {
      const present = this.requireOwn(id);
      this.checkIfMatch(id, options.ifMatch);
      const next = this.next(content, ctx);
      requireTemplateExecution(ctx, this.chainOf(next), this.chainOf(present));
      const affected = this.affected(id, ctx);
      const isSame = isSameTemplate(present, next);
      if (options.dry_run === true) {
        return plannedTemplate(isSame ? 'nothing' : 'update', next, isSame ? [] : affected, null);
      }
      if (isSame) return this.answer(200, 'unchanged', id, []);
      await this.commit(next, present, ctx, 'template.update');
      return this.answer(200, 'updated', id, affected);
    });
  }

  /** Throws `config.template-in-use` naming what uses any revision of it. */
  async remove(
    id: string,
    ctx: ChangeContext,
    options: TemplateWriteOptions,
  ): Promise<TemplateResult> {
    requireTemplateWrite(ctx);
    return this.serial.run(id, async () => {
      const present = this.requireOwn(id);
      this.checkIfMatch(id, options.ifMatch);
      const used = usesOf(this.parts, id);
      if (options.dry_run === true) return plannedTemplate('delete', null, [], used);
      if (used !== null) throw used;
      const changes = await this.parts.templates.removalsFor(id);
      const diff = redactedDiff(asFragment(present), null);
      await this.store(id, changes, {
        ...metaOf(ctx, 'template.delete', id),
        diff,
        frees_space: true,
      });
      return templateResult({ status: 204, outcome: 'deleted', template: null });
    });
  }

  /** Reads a body; throws one problem with every fault. `id`: the template that it is a revision of. */
  private async read(input: unknown, id?: string): Promise<TemplateContent> {
    const own = isJsonObject(input) ? input['template_id'] : undefined;
    const body = isJsonObject(input) && id !== undefined && own === undefined;
    const whole = body ? { ...input, template_id: id } : input;
    const faults: ConfigFault[] = await this.parts.checks.templateFaultsOf(whole);
    if (id !== undefined && typeof own === 'string' && own !== id) {
      const detail = `must be "${id}": the id of a template never changes.`;
      faults.push({ problem: 'invalid', pointer: '/template_id', detail });
    }
    if (faults.length > 0 || !isJsonObject(whole)) throw problemOfFaults(faults);
    return templateContentOf(whole);
  }

  /** The document that the content would be stored as; throws when its chain does not resolve. */
  private next(content: TemplateContent, ctx: ChangeContext): TemplateDocument {
    return {
      schema_version: TEMPLATE_SCHEMA_VERSION,
      ...this.parts.templates.pinned(content),
      revision: this.parts.templates.nextRevision(content.template_id),
      created_at: this.parts.clock.timestamp(),
      actor: ctx.actor,
    };
  }

  private chainOf(template: TemplateDocument): readonly TemplateContent[] {
    const below = template.extends === null ? [] : this.parts.templates.resolve(template.extends);
    return [...below, template];
  }

  private taken(id: string): ProblemError | null {
    const { templates } = this.parts;
    if (templates.isBuiltIn(id)) return builtIn(id);
    if (templates.version(id) === null) return null;
    return configProblems['template-taken']({
      detail: `There is a template "${id}".`,
      errors: [{ pointer: '/template_id', detail: 'is taken.' }],
      extra: { template_id: id, etag: templates.etag(id) },
    });
  }

  /** The newest revision of a template that may be changed. */
  private requireOwn(id: string): TemplateSummary {
    const template = this.parts.templates.get(id);
    if (parseTemplateReference(id)?.revision !== null) {
      throw configProblems['template-not-found'](
        `A template is changed by its id, without a revision: "${template.template_id}".`,
      );
    }
    if (template.built_in) throw builtIn(id);
    return template;
  }

  private checkIfMatch(id: string, header: string | undefined): void {
    const etag = this.parts.templates.etag(id);
    if (header === undefined || header.trim() === '') {
      throw configProblems['template-if-match-missing']({
        detail: `A write on the template "${id}" needs If-Match with its ETag.`,
        errors: [{ pointer: '#header/if-match', detail: 'is required.' }],
      });
    }
    // The strong comparison (RFC 9110, section 13.1.1): a weak tag never matches.
    const tags = header.split(',').map((tag) => tag.trim());
    if (!tags.includes('*') && !tags.includes(etag)) throw this.stale(id);
  }

  private stale(id: string): ProblemError {
    const etag = this.parts.templates.etag(id);
    return configProblems['template-etag-stale']({
      detail: `The template "${id}" has changed; its ETag is ${etag}.`,
      extra: { template_id: id, etag },
      headers: { ETag: etag },
    });
  }

  private async commit(
    next: TemplateDocument,
    present: TemplateDocument | null,
    ctx: ChangeContext,
    verb: string,
  ): Promise<void> {
    const { templates } = this.parts;
    const id = next.template_id;
    const changes = await templates.changesFor(next, templates.version(id));
    const diff = redactedDiff(present === null ? null : asFragment(present), asFragment(next));
    await this.store(id, changes, { ...metaOf(ctx, verb, id), diff });
  }

  private async store(
    id: string,
    changes: Parameters<RecordStore['commit']>[0],
    meta: CommitMeta,
  ): Promise<void> {
    try {
      await this.parts.store.commit(changes, meta);
    } catch (error) {
      const isConflict = error instanceof ProblemError && error.code === 'storage.version-conflict';
      if (!isConflict) throw error;
      throw this.parts.templates.version(id) === null
        ? configProblems['template-not-found'](`The template "${id}" was removed meanwhile.`)
        : this.stale(id);
    }
  }

  private affected(id: string, ctx: ChangeContext): readonly AffectedService[] {
    return affectedServices(this.parts, id, ctx);
  }

  private answer(
    status: 200 | 201,
    outcome: 'created' | 'updated' | 'unchanged',
    id: string,
    affected: readonly AffectedService[],
  ): TemplateResult {
    const { templates } = this.parts;
    const template = templates.get(id);
    return templateResult({ status, outcome, template, etag: templates.etag(id), affected });
  }
}

/** For the audit entry: as a layer of a service, so that its secrets are found in the same places. */
function asFragment(template: TemplateDocument): object {
  const { config, overlays, ...told } = contentOf(template);
  const hasOverlays = Object.keys(overlays).length > 0;
  const layer = hasOverlays ? { ...config, overlays } : config;
  return { ...told, revision: template.revision, config: layer };
}
