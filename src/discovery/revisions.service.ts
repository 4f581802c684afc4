import { Injectable } from '@nestjs/common';
import type { Principal } from '../auth/principal.js';
import { EffectiveConfigService } from '../config/effective-config.service.js';
import type { JsonValue } from '../kernel/json.js';
import { contractDiff } from '../registry/contract-diff.js';
import { isPinned } from '../registry/retention.js';
import { diffJson } from '../registry/revision-diff.js';
import { RegistryService } from '../registry/registry.service.js';
import type { RevisionDocument } from '../registry/service.js';
import type {
  ConfigView,
  ContractView,
  RevisionDiffView,
  RevisionListView,
  RevisionSummaryView,
  RevisionView,
} from './dto/service-detail.view.js';
import { discoveryProblems } from './discovery.errors.js';
import { ServiceAccessService } from './service-access.service.js';

/** The history of services, and how their configuration came about. */
@Injectable()
export class RevisionsService {
  constructor(
    private readonly access: ServiceAccessService,
    private readonly registry: RegistryService,
    private readonly configs: EffectiveConfigService,
  ) {}

  async list(idOrName: string, principal: Principal): Promise<RevisionListView> {
    const { service_id } = this.access.require(idOrName, principal);
    const items = (await this.registry.revisions(service_id)).map(summaryOf);
    return { items, next_cursor: null, total: items.length };
  }

  async read(idOrName: string, revision: string, principal: Principal): Promise<RevisionView> {
    const { service_id } = this.access.require(idOrName, principal);
    if (!/^[1-9][0-9]{0,8}$/.test(revision)) {
      throw discoveryProblems['revision-unknown'](
        `${JSON.stringify(revision)} is no revision number.`,
      );
    }
    return revisionView(await this.registry.revision(service_id, Number(revision)));
  }

  async diff(
    idOrName: string,
    range: { readonly from: number; readonly to: number },
    principal: Principal,
  ): Promise<RevisionDiffView> {
    const { service_id } = this.access.require(idOrName, principal);
    const [from, to] = await Promise.all([
      this.registry.revision(service_id, range.from),
      this.registry.revision(service_id, range.to),
    ]);
    const changes = diffJson(comparable(from), comparable(to));
    return { from: range.from, to: range.to, changes, contract: contractOf(from, to) };
  }

  async config(idOrName: string, explain: boolean, principal: Principal): Promise<ConfigView> {
    const { spec, effective } = this.access.require(idOrName, principal);
    const view = { config: effective, extends: spec.extends };
    if (!explain) return view;
    const { provenance } = await this.configs.resolve(spec);
    return { ...view, provenance };
  }
}

function summaryOf(document: RevisionDocument): RevisionSummaryView {
  const { revision, outcome, spec, created_at, actor, reason } = document;
  const pinned = isPinned(document);
  return { revision, outcome, version: spec.version, pinned, created_at, actor, reason };
}

function revisionView(document: RevisionDocument): RevisionView {
  const { spec, effective, tools } = document;
  return { ...summaryOf(document), spec, config: effective, tools };
}

/** From the callers' point of view; what never ran has no tools to compare. */
function contractOf(from: RevisionDocument, to: RevisionDocument): ContractView {
  const unproven = [from, to].find(({ tools }) => tools === null);
  if (unproven !== undefined || from.tools === null || to.tools === null) {
    const detail = `The tools of revision ${String(unproven?.revision)} are not known: it was never proven.`;
    return { verdict: 'unknown', detail, tools: [] };
  }
  return { ...contractDiff(from.tools, to.tools), detail: null };
}

/** Tools by name, so that a tool added in front does not make every other one differ. */
function comparable({ spec, effective, tools }: RevisionDocument): JsonValue {
  const named = (tools ?? []).map((tool, index) => {
    return [typeof tool.name === 'string' ? tool.name : String(index), tool] as const;
  });
  const value = { spec, config: effective, tools: Object.fromEntries(named) };
  return JSON.parse(JSON.stringify(value)) as JsonValue;
}
