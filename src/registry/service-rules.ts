import { registryProblems } from './registry.errors.js';
import { DependencyGraph, type DependencyNode } from './dependency-graph.js';
import { etagOf, matchesSpecVersion, specVersionOf } from './etag.js';
import type { PreparedSpec } from './prepared-spec.js';
import type { ServiceRepository } from './service.repository.js';
import type { ServiceDocument, ServiceSpec } from './service.js';

/**
 * What must hold between services, and between a writer and what it read. Each check throws a problem of
 * `registry.errors`. Callers hold the locks of `ServiceLocks`, so that what was checked still holds at the commit.
 */
export class ServiceRules {
  constructor(private readonly repository: ServiceRepository) {}

  /** 404 `registry.unknown`, or 410 `registry.archived` naming the way back. */
  absence(idOrName: string): Error {
    const { index } = this.repository;
    const archived = index.archivedById(idOrName) ?? index.archivedByName(idOrName);
    if (archived === undefined) {
      return registryProblems.unknown(`There is no service "${idOrName.slice(0, 80)}".`);
    }
    return registryProblems.archived({
      detail: `The service "${archived.name ?? idOrName}" was deleted at ${archived.deleted_at}.`,
      extra: {
        service_id: archived.service_id,
        deleted_at: archived.deleted_at,
        archive: `archive/deleted_services/${archived.service_id}.json`,
        restore: `/api/v1/services/${archived.service_id}/restore`,
      },
    });
  }

  /** The name and the script of a spec belong to no other service, present, former or about to be. */
  requireUnclaimed(id: string, spec: ServiceSpec): void {
    const { index } = this.repository;
    const name = index.claimOfName(spec.name);
    if (name !== undefined && name.service_id !== id) {
      const how = name.held_as === 'former' ? ' as a former name, which still has a route' : '';
      throw registryProblems['name-taken']({
        detail: `The service ${name.service_id} has the name "${spec.name}"${how}.`,
        errors: [{ pointer: '/name', detail: 'is taken.' }],
        extra: { service_id: name.service_id },
      });
    }
    const script = spec.script_id === null ? undefined : index.claimOfScript(spec.script_id);
    if (script !== undefined && script.service_id !== id) {
      throw registryProblems['script-taken']({
        detail: `The service ${script.service_id} was made from the script ${spec.script_id ?? ''}.`,
        errors: [{ pointer: '/script_id', detail: 'is taken.' }],
        extra: { service_id: script.service_id },
      });
    }
  }

  requireFreeId(id: string): void {
    const isLive = this.repository.get(id) !== undefined;
    if (!isLive && this.repository.index.archivedById(id) === undefined) return;
    throw registryProblems['id-taken']({
      detail: `The id ${id} is that of ${isLive ? 'a service' : 'a deleted service'}.`,
      errors: [{ pointer: '/service_id', detail: 'is taken.' }],
      extra: {
        service_id: id,
        ...(isLive ? {} : { restore: `/api/v1/services/${id}/restore` }),
      },
    });
  }

  /** With this spec the services, candidates included, still depend on one another in no circle. */
  requireAcyclic(id: string, prepared: Pick<PreparedSpec, 'spec' | 'effective'>): void {
    const { dependencies } = prepared.effective.integration;
    if (dependencies.length === 0) return;
    const others = this.repository.list().filter((service) => service.service_id !== id);
    const own = { service_id: id, name: prepared.spec.name, dependencies };
    const nodes = others.map((service) => this.nodeWithCandidate(service));
    const cycle = new DependencyGraph([...nodes, own]).cycleThrough(id);
    if (cycle === null) return;
    throw registryProblems['dependency-cycle']({
      detail: `Each of these would need the next: ${cycle.join(' -> ')}.`,
      errors: [
        { pointer: '/config/integration/dependencies', detail: `closes ${cycle.join(' -> ')}.` },
      ],
      extra: { cycle },
    });
  }

  /** Without `ifMatch` anything goes; the header itself is asked for by `checkIfMatch`. */
  requireFresh(service: ServiceDocument, ifMatch: string | number | undefined): void {
    if (ifMatch === undefined || matchesSpecVersion(ifMatch, specVersionOf(service))) return;
    throw this.stale(service);
  }

  stale(service: ServiceDocument): Error {
    const { service_id: id } = service;
    const etag = etagOf(specVersionOf(service), this.repository.statusVersion(id));
    return registryProblems['etag-stale']({
      detail: `"${service.spec.name}" has changed; its ETag is ${etag}.`,
      extra: { service_id: id, etag },
      headers: { ETag: etag },
    });
  }

  /** A service that is being deleted takes no new spec. */
  requireStaying(service: ServiceDocument): void {
    if (service.desired !== 'archived') return;
    throw registryProblems.archiving({
      detail: `"${service.spec.name}" is being deleted.`,
      extra: { service_id: service.service_id },
    });
  }

  /** No service that is to be active requires this one. */
  requireUnneeded(id: string, graph: DependencyGraph): void {
    const dependents = graph.dependentsOf(id).flatMap(({ from, dependency }) => {
      const service = this.repository.get(from)?.doc;
      if (service === undefined || !dependency.required || service.desired !== 'active') return [];
      return [{ service_id: from, name: service.spec.name }];
    });
    if (dependents.length === 0) return;
    const names = dependents.map(({ name }) => `"${name}"`).join(', ');
    throw registryProblems['has-dependents']({
      detail: `${names} would stop working without it.`,
      extra: { dependents },
    });
  }

  /** Its place in the graph, what its candidate needs included. */
  nodeWithCandidate(service: ServiceDocument): DependencyNode {
    const pending = this.repository.index.candidateOf(service.service_id)?.effective.integration;
    return {
      service_id: service.service_id,
      name: service.spec.name,
      dependencies: [
        ...service.effective.integration.dependencies,
        ...(pending?.dependencies ?? []),
      ],
    };
  }
}
