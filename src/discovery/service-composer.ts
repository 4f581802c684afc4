import type { HealthService } from '../health/health.service.js';
import type { LifecycleService } from '../lifecycle/lifecycle.service.js';
import { simpleStatus } from '../lifecycle/service-status.js';
import type { ServiceDocument } from '../registry/service.js';
import type { RoutesService } from '../routes/routes.service.js';
import type { ServiceEndpointsView, ServiceView } from './dto/service.view.js';

/** Puts a service document together from those who know its parts. Every read is in memory. */
export class ServiceComposer {
  /** `baseUrl` has no trailing slash. */
  constructor(
    private readonly lifecycle: Pick<LifecycleService, 'statusOf'>,
    private readonly health: Pick<HealthService, 'recordOf'>,
    private readonly routes: Pick<RoutesService, 'routesOf'>,
    private readonly baseUrl: string,
  ) {}

  compose(document: ServiceDocument): ServiceView {
    const { service_id, spec } = document;
    const status = this.lifecycle.statusOf(service_id);
    return {
      service_id,
      name: spec.name,
      title: spec.title,
      description: spec.description,
      type: spec.type,
      hosting_mode: spec.hosting_mode,
      script_id: spec.script_id,
      version: spec.version,
      tags: spec.tags,
      owner: spec.owner,
      extends: spec.extends,
      tools: status.tools,
      routes: this.routes.routesOf(service_id).map(({ path, priority, kind, version }) => {
        return { path, priority, kind, version };
      }),
      status: simpleStatus(status.state),
      state: status.state,
      desired: document.desired,
      conditions: status.conditions,
      health: this.health.recordOf(service_id),
      proof: status.proof,
      last_failure: status.last_failure,
      server: status.server,
      endpoints: this.endpointsOf(spec.name),
      revision: document.revision,
      stable_revision: status.stable_revision,
      candidate: document.candidate,
      generation: document.generation,
      config: spec.config,
      former_names: document.former_names,
      created_at: document.created_at,
      updated_at: document.updated_at,
      deleted_at: null,
    };
  }

  private endpointsOf(name: string): ServiceEndpointsView {
    return {
      streamable_http: `${this.baseUrl}/mcp/${name}`,
      sse: `${this.baseUrl}/mcp/${name}/sse`,
      rest: `${this.baseUrl}/api/v1/services/${name}/tools`,
    };
  }
}
