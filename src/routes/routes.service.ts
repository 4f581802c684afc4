import {
  Injectable,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
} from '@nestjs/common';
import { maySeeService, type Principal } from '../auth/principal.js';
import { Clock, type CancelTimer } from '../kernel/clock.js';
import { Random } from '../kernel/random.js';
import { KeyedSerial } from '../kernel/serial.js';
import { RegistryService } from '../registry/registry.service.js';
import type { ServiceDocument } from '../registry/service.js';
import type { CommitMeta, StoredRecord } from '../storage/record-store.js';
import {
  claimsOf,
  extraClaim,
  parsedClaimsOf,
  type ClaimedRoute,
  type RouteDocument,
} from './route-claims.js';
import { isConflict, parseClaim, type ParsedClaim, type RouteConflict } from './route-conflict.js';
import { judgeTogether, type ServiceClaims } from './route-judgement.js';
import { judgeClaims } from './route-report.js';
import type { RouteClaim } from './route.js';
import { compareKeys, pageOf, type Page, type PageKey } from './page.js';
import { RouteRepository } from './route.repository.js';
import { RoutePublisher } from './route-publisher.js';
import { routesProblems } from './routes.errors.js';
import { resolveVersion } from './version-resolution.js';

const RESYNC_MS = 60_000;
const DEFAULT_LIMIT = 50;
const PREFIX = '/mcp/';
const CLAIMS = 'claims';

export interface NewRoute extends ClaimedRoute {
  /** Name or id. */
  readonly service: string;
  readonly description: string | null;
}

export interface RouteQuery {
  readonly service?: string;
  readonly kind?: string;
  readonly limit?: number;
  readonly cursor?: string;
}

/** Who asks for a change. */
export interface Caller {
  readonly principal: Principal;
  readonly requestId: string | null;
}

/** A claim together with whether the table has it. */
export interface ListedRoute {
  readonly claim: RouteClaim;
  readonly mounted: boolean;
  /** Revision it leads to now, or `null` when it is not mounted. */
  readonly revision: number | null;
  readonly document: RouteDocument | null;
  readonly etag: string | null;
}

/** The one writer of extra routes, and who others ask about paths. */
@Injectable()
export class RoutesService implements OnApplicationBootstrap, OnApplicationShutdown {
  private cancelResync: CancelTimer = () => undefined;
  private version = 0;
  private readonly serial = new KeyedSerial();

  constructor(
    private readonly registry: RegistryService,
    private readonly repository: RouteRepository,
    private readonly publisher: RoutePublisher,
    private readonly clock: Clock,
    private readonly random: Random,
  ) {}

  /** Lifecycle has recovered by now: modules that are imported are started first. */
  async onApplicationBootstrap(): Promise<void> {
    await this.publish();
    this.scheduleResync();
  }

  onApplicationShutdown(): void {
    this.cancelResync();
  }

  /** The version of the last table that was published; 0 before the first. */
  get tableVersion(): number {
    return this.version;
  }

  /** Compiles the services named, or all of them, and swaps. Resolves once the table is in force. */
  async publish(serviceIds?: Iterable<string>): Promise<number> {
    this.version = await this.publisher.publish(serviceIds);
    return this.version;
  }

  /**
   * What stands against a service of that name with these routes. `serviceId` is `null` for a service that does not exist
   * yet. Entries of severity `error` make the registration a 409 or 422 (`refuse`); warnings are shown.
   */
  check(
    serviceId: string | null,
    name: string,
    routes: readonly ClaimedRoute[],
  ): Promise<RouteConflict[]> {
    const id = serviceId ?? 'new';
    const former = serviceId === null ? [] : (this.registry.find(serviceId)?.former_names ?? []);
    const extra = this.repository.ofService(id).map((route) => extraClaim(route, name));
    const kept = claimsOf(id, name, former, routes).filter((claim) => claim.kind !== 'alias');
    return Promise.resolve(judgeClaims([...kept, ...extra], this.claimsBut(id)));
  }

  /** As `check`, for services that are to change together. */
  checkTogether(changed: readonly ServiceClaims[]): RouteConflict[] {
    const apart = new Set(changed.map((one) => one.service_id));
    const staying = this.claimsBut(null).filter((claim) => !apart.has(claim.service_id));
    return judgeTogether(changed, staying);
  }

