import type { CompiledHandler, Unavailability } from '../gateway/endpoint.js';
import type { LifecycleService } from '../lifecycle/lifecycle.service.js';
import type { JsonObject } from '../kernel/json.js';
import type { RegistryService } from '../registry/registry.service.js';
import type { RevisionDocument, ServiceDocument } from '../registry/service.js';
import type { EndpointBlueprint } from './endpoint-blueprint.js';
import { endpointPolicy } from './endpoint-policy.js';
import type { ControllerBlueprint } from './endpoint.controller.js';
import { extraClaim, parseAll, parsedClaimsOf, type RouteDocument } from './route-claims.js';
import { resolveVersion } from './version-resolution.js';
import type { ServiceMount } from './route-compiler.js';
import type { ParsedClaim } from './route-conflict.js';

/** The part of the repository that the survey reads. */
export interface ExtraRoutes {
  ofService(serviceId: string): RouteDocument[];
}

/** What of a service goes into its controller class, or `null` when it is not mounted. */
export function controllerBlueprint(document: ServiceDocument): ControllerBlueprint {
  const { spec, effective } = document;
  return {
    serviceName: spec.name,
    title: spec.title ?? spec.name,
    description: spec.description,
    policy: endpointPolicy(effective.security),
  };
}

/**
 * Reads what the registry and lifecycle know of a service, and puts it together for the compiler. Writes nothing itself;
 * lifecycle is told which revisions the routes name, so that these have instances.
 */
export class MountSurvey {
  constructor(
    private readonly registry: Pick<RegistryService, 'find' | 'list' | 'revision' | 'revisions'>,
    private readonly lifecycle: Pick<
      LifecycleService,
      'statusOf' | 'availabilityOf' | 'sourceFor' | 'keepRevisions'
    >,
    private readonly extra: ExtraRoutes,
  ) {}

  /** The live service, when it is one that is mounted: drafts are not, archived ones are gone. */
  mountable(serviceId: string): ServiceDocument | null {
    const document = this.registry.find(serviceId);
    if (document === undefined || document.service_id !== serviceId) return null;
    if (document.desired !== 'draft') return document;
    return null;
  }

  serviceIds(): string[] {
    return this.registry.list().map((document) => document.service_id);
  }

  async mountOf(document: ServiceDocument, guarded: CompiledHandler | null): Promise<ServiceMount> {
    const { service_id } = document;
    const claims = this.claimsOf(document);
    const versions = await this.resolveVersions(document, claims);
    await this.lifecycle.keepRevisions(service_id, [...new Set(versions.values())]);
    const served = this.servedRevision(document);
    const pinned: EndpointBlueprint[] = [];
    for (const revision of new Set(versions.values())) {
      if (revision !== served) pinned.push(await this.blueprint(document, revision, guarded));
    }
    const current = await this.blueprint(document, served, guarded);
    return { serviceId: service_id, current, pinned, claims, versions };
  }

  /** Aliases give way to the service that has the name now. */
  private claimsOf(document: ServiceDocument): ParsedClaim[] {
    const { service_id, spec } = document;
    const own = parsedClaimsOf(document).filter((claim) => {
      if (claim.kind !== 'alias') return true;
      const holder = this.registry.find(claim.parsed.segments[0] ?? '');
      return holder === undefined || holder.service_id === service_id;
    });
    const extra = this.extra.ofService(service_id).map((route) => extraClaim(route, spec.name));
    return [...own, ...parseAll(extra)];
  }

  /**
   * The current revision; or, while its instances are not there yet, the stable one that still has some, so that a table
   * made in between does not interrupt what is served.
   */
  private servedRevision(document: ServiceDocument): number {
    const { service_id, revision } = document;
    if (this.lifecycle.sourceFor(service_id, revision) !== null) return revision;
    const stable = this.lifecycle.statusOf(service_id).stable_revision;
    if (stable === null || stable === revision) return revision;
    return this.lifecycle.sourceFor(service_id, stable) === null ? revision : stable;
  }

  private async blueprint(
    document: ServiceDocument,
    revision: number,
    guarded: CompiledHandler | null,
  ): Promise<EndpointBlueprint> {
    const { service_id, spec } = document;
    const isCurrent = revision === document.revision;
    const stored = isCurrent ? null : await this.registry.revision(service_id, revision);
    return {
      serviceId: service_id,
      serviceName: spec.name,
      revision,
      hostingMode: stored?.spec.hosting_mode ?? spec.hosting_mode,
      effective: stored?.effective ?? document.effective,
      security: document.effective.security,
      cors: document.effective.network.cors,
      source: this.lifecycle.sourceFor(service_id, revision),
      unavailable: this.unavailability(service_id),
      tools: this.toolsOf(service_id, stored),
      guarded,
      profile: {
        title: spec.title,
        description: spec.description,
        tags: spec.tags,
        capabilities: this.lifecycle.statusOf(service_id).server?.capabilities ?? null,
      },
    };
  }

  private toolsOf(serviceId: string, stored: RevisionDocument | null): readonly JsonObject[] {
    return stored?.tools ?? this.lifecycle.statusOf(serviceId).tools;
  }

  /** The time to the next try runs on after the table was built, so it is asked for when it is sent. */
  private unavailability(serviceId: string): Unavailability | null {
    const { lifecycle } = this;
    const { serving, state, reason, message, action, blocked } =
      lifecycle.availabilityOf(serviceId);
    if (serving) return null;
    return {
      state,
      reason,
      message,
      ...(action === undefined ? {} : { action }),
      ...(blocked === undefined ? {} : { blocked }),
      get retry_after_s(): number {
        return Math.max(1, lifecycle.availabilityOf(serviceId).retry_after_s);
      },
    };
  }

  private async resolveVersions(
    document: ServiceDocument,
    claims: readonly ParsedClaim[],
  ): Promise<ReadonlyMap<string, number>> {
    const versions = new Map<string, number>();
    for (const { version } of claims) {
      if (version === null || versions.has(version)) continue;
      const revision = await resolveVersion(this.registry, document, version);
      if (revision !== null) versions.set(version, revision);
    }
    return versions;
  }
}
