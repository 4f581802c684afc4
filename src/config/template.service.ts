import { Injectable } from '@nestjs/common';
import { configProblems } from './config.errors.js';
import {
  parseTemplateReference,
  pinnedReference,
  templateChain,
  type TemplateDocument,
} from './template.js';
import { TemplateRepository } from './template.repository.js';

/** A template as the API shows it. */
export interface TemplateSummary extends TemplateDocument {
  readonly built_in: boolean;
  /** `template_id@revision`. */
  readonly reference: string;
}

@Injectable()
export class TemplateService {
  constructor(private readonly templates: TemplateRepository) {}

  /** The newest revision of each template, by id. */
  list(): readonly TemplateSummary[] {
    const ids = [...new Set(this.templates.all().map((template) => template.template_id))].sort();
    return ids.map((id) => this.get(id));
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
    return {
      ...template,
      built_in: this.templates.isBuiltIn(template.template_id),
      reference: pinnedReference(template),
    };
  }

  /** The chain a reference stands for, root first; throws `config.template-unknown`, `-cycle`, `-depth`. */
  resolve(reference: string): readonly TemplateDocument[] {
    return templateChain(reference, (one) => this.templates.find(one));
  }

  /** `template@revision` of a reference; throws as `resolve`. */
  pin(reference: string): string {
    const top = this.resolve(reference).at(-1);
    return top === undefined ? reference : pinnedReference(top);
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
}