  isRoute(routeId: string): boolean {
    return this.repository.find(routeId) !== undefined;
  }

  /** The extra routes of a service, as stored. */
  extraRoutesOf(serviceId: string): readonly StoredRecord<RouteDocument>[] {
    return this.repository.list().filter(({ doc }) => doc.service_id === serviceId);
  }

  /** Throws the problem of the first refusal among `conflicts`, with all of them in it. */
  refuse(conflicts: readonly RouteConflict[]): void {
    const refusals = conflicts.filter((conflict) => conflict.severity === 'error');
    const first = refusals[0];
    if (first === undefined || first.code === 'shadowed') return;
    throw routesProblems[first.code]({ detail: first.detail, extra: { conflicts: refusals } });
  }

  /** Every claim there is, in the order of its path. */
  list(): ListedRoute[] {
    const mounted = new Map(this.publisher.routes.map((route) => [route.route_id, route]));
    const listed: ListedRoute[] = [];
    for (const claim of this.claimsBut(null)) {
      const entry = mounted.get(claim.route_id);
      const record = claim.kind === 'extra' ? this.repository.find(claim.route_id) : undefined;
      listed.push({
        claim,
        mounted: entry !== undefined,
        revision: entry?.endpoint.revision ?? null,
        document: record?.doc ?? null,
        etag: this.etagOf(claim, record),
      });
    }
    return listed.sort((left, right) => compareKeys(keyOf(left), keyOf(right), false));
  }

  /** The routes of one service, its default first. */
  routesOf(serviceId: string): readonly RouteClaim[] {
    const document = this.registry.find(serviceId);
    if (document === undefined) return [];
    const extra = this.repository
      .ofService(serviceId)
      .map((route) => extraClaim(route, document.spec.name));
    return [...parsedClaimsOf(document), ...extra];
  }

  page(query: RouteQuery, principal: Principal): Page<ListedRoute> {
    const { service, kind } = query;
    const wanted = this.list().filter(
      ({ claim }) =>
        maySeeService(principal, claim.service_name) &&
        (kind === undefined || claim.kind === kind) &&
        (service === undefined || claim.service_id === service || claim.service_name === service),
    );
    const order = { name: 'path', descending: false };
    const page = pageOf(wanted, keyOf, order, query.limit ?? DEFAULT_LIMIT, query.cursor ?? null);
    if (page !== null) return page;
    const errors = [{ pointer: '#query/cursor', detail: 'Not a cursor of this list' }];
    throw routesProblems['query-invalid']({ errors });
  }

  require(routeId: string, principal: Principal | null = null): ListedRoute {
    const found = this.list().find(
      ({ claim }) =>
        claim.route_id === routeId &&
        (principal === null || maySeeService(principal, claim.service_name)),
    );
    if (found === undefined)
      throw routesProblems.unknown(`There is no route ${JSON.stringify(routeId)}.`);
    return found;
  }

  /**
   * Runs what judges paths and then commits them alone: between the two no other path is claimed. Whoever commits a claim
   * (an extra route, a service's name or its configured routes) judges it within.
   */
  exclusively<T>(claim: () => Promise<T>): Promise<T> {
    return this.serial.run(CLAIMS, claim);
  }

  async create(route: NewRoute, caller: Caller): Promise<ListedRoute> {
    const service = this.registry.require(route.service);
    requireVisible(service, caller.principal);
    const document = this.documentOf(route, service, caller);
    await this.exclusively(async () => {
      const claim = extraClaim(document, service.spec.name);
      this.refuse(judgeClaims([claim], this.claimsBut(null)));
      const parsed = parseClaim(claim);
      await this.requireVersion(service, isConflict(parsed) ? null : parsed.version);
      await this.repository.create(document, metaOf(caller, 'route.create', document));
    });
    await this.publish([service.service_id]);
    return this.require(document.route_id);
  }

  async remove(routeId: string, ifMatch: string | undefined, caller: Caller): Promise<void> {
    const { claim } = this.require(routeId, caller.principal);
    const record = this.repository.find(routeId);
    if (claim.kind === 'alias') {
      await this.dropAlias(claim, ifMatch, caller);
      return;
    }
    if (record === undefined) {
      const detail = `${claim.path} is the ${claim.kind} route of ${claim.service_name}.`;
      throw routesProblems.derived({ detail });
    }
    checkIfMatch(ifMatch, record);
    await this.repository.remove(record, metaOf(caller, 'route.delete', record.doc));
    await this.publish([record.doc.service_id]);
  }

