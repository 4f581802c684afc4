import { Injectable } from '@nestjs/common';
import { fieldErrorsOf, problemOfFaults } from '../config/config.errors.js';
import { EffectiveConfigService } from '../config/effective-config.service.js';
import type { ServiceDependency } from '../config/service-config.js';
import type { TemplateDocument } from '../config/template.js';
import { isUuid } from '../kernel/ids.js';
import { isJsonObject, type JsonObject } from '../kernel/json.js';
import type { BatchFault } from './batch-rules.js';
import type { BatchChange, BatchOptions, BatchResult } from './batch-change.js';
import { DependencyGraph } from './dependency-graph.js';
import { etagOf, matchesSpecVersion, specVersionOf } from './etag.js';
import type { PreparedSpec } from './prepared-spec.js';
import { registryProblems } from './registry.errors.js';
import type { RegistryAssembly } from './registry-assembly.js';
import { systemContext } from './service-changes.js';
import { normaliseSpec, specErrors } from './service-spec.js';
import { unknownRevision, type ProposeOptions, type ProposeOutcome } from './revision-writer.js';
import type { CreateOptions } from './service-writer.js';
import type { ServiceRepository } from './service.repository.js';
import type {
  ArchiveDocument,
  ChangeContext,
  DesiredState,
  RevisionDocument,
  ServiceDocument,
  ServiceSpec,
} from './service.js';

/** A service that depends on another. */
export interface Dependent {
  readonly service_id: string;
  readonly name: string;
  readonly desired: DesiredState;
  readonly dependency: ServiceDependency;
}

/** The only writer of services, their revisions and their configuration. `ifMatch` is what `checkIfMatch` answered. */
@Injectable()
export class RegistryService {
  private cachedGraph: { readonly changeCount: number; readonly graph: DependencyGraph } | null =
    null;
  /** Who asked for a deletion, until lifecycle reports that it is done. */
  private readonly archivers = new Map<string, ChangeContext>();

  constructor(
    private readonly parts: RegistryAssembly,
    private readonly configs: EffectiveConfigService,
  ) {}

  private get repository(): ServiceRepository {
    return this.parts.repository;
  }

  /** A live service by its id or its present name. */
  find(idOrName: string): ServiceDocument | undefined {
    const id = isUuid(idOrName) ? idOrName : this.repository.index.idOfName(idOrName);
    return id === undefined ? undefined : this.repository.get(id)?.doc;
  }

  /** As `find`; throws `registry.unknown`, or `registry.archived` naming how to restore it. */
  require(idOrName: string): ServiceDocument {
    const service = this.find(idOrName);
    if (service === undefined) throw this.parts.rules.absence(idOrName);
    return service;
  }

  /** The live service made from a script, or about to be. */
  findByScript(scriptId: string): ServiceDocument | undefined {
    const claim = this.repository.index.claimOfScript(scriptId.toLowerCase());
    return claim === undefined ? undefined : this.repository.get(claim.service_id)?.doc;
  }

  /** Every live service, in order of id. */
  list(): readonly ServiceDocument[] {
    return this.repository.list();
  }

  /** The store version of a service's record; 0 when there is none. */
  version(id: string): number {
    return this.repository.get(id)?.version ?? 0;
  }

  /** The spec that a body of create or PUT stands for. Throws one problem with every error of the body in it. */
  validate(input: unknown): ServiceSpec {
    const errors = specErrors(input);
    const config = isJsonObject(input) && isJsonObject(input['config']) ? input['config'] : {};
    const faults = this.configs.faultsOf(config);
    if (errors.length > 0 || !isJsonObject(input)) {
      const all = [...errors, ...fieldErrorsOf(faults)];
      const [first] = all;
      const detail = first === undefined ? '' : `${first.pointer || 'The body'}: ${first.detail}`;
      throw registryProblems.invalid({ detail, errors: all });
    }
    if (faults.length > 0) throw problemOfFaults(faults);
    return normaliseSpec(input);
  }

  /**
   * Resolves templates, configuration and command of a valid spec; throws problems of `config.errors`. Stores nothing.
   * `pending`: revisions of templates that are about to be stored with it.
   */
  async prepare(
    spec: ServiceSpec,
    pending: readonly TemplateDocument[] = [],
  ): Promise<PreparedSpec> {
    const found = await this.configs.resolve(spec, pending);
    const { effective, provenance, command_file, ...resolved } = found;
    return { spec: { ...spec, extends: resolved.extends }, effective, provenance, command_file };
  }

