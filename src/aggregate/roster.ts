import type { Principal } from '../auth/principal.js';
import type { Dispatcher } from '../gateway/dispatcher.js';
import type { Endpoint, RouteTable } from '../gateway/endpoint.js';
import type { RouteTableHolder } from '../gateway/route-table.js';
import { ProblemError } from '../kernel/problem.js';
import { aggregateProblems } from './aggregate.errors.js';
import type { Selection } from './selection.js';

interface Members {
  readonly table: RouteTable;
  /** Ordered by the services' names. */
  readonly all: readonly Endpoint[];
  readonly byName: ReadonlyMap<string, Endpoint>;
  readonly byId: ReadonlyMap<string, Endpoint>;
  readonly guarded: readonly string[];
}

/** Which services one caller has as one, by the table of the moment. */
export class Roster {
  private members: Members | null = null;

  constructor(
    private readonly routes: RouteTableHolder,
    private readonly dispatcher: Dispatcher,
    private readonly principal: Principal,
    private readonly selection: Selection,
  ) {}

  get all(): readonly Endpoint[] {
    return this.now().all;
  }

  /** Services left out as their guard needs the HTTP request. */
  get guarded(): readonly string[] {
    return this.now().guarded;
  }

  byName(service: string): Endpoint | null {
    return this.now().byName.get(service) ?? null;
  }

  byId(serviceId: string): Endpoint | null {
    return this.now().byId.get(serviceId) ?? null;
  }

  /** What is wrong with the services that the selection names, or `null`. Says nothing of those the caller may not see. */
  fault(): ProblemError | null {
    const { services } = this.selection;
    if (services === null) return null;
    const wanted = new Set(services);
    const found = new Map<string, Endpoint>();
    for (const endpoint of defaultsOf(this.routes.current)) {
      if (wanted.has(endpoint.serviceName)) found.set(endpoint.serviceName, endpoint);
    }
    for (const name of services) {
      const fault = this.faultOf(name, found.get(name));
      if (fault !== null) return fault;
    }
    return null;
  }

  private faultOf(name: string, endpoint: Endpoint | undefined): ProblemError | null {
    const refusal =
      endpoint === undefined ? null : this.dispatcher.admitCaller(endpoint, this.principal);
    if (endpoint === undefined || refusal?.status === 404) {
      const detail = `There is no service ${JSON.stringify(name)} that may be used here`;
      return aggregateProblems['service-unknown'](detail);
    }
    if (refusal !== null) {
      const { code, definition, details } = refusal;
      const detail = `${name}: ${refusal.message}`;
      return new ProblemError(code, definition, { ...details, detail });
    }
    if (!isGuarded(endpoint)) return null;
    return aggregateProblems['service-guarded'](`${name} has a guard that needs the HTTP request`);
  }

  private now(): Members {
    const table = this.routes.current;
    if (this.members?.table === table) return this.members;
    const usable = defaultsOf(table)
      .filter((endpoint) => this.isSelected(endpoint))
      .filter((endpoint) => this.dispatcher.admitCaller(endpoint, this.principal) === null)
      .sort((left, right) => (left.serviceName < right.serviceName ? -1 : 1));
    const all = usable.filter((endpoint) => !isGuarded(endpoint));
    this.members = {
      table,
      all,
      byName: new Map(all.map((endpoint) => [endpoint.serviceName, endpoint])),
      byId: new Map(all.map((endpoint) => [endpoint.serviceId, endpoint])),
      guarded: usable.filter(isGuarded).map(({ serviceName }) => serviceName),
    };
    return this.members;
  }

  private isSelected({ serviceName, profile }: Endpoint): boolean {
    const { services, tags } = this.selection;
    if (services !== null && !services.includes(serviceName)) return false;
    return tags === null || tags.some((tag) => profile?.tags.includes(tag) === true);
  }
}

/** One endpoint a service: the one that its own path leads to. */
function defaultsOf(table: RouteTable): Endpoint[] {
  return table.endpoints.filter((endpoint) => table.ofService(endpoint.serviceId) === endpoint);
}

function isGuarded({ guarded }: Endpoint): boolean {
  return guarded !== null && guarded.judgesCallerOnly !== true;
}
