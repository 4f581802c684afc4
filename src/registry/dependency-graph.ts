import semver from 'semver';
import type { ServiceDependency } from '../config/service-config.js';

export interface DependencyNode {
  readonly service_id: string;
  readonly name: string;
  readonly dependencies: readonly ServiceDependency[];
}

/** One dependency of one service; `to` is `null` when no live service has that name or id. */
export interface DependencyEdge {
  readonly from: string;
  readonly to: string | null;
  readonly dependency: ServiceDependency;
}

/** What is observed of a service that others may depend on. */
export interface ObservedService {
  readonly service_id: string;
  readonly name: string;
  readonly version: string;
  readonly serving: boolean;
  /** Names of the tools it offers now. */
  readonly tools: readonly string[];
}

export type UnmetReason = 'missing' | 'inactive' | 'version-mismatch' | 'tool-missing';

export interface UnmetDependency {
  readonly dependency: ServiceDependency;
  /** The service it resolved to, or `null`. */
  readonly service_id: string | null;
  readonly reason: UnmetReason;
  readonly message: string;
}

/** Who depends on whom, by the configurations alone. Immutable. */
export class DependencyGraph {
  private readonly byId = new Map<string, DependencyNode>();
  private readonly byName = new Map<string, DependencyNode>();
  private readonly outgoing = new Map<string, readonly DependencyEdge[]>();
  private readonly incoming = new Map<string, DependencyEdge[]>();

  constructor(nodes: readonly DependencyNode[]) {
    for (const node of nodes) {
      this.byId.set(node.service_id, node);
      this.byName.set(node.name, node);
    }
    for (const node of nodes) {
      const edges = node.dependencies.map((dependency) => this.edge(node.service_id, dependency));
      this.outgoing.set(node.service_id, edges);
      for (const edge of edges) {
        if (edge.to === null) continue;
        const into = this.incoming.get(edge.to) ?? [];
        into.push(edge);
        this.incoming.set(edge.to, into);
      }
    }
  }

  get nodes(): readonly DependencyNode[] {
    return [...this.byId.values()];
  }

  node(id: string): DependencyNode | undefined {
    return this.byId.get(id);
  }

  /** What a service depends on. */
  dependenciesOf(id: string): readonly DependencyEdge[] {
    return this.outgoing.get(id) ?? [];
  }

  /** What depends on a service. */
  dependentsOf(id: string): readonly DependencyEdge[] {
    return this.incoming.get(id) ?? [];
  }

  /** The names along a cycle through `id`, its own name first and last; `null` when there is none. */
  cycleThrough(id: string): string[] | null {
    const cameFrom = new Map<string, string>();
    const open = [id];
    for (let at = open.shift(); at !== undefined; at = open.shift()) {
      for (const { to } of this.dependenciesOf(at)) {
        if (to === null) continue;
        if (to === id) return this.namesAlong(cameFrom, id, at);
        if (cameFrom.has(to)) continue;
        cameFrom.set(to, at);
        open.push(to);
      }
    }
    return null;
  }

  private namesAlong(cameFrom: ReadonlyMap<string, string>, start: string, last: string): string[] {
    const ids = [start];
    for (let at = last; at !== start; at = cameFrom.get(at) ?? start) ids.unshift(at);
    ids.unshift(start);
    return ids.map((id) => this.byId.get(id)?.name ?? id);
  }

  private edge(from: string, dependency: ServiceDependency): DependencyEdge {
    const target = this.byId.get(dependency.service) ?? this.byName.get(dependency.service);
    return { from, to: target?.service_id ?? null, dependency };
  }
}

/** The dependencies that do not hold, each with its first reason: missing, inactive, version, tools. */
export function unmetDependencies(
  dependencies: readonly ServiceDependency[],
  observed: readonly ObservedService[],
): UnmetDependency[] {
  return dependencies.flatMap((dependency) => {
    const target = observed.find(
      (one) => one.service_id === dependency.service || one.name === dependency.service,
    );
    const unmet = reasonOf(dependency, target);
    return unmet === null ? [] : [{ dependency, service_id: target?.service_id ?? null, ...unmet }];
  });
}

function reasonOf(
  dependency: ServiceDependency,
  target: ObservedService | undefined,
): { reason: UnmetReason; message: string } | null {
  const { service, version, tools } = dependency;
  if (target === undefined) {
    return { reason: 'missing', message: `There is no service "${service}".` };
  }
  if (!target.serving) {
    return { reason: 'inactive', message: `"${target.name}" is not serving.` };
  }
  if (version !== null && !semver.satisfies(target.version, version)) {
    const message = `"${target.name}" is ${target.version}; ${version} is needed.`;
    return { reason: 'version-mismatch', message };
  }
  const missing = tools.filter((tool) => !target.tools.includes(tool));
  if (missing.length === 0) return null;
  return {
    reason: 'tool-missing',
    message: `"${target.name}" does not offer ${missing.map((tool) => `"${tool}"`).join(', ')}.`,
  };
}