  /** Stores revision 1, to be active or a draft. Throws `registry.name-taken`, `-script-taken`, `-id-taken`, `-dependency-cycle`. */
  async create(
    prepared: PreparedSpec,
    ctx: ChangeContext,
    options: CreateOptions = {},
  ): Promise<ServiceDocument> {
    return this.parts.services.create(prepared, ctx, options);
  }

  /**
   * Stores a new revision: as candidate of a service that is to be active (an older candidate is discarded), else as the
   * current one. What equals the current revision stores nothing and discards a candidate. Throws as `create`, and
   * `registry.etag-stale`, `registry.archiving`.
   */
  async propose(
    id: string,
    prepared: PreparedSpec,
    ctx: ChangeContext,
    options: ProposeOptions = {},
  ): Promise<ProposeOutcome> {
    return this.parts.revisions.propose(id, prepared, ctx, options);
  }

  /** The candidate becomes current, with the tools it was proven with. Throws `registry.not-candidate`. */
  async promote(
    id: string,
    revision: number,
    proven: { readonly tools: readonly JsonObject[] },
  ): Promise<ServiceDocument> {
    return this.parts.revisions.promote(id, revision, proven.tools);
  }

  /** Gives a candidate up; it stays in the history as a draft. Answers whether it was the candidate. */
  async discard(id: string, revision: number, reason: string): Promise<boolean> {
    return this.parts.revisions.discard(id, revision, reason);
  }

  /**
   * Says what is wanted of a service; a candidate is discarded. Throws `registry.has-dependents` when it is to be archived
   * while active services require it, unless `allowDependents`; `registry.desired-refused`; `registry.etag-stale`.
   */
  async setDesired(
    id: string,
    desired: DesiredState,
    ctx: ChangeContext,
    options: { readonly ifMatch?: string | number; readonly allowDependents?: boolean } = {},
  ): Promise<ServiceDocument> {
    const isChecked = desired === 'archived' && options.allowDependents !== true;
    const service = await this.parts.services.setDesired(id, desired, ctx, {
      ifMatch: options.ifMatch,
      graph: isChecked ? () => this.graph() : null,
    });
    if (desired === 'archived') this.archivers.set(id, ctx);
    else this.archivers.delete(id);
    return service;
  }

  /**
   * Changes of many services, and records of other writers, as one commit: all of it or, with `registry.batch-refused`
   * naming every change that is refused, nothing. Served services get candidates, which are proven as ever.
   */
  async applyBatch(
    changes: readonly BatchChange[],
    ctx: ChangeContext,
    options: BatchOptions,
  ): Promise<BatchResult> {
    const result = await this.parts.batches.apply(changes, ctx, options);
    for (const { service_id: id } of result.services) {
      if (this.find(id)?.desired === 'archived') this.archivers.set(id, ctx);
      else this.archivers.delete(id);
    }
    return result;
  }

  /** What `applyBatch` would refuse now, in the order of the changes; empty when it would store them. */
  judgeBatch(changes: readonly BatchChange[]): Promise<readonly BatchFault[]> {
    return this.parts.batches.judge(changes);
  }

  /** Gives a former name, and the alias that it stands for, free. Throws `registry.etag-stale`. */
  async dropFormerName(
    id: string,
    name: string,
    ctx: ChangeContext,
    options: { readonly ifMatch?: string | number } = {},
  ): Promise<ServiceDocument> {
    return this.parts.services.dropFormerName(id, name, ctx, options.ifMatch);
  }

  /** Writes the stored document over a file that is damaged or was edited by hand. Answers whether there was such a fault. */
  async rewrite(id: string, ctx: ChangeContext): Promise<boolean> {
    return this.parts.services.rewrite(id, ctx);
  }

  /** What an edit by hand made of the stored document, as boot found it; `null` without one. It is not in force. */
  driftOf(id: string): JsonObject | null {
    return this.repository.driftOf(this.require(id).service_id);
  }

  /** Moves a stopped service that is to be archived into the archive, in the name of who asked for it. */
  async archive(id: string, ctx?: ChangeContext): Promise<void> {
    const asked = ctx ?? this.archivers.get(id) ?? systemContext('reconciler', null);
    await this.parts.archive.archive(id, asked);
    this.archivers.delete(id);
  }

