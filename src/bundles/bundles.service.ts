import { Injectable } from '@nestjs/common';
import { maySeeService, type Principal } from '../auth/principal.js';
import type { TemplateDocument } from '../config/template.js';
import { TemplateService } from '../config/template.service.js';
import { sha256Hex } from '../kernel/ids.js';
import { registryProblems } from '../registry/registry.errors.js';
import { RegistryService } from '../registry/registry.service.js';
import type { ChangeContext, ServiceDocument } from '../registry/service.js';
import { RoutesService } from '../routes/routes.service.js';
import { bundleJson, bundleYaml } from './bundle-text.js';
import { bundlesProblems } from './bundles.errors.js';
import { exportBundle } from './export-bundle.js';
import type { ImportReport } from './import-outcome.js';
import type { ImportOptions, ImportPlan } from './import-plan.js';
import { ImportRunner } from './import-runner.js';
import { readImport } from './import-source.js';

export interface ExportQuery {
  readonly format: 'json' | 'yaml';
  /** Names or ids; `null` = all. */
  readonly services: readonly string[] | null;
  /** Services with any of these; `null` = all. */
  readonly tags: readonly string[] | null;
}

export interface ExportedText {
  readonly text: string;
  readonly contentType: string;
  /** Of the bytes; quotes included. */
  readonly etag: string;
}

export interface ImportRequest extends ImportOptions {
  readonly dryRun: boolean;
  readonly planHash: string | null;
  readonly wait_ms: number;
}

/** Whole registries, or parts of them, as documents: out of this gateway and into it. */
@Injectable()
export class BundlesService {
  constructor(
    private readonly registry: RegistryService,
    private readonly templates: TemplateService,
    private readonly routes: RoutesService,
    private readonly imports: ImportRunner,
  ) {}

  /** What the caller may see of the services, as a bundle. Throws `registry.unknown` for one that is named and is not. */
  async export(query: ExportQuery, principal: Principal): Promise<ExportedText> {
    const isWhole = query.services === null && query.tags === null && principal.services === null;
    const bundle = exportBundle({
      services: this.selected(query, principal),
      extraRoutesOf: (id) => this.routes.extraRoutesOf(id).map(({ doc }) => doc),
      templates: isWhole ? this.ownTemplates() : [],
      findTemplate: (template_id, revision) =>
        this.templates.isBuiltIn(template_id)
          ? undefined
          : this.templates.find({ template_id, revision }),
    });
    const isYaml = query.format === 'yaml';
    const text = await (isYaml ? bundleYaml(bundle) : bundleJson(bundle));
    return {
      text,
      contentType: `application/${query.format}; charset=utf-8`,
      etag: `"${sha256Hex(Buffer.from(text)).slice(0, 32)}"`,
    };
  }

  /** What an import would do, or, with the hash of that plan, what it did. */
  async import(
    body: unknown,
    request: ImportRequest,
    ctx: ChangeContext,
  ): Promise<ImportPlan | ImportReport> {
    const source = readImport(body);
    if (request.prune && source.format !== 'bundle') {
      const errors = [
        { pointer: '#query/prune', detail: 'is for bundles: other files name only a part.' },
      ];
      throw bundlesProblems['query-invalid']({ errors });
    }
    if (request.dryRun) return (await this.imports.planner.plan(source, request, ctx)).plan;
    const { planHash } = request;
    if (planHash === null) throw bundlesProblems['plan-missing']();
    return this.imports.run(source, { ...request, planHash }, ctx);
  }

  private selected({ services, tags }: ExportQuery, principal: Principal): ServiceDocument[] {
    const staying = this.registry
      .list()
      .filter((one) => one.desired !== 'archived' && maySeeService(principal, one.spec.name));
    const named =
      services === null ? null : new Set(services.map((one) => this.idOf(one, principal)));
    return staying.filter(
      ({ service_id, spec }) =>
        (named === null || named.has(service_id)) &&
        (tags === null || tags.some((tag) => spec.tags.includes(tag))),
    );
  }

  /** A service that the caller may not see is none. */
  private idOf(idOrName: string, principal: Principal): string {
    const service = this.registry.find(idOrName);
    if (service !== undefined && !maySeeService(principal, service.spec.name)) {
      throw registryProblems.unknown(`There is no service "${idOrName.slice(0, 80)}".`);
    }
    return this.registry.require(idOrName).service_id;
  }

  private ownTemplates(): TemplateDocument[] {
    return this.templates.list().filter((template) => !template.built_in);
  }
}
