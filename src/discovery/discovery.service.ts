import {
  Injectable,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
} from '@nestjs/common';
import type { Principal } from '../auth/principal.js';
import { EventBus } from '../kernel/event-bus.js';
import { ToolsChanged } from '../lifecycle/lifecycle.events.js';
import { LifecycleService } from '../lifecycle/lifecycle.service.js';
import {
  RevisionPromoted,
  ServiceArchived,
  ServiceCreated,
  ServiceRestored,
} from '../registry/registry.events.js';
import { RegistryService } from '../registry/registry.service.js';
import type { ServiceDocument, ServiceSpec } from '../registry/service.js';
import { Catalog, catalogEntry } from './catalog.js';
import { discoveryProblems } from './discovery.errors.js';
import type { ServiceListView, ServiceView } from './dto/service.view.js';
import { ServiceAccessService } from './service-access.service.js';
import { ServiceComposer } from './service-composer.js';
import { fitsQuery, servicePage, type ServiceQuery } from './service-filter.js';

/** A document with the ETag that its writes and conditional reads name. */
export interface Tagged<Document> {
  readonly document: Document;
  readonly etag: string;
}

/** Reads of `/services`, and the search index behind them, which follows the events of registry and lifecycle. */
@Injectable()
export class DiscoveryService implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly catalog = new Catalog();
  private ends: (() => void)[] = [];

  constructor(
    private readonly access: ServiceAccessService,
    private readonly composer: ServiceComposer,
    private readonly registry: RegistryService,
    private readonly lifecycle: LifecycleService,
    private readonly bus: EventBus,
  ) {}

  onApplicationBootstrap(): void {
    const refresh = ({ service_id }: { readonly service_id: string }): void => {
      this.index(service_id);
    };
    this.ends = [
      this.bus.subscribe(ServiceCreated, refresh),
      this.bus.subscribe(RevisionPromoted, refresh),
      this.bus.subscribe(ServiceRestored, refresh),
      this.bus.subscribe(ToolsChanged, refresh),
      this.bus.subscribe(ServiceArchived, refresh),
    ];
    for (const { service_id } of this.registry.list()) this.index(service_id);
  }

  onApplicationShutdown(): void {
    for (const end of this.ends) end();
  }

  /** The service document of one service, by id or name, whoever asks. For callers in the process. */
  describe(idOrName: string): Promise<ServiceView> {
    return Promise.resolve(this.composer.compose(this.registry.require(idOrName)));
  }

  read(idOrName: string, principal: Principal): Tagged<ServiceView> {
    const document = this.access.require(idOrName, principal);
    return { document: this.composer.compose(document), etag: this.etagOf(document) };
  }

  /** What PUT accepts. */
  readSpec(idOrName: string, principal: Principal): Tagged<ServiceSpec> {
    const document = this.access.require(idOrName, principal);
    return { document: document.spec, etag: this.etagOf(document) };
  }

  /** Throws `discovery.query-invalid` for a cursor that is not of this list. */
  search(query: ServiceQuery, principal: Principal): ServiceListView {
    const scores =
      query.q === undefined || query.q.trim() === '' ? null : this.catalog.search(query.q);
    const facts = {
      stateOf: (id: string) => this.lifecycle.statusOf(id).state,
      healthOf: (id: string) => this.lifecycle.statusOf(id).health.level,
    };
    const fitting = this.access
      .visible(principal)
      .filter((document) => scores?.has(document.service_id) !== false)
      .filter((document) => fitsQuery(document, query, facts));
    const page = servicePage(fitting, query, scores);
    if (page !== null) {
      return { ...page, items: page.items.map((document) => this.composer.compose(document)) };
    }
    const errors = [{ pointer: '#query/cursor', detail: 'Not a cursor of this list and order' }];
    throw discoveryProblems['query-invalid']({ errors });
  }

  private etagOf({ service_id }: ServiceDocument): string {
    return this.registry.etag(service_id, this.lifecycle.statusVersion(service_id));
  }

  private index(serviceId: string): void {
    const document = this.registry.find(serviceId);
    if (document === undefined) {
      this.catalog.remove(serviceId);
      return;
    }
    const { name, title, description, tags } = document.spec;
    const { tools } = this.lifecycle.statusOf(serviceId);
    this.catalog.put(
      catalogEntry({ service_id: serviceId, name, title, description, tags, tools }),
    );
  }
}