  /** Removes a service and its history without a trace but the audit entry. */
  async erase(id: string, ctx: ChangeContext): Promise<void> {
    await this.parts.archive.erase(id, ctx);
    this.archivers.delete(id);
  }

  /** Brings a service back, inactive. Throws `registry.not-archived` and what `create` throws. */
  async restore(idOrName: string, ctx: ChangeContext): Promise<ServiceDocument> {
    return this.parts.archive.restore(idOrName, ctx);
  }

  /** The archived service of that id, or the one of that name that was deleted last. */
  async archived(idOrName: string): Promise<ArchiveDocument | undefined> {
    return this.parts.archive.find(idOrName);
  }

  /** Removes archived services after 30 days or beyond the newest 1,000; `now` in ms since the epoch. Answers how many. */
  async purgeArchive(now: number): Promise<number> {
    return this.parts.archive.purge(now);
  }

  /** The revisions that are kept, newest first. Reads the disk. */
  async revisions(id: string): Promise<readonly RevisionDocument[]> {
    const { service_id: own } = this.require(id);
    const numbers = this.repository.revisionNumbers(own).reverse();
    const found = await Promise.all(numbers.map((one) => this.repository.revision(own, one)));
    return found.flatMap((record) => (record === undefined ? [] : [record.doc]));
  }

  /** Throws `registry.revision-unknown`. */
  async revision(id: string, revision: number): Promise<RevisionDocument> {
    const { service_id: own } = this.require(id);
    const isNumber = Number.isSafeInteger(revision) && revision > 0;
    const found = isNumber ? await this.repository.revision(own, revision) : undefined;
    if (found === undefined) throw unknownRevision(own, revision);
    return found.doc;
  }

  /** The revision that waits to be proven, or `undefined`. In memory. */
  candidateOf(id: string): RevisionDocument | undefined {
    return this.repository.index.candidateOf(id);
  }

  /** Notes what was proven of a revision, or that it must be kept (`pinned`). */
  async annotateRevision(
    id: string,
    revision: number,
    notes: { readonly tools?: readonly JsonObject[]; readonly pinned?: boolean },
  ): Promise<RevisionDocument> {
    return this.parts.revisions.annotate(id, revision, notes);
  }

  /** An operator keeps a revision whatever its age, or lets it go. Throws `registry.revision-unknown`, `-too-many-pins`. */
  async keepRevision(
    id: string,
    revision: number,
    isKept: boolean,
    ctx: ChangeContext,
  ): Promise<RevisionDocument> {
    return this.parts.pins.set(this.require(id).service_id, revision, isKept, ctx);
  }

  /** The ETag of a service document, quotes included. */
  etag(id: string, statusVersion: number): string {
    return etagOf(specVersionOf(this.require(id)), statusVersion);
  }

  /** Checks the header of a write, and answers what to pass on as `ifMatch`. Throws `registry.if-match-missing`, `-etag-stale`. */
  checkIfMatch(header: string | undefined, id: string): string {
    const service = this.require(id);
    if (header === undefined || header.trim() === '') {
      throw registryProblems['if-match-missing']({
        detail: `A write on "${service.spec.name}" needs If-Match with its ETag.`,
        errors: [{ pointer: '#header/if-match', detail: 'is required.' }],
      });
    }
    if (header.trim() === '*') return '*';
    const current = specVersionOf(service);
    if (!matchesSpecVersion(header, current)) throw this.parts.rules.stale(service);
    return current;
  }

  /** Who depends on whom among the live services, by their current revisions. */
  graph(): DependencyGraph {
    const { changeCount } = this.repository;
    if (this.cachedGraph?.changeCount !== changeCount) {
      const nodes = this.list().map(({ service_id, spec, effective }) => ({
        service_id,
        name: spec.name,
        dependencies: effective.integration.dependencies,
      }));
      this.cachedGraph = { changeCount, graph: new DependencyGraph(nodes) };
    }
    return this.cachedGraph.graph;
  }

  /** The live services that depend on this one, required or not. */
  dependentsOf(id: string): readonly Dependent[] {
    const { service_id: own } = this.require(id);
    return this.graph()
      .dependentsOf(own)
      .flatMap(({ from, dependency }) => {
        const service = this.repository.get(from)?.doc;
        if (service === undefined) return [];
        const { desired, spec } = service;
        return [{ service_id: from, name: spec.name, desired, dependency }];
      });
  }
}