  /** The alias follows from a former name: the registry gives that up, and the alias is gone with it. */
  private async dropAlias(
    { service_id, path }: RouteClaim,
    ifMatch: string | undefined,
    { principal, requestId }: Caller,
  ): Promise<void> {
    if (ifMatch === undefined) throw routesProblems['if-match-missing']();
    const { id: actor, scopes, services } = principal;
    const ctx = { actor, source: 'api', requestId, reason: null, scopes, services } as const;
    await this.registry.dropFormerName(service_id, path.slice(PREFIX.length), ctx, {
      ifMatch: this.registry.checkIfMatch(ifMatch, service_id),
    });
    await this.publish([service_id]);
  }

  /** Ends the extra routes of a service that is gone. */
  async removeOfService(serviceId: string): Promise<void> {
    const meta = {
      actor: 'system',
      source: 'reconciler',
      verb: 'route.delete',
      subject: serviceId,
    };
    await this.repository.removeOfService(serviceId, meta);
  }

  /** An alias is part of its service, and changes with it. Other routes that follow from a service are never written. */
  private etagOf(
    { kind, service_id }: RouteClaim,
    record: StoredRecord<RouteDocument> | undefined,
  ): string | null {
    if (kind === 'alias') return this.registry.etag(service_id, 0);
    return record === undefined ? null : etagOf(record);
  }

  private documentOf(route: NewRoute, service: ServiceDocument, caller: Caller): RouteDocument {
    return {
      schema_version: '1.0',
      route_id: this.random.uuid(),
      service_id: service.service_id,
      path: route.path,
      priority: route.priority,
      version: route.version,
      description: route.description,
      created_at: this.clock.timestamp(),
      actor: caller.principal.id,
    };
  }

  private async requireVersion(service: ServiceDocument, version: string | null): Promise<void> {
    if (version === null) return;
    if ((await resolveVersion(this.registry, service, version)) !== null) return;
    throw routesProblems['version-unknown'](`${service.spec.name} has no version ${version}.`);
  }

  private claimsBut(serviceId: string | null): ParsedClaim[] {
    const claims: ParsedClaim[] = [];
    for (const document of this.registry.list()) {
      if (document.service_id !== serviceId) claims.push(...parsedClaimsOf(document));
    }
    for (const { doc } of this.repository.list()) {
      const owner = this.registry.find(doc.service_id);
      if (owner === undefined || doc.service_id === serviceId) continue;
      const claim = parseClaim(extraClaim(doc, owner.spec.name));
      if (!isConflict(claim)) claims.push(claim);
    }
    return claims;
  }

  private scheduleResync(): void {
    this.cancelResync = this.clock.schedule(RESYNC_MS, () => {
      void this.publish().finally(() => {
        this.scheduleResync();
      });
    });
  }
}

function keyOf({ claim }: ListedRoute): PageKey {
  return [claim.path, claim.route_id];
}

/** 404 rather than 403, so that names do not leak. */
function requireVisible(service: ServiceDocument, principal: Principal): void {
  if (maySeeService(principal, service.spec.name)) return;
  throw routesProblems['service-unknown']('The caller sees no such service.');
}

function metaOf(caller: Caller, verb: string, document: RouteDocument): CommitMeta {
  const { path, priority, version, service_id } = document;
  return {
    actor: caller.principal.id,
    source: 'api',
    verb,
    subject: document.route_id,
    ...(caller.requestId === null ? {} : { request_id: caller.requestId }),
    diff: [{ path, priority, version, service_id }],
  };
}

function etagOf(record: StoredRecord<RouteDocument>): string {
  return `"${record.version}"`;
}

/** Throws 428 without `If-Match` and 412 when it names another version (RFC 9110, 13.1.1). */
function checkIfMatch(header: string | undefined, record: StoredRecord<RouteDocument>): void {
  if (header === undefined) throw routesProblems['if-match-missing']();
  const etag = etagOf(record);
  const named = header.split(',').map((part) => part.trim());
  if (named.includes('*') || named.includes(etag)) return;
  throw routesProblems['etag-stale']({ extra: { etag }, headers: { ETag: etag } });
}
