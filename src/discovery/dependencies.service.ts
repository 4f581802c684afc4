import { Injectable } from '@nestjs/common';
import { maySeeService, type Principal } from '../auth/principal.js';
import { LifecycleService } from '../lifecycle/lifecycle.service.js';
import {
  unmetDependencies,
  type DependencyEdge,
  type ObservedService,
} from '../registry/dependency-graph.js';
import { RegistryService } from '../registry/registry.service.js';
import type { ServiceDocument } from '../registry/service.js';
import type { Diagram } from './dependency-diagram.js';
import type { GraphEdgeView, GraphNodeView, GraphView } from './dto/service-detail.view.js';
import { ServiceAccessService } from './service-access.service.js';

/** Who needs whom, and why what is needed does not hold. */
@Injectable()
export class DependenciesService {
  constructor(
    private readonly access: ServiceAccessService,
    private readonly registry: RegistryService,
    private readonly lifecycle: LifecycleService,
  ) {}

  dependenciesOf(idOrName: string, principal: Principal): GraphEdgeView[] {
    const { service_id } = this.access.require(idOrName, principal);
    return this.visibleEdges(this.registry.graph().dependenciesOf(service_id), principal);
  }

  dependentsOf(idOrName: string, principal: Principal): GraphEdgeView[] {
    const { service_id } = this.access.require(idOrName, principal);
    return this.visibleEdges(this.registry.graph().dependentsOf(service_id), principal);
  }

  /** Services that need or are needed; the others stand alone and are nodes without edges. */
  graph(principal: Principal): GraphView {
    const graph = this.registry.graph();
    const edges = graph.nodes.flatMap((node) => {
      return this.visibleEdges(graph.dependenciesOf(node.service_id), principal);
    });
    const nodes = new Map<string, GraphNodeView>();
    for (const { service_id, spec } of this.access.visible(principal)) {
      const { state } = this.lifecycle.statusOf(service_id);
      nodes.set(spec.name, { service_id, name: spec.name, state });
    }
    for (const { to } of edges) {
      if (!nodes.has(to)) nodes.set(to, { service_id: null, name: to, state: 'missing' });
    }
    return { nodes: [...nodes.values()], edges };
  }

  private visibleEdges(edges: readonly DependencyEdge[], principal: Principal): GraphEdgeView[] {
    const shown: GraphEdgeView[] = [];
    for (const edge of edges) {
      const from = this.registry.find(edge.from);
      const to = edge.to === null ? undefined : this.registry.find(edge.to);
      const names = [from?.spec.name, to?.spec.name].filter((name) => name !== undefined);
      if (names.every((name) => maySeeService(principal, name))) {
        shown.push(this.edgeView(edge, from, to));
      }
    }
    return shown;
  }

  private edgeView(
    { dependency, from }: DependencyEdge,
    source: ServiceDocument | undefined,
    target: ServiceDocument | undefined,
  ): GraphEdgeView {
    const observed = target === undefined ? [] : [this.observe(target)];
    const [unmet] = unmetDependencies([dependency], observed);
    return {
      from: source?.spec.name ?? from,
      to: target?.spec.name ?? dependency.service,
      required: dependency.required,
      version: dependency.version,
      tools: dependency.tools,
      unmet: unmet?.reason ?? null,
      message: unmet?.message ?? null,
    };
  }

  private observe({ service_id, spec }: ServiceDocument): ObservedService {
    const { tools } = this.lifecycle.statusOf(service_id);
    return {
      service_id,
      name: spec.name,
      version: spec.version,
      serving: this.lifecycle.availabilityOf(service_id).serving,
      tools: tools.flatMap(({ name }) => (typeof name === 'string' ? [name] : [])),
    };
  }
}

export function diagramOf({ nodes, edges }: GraphView): Diagram {
  const places = new Map(nodes.map(({ name }, index) => [name, index]));
  return {
    nodes: nodes.map(({ name, state }) => ({ label: name, state })),
    edges: edges.flatMap(({ from, to, required, unmet }) => {
      const [start, end] = [places.get(from), places.get(to)];
      return start === undefined || end === undefined
        ? []
        : [{ from: start, to: end, required, unmet }];
    }),
  };
}
