import { canonicalJson, type JsonObject } from '../kernel/json.js';
import { sha256Hex } from '../kernel/ids.js';
import type { TemplateDocument } from '../config/template.js';
import {
  requireExecution,
  requireNameAllowed,
  requireVisible,
} from '../registration/change-access.js';
import type { BatchChange } from '../registry/batch-change.js';
import type { PreparedSpec } from '../registry/prepared-spec.js';
import { redactedDiff } from '../registry/redacted-diff.js';
import { nameFault } from '../registry/service-name.js';
import type { ChangeContext, ServiceDocument, ServiceSpec } from '../registry/service.js';
import type { ServiceClaims } from '../routes/route-judgement.js';
import type { RecordChange } from '../storage/record-store.js';
import type { BundleService } from './bundle.js';
import { bundlesProblems } from './bundles.errors.js';
import {
  decide,
  formerNames,
  freeName,
  isSameService,
  wantedState,
  type Counterpart,
  type Decision,
} from './import-decision.js';
import { conflicting, planProblem, type ConflictPolicy, type DecidedItem } from './import-plan.js';
import type { ImportPorts } from './import-ports.js';
import {
  hasRoutes,
  movedConfig,
  movedRoutes,
  planRoutes,
  type RouteMaker,
} from './import-routes.js';

/** What becomes of one service, and what that changes. */
export interface PlannedService {
  readonly item: DecidedItem;
  readonly change: BatchChange | null;
  readonly records: readonly RecordChange[];
  readonly claims: ServiceClaims | null;
  readonly prepared: PreparedSpec | null;
}

export interface ServiceContext {
  readonly ports: ImportPorts;
  readonly ctx: ChangeContext;
  readonly policy: ConflictPolicy;
  readonly allow_breaking: boolean;
  readonly pending: readonly TemplateDocument[];
  readonly rewrite: (reference: string) => string;
  /** Names that are somebody's here or in the bundle; those that are chosen are added. */
  readonly names: Set<string>;
  /** Ids of the bundle's routes that were given out. */
  readonly routeIds: Set<string>;
}

interface Wanted {
  readonly service: BundleService;
  readonly spec: ServiceSpec;
  readonly current: ServiceDocument | null;
}

/** Plans one service of a bundle; what is wrong with it makes it a conflict and never throws. */
export async function planService(
  own: ServiceContext,
  given: BundleService,
  pointer: (own: string) => string,
): Promise<PlannedService> {
  let item = emptyItem(given);
  try {
    const spec = await readSpec(own, given);
    const { counterpart, current } = findCounterpart(own, given, spec);
    const isArchived =
      given.service_id !== undefined &&
      (await own.ports.registry.archived(given.service_id)) !== undefined;
    item = itemOf(own, item, given, spec, current);
    const decision = decide(counterpart, isArchived, own.policy);
    item = { ...item, ...decision };
    const wanted: Wanted = { service: given, spec, current };
    if (decision.action === 'conflict') return refusedService(item, decision);
    if (decision.action === 'skip' || decision.action === 'no-op') return unchanged(item);
    return decision.action === 'rename'
      ? await planRenamed(own, wanted, item)
      : await planChange(own, wanted, item);
  } catch (error) {
    return unchanged(conflicting(item, planProblem(error, pointer)));
  }
}

/** The spec as it would be stored, so that it can be compared with what is. */
async function readSpec(
  { ports, ctx, rewrite, pending }: ServiceContext,
  given: BundleService,
): Promise<ServiceSpec> {
  const below = given.spec['extends'];
  const spec = ports.registry.validate(
    typeof below === 'string' ? { ...given.spec, extends: rewrite(below) } : given.spec,
  );
  requireNameAllowed(ctx, spec.name);
  const isPinned = spec.extends?.includes('@') === true;
  return isPinned ? spec : (await ports.registry.prepare(spec, pending)).spec;
}

function findCounterpart(
  { ports, ctx }: ServiceContext,
  given: BundleService,
  spec: ServiceSpec,
): { counterpart: Counterpart | null; current: ServiceDocument | null } {
  const { registry, routes } = ports;
  const byId = given.service_id === undefined ? undefined : registry.find(given.service_id);
  const service = byId ?? registry.find(spec.name);
  if (service === undefined) return { counterpart: null, current: null };
  requireVisible(ctx, service.spec.name);
  const isSame =
    isSameService(service, given, spec) &&
    hasRoutes(given.routes, routes.extraRoutesOf(service.service_id));
  const by = byId === undefined ? 'name' : 'service_id';
  return { counterpart: { service, by, isSame }, current: service };
}

async function planChange(
  own: ServiceContext,
  wanted: Wanted,
  item: DecidedItem,
): Promise<PlannedService> {
  const { ports, ctx, pending } = own;
  const { service, spec, current } = wanted;
  const prepared = await ports.registry.prepare(spec, pending);
  requireExecution(ctx, prepared, current);
  const id = current?.service_id ?? service.service_id ?? ports.uuid();
  const stored = current === null ? [] : ports.routes.extraRoutesOf(id);
  const { documents, changes } = planRoutes(service.routes, stored, routeMaker(own, id));
  const former_names =
    current === null ? (service.former_names ?? []) : formerNames(service, current, spec.name);
  const desired = wantedState(service, current);
  const content = { prepared, desired, former_names };
  const change: BatchChange =
    current === null
      ? { op: 'create', service_id: id, ...content }
      : {
          op: 'update',
          service_id: id,
          if_version: ports.registry.version(id),
          allow_breaking: own.allow_breaking,
          ...content,
        };
  return {
    item,
    change,
    records: changes,
    claims: claimsFor(id, prepared, former_names, documents),
    prepared,
  };
}

/** A copy beside what is here: under another name, with an id of its own, and nothing that must be unique. */
async function planRenamed(
  own: ServiceContext,
  { service, spec }: Wanted,
  item: DecidedItem,
): Promise<PlannedService> {
  const isTaken = (name: string): boolean => own.names.has(name) || nameFault(name) !== null;
  const name = freeName(spec.name, isTaken);
  own.names.add(name);
  requireNameAllowed(own.ctx, name);
  const config = movedConfig(spec.config as JsonObject, spec.name, name);
  const copy: ServiceSpec = { ...spec, name, script_id: null, config };
  const { routes = [], desired } = service;
  const moved = movedRoutes(routes, spec.name, name).map(
    ({ route_id: _dropped, ...route }) => route,
  );
  const anew: BundleService = {
    ...(desired === undefined ? {} : { desired }),
    routes: moved,
    spec: service.spec,
  };
  const warnings = [
    ...item.warnings,
    ...(spec.script_id === null
      ? []
      : ['The copy is of no script: the script stays with the other.']),
    ...((service.former_names ?? []).length === 0 ? [] : ['Former names stay with the other.']),
  ];
  const wanted: Wanted = { service: anew, spec: copy, current: null };
  return planChange(own, wanted, { ...item, renamed_to: name, warnings });
}

function routeMaker(own: ServiceContext, service_id: string): RouteMaker {
  const { ports, ctx, routeIds } = own;
  return {
    service_id,
    created_at: ports.timestamp(),
    actor: ctx.actor,
    uuid: () => ports.uuid(),
    isTaken: (routeId) => {
      const isTaken = routeIds.has(routeId) || ports.routes.isRoute(routeId);
      routeIds.add(routeId);
      return isTaken;
    },
  };
}

function claimsFor(
  service_id: string,
  { spec, effective }: PreparedSpec,
  former_names: readonly string[],
  extra: ServiceClaims['extra'],
): ServiceClaims {
  const configured = effective.network.routes;
  return { service_id, name: spec.name, former_names, configured, extra };
}

function emptyItem(given: BundleService): DecidedItem {
  const { name } = given.spec;
  return {
    kind: 'service',
    name: typeof name === 'string' ? name.slice(0, 63) : '',
    action: 'create',
    reason: '',
    service_id: null,
    renamed_to: null,
    diff: [],
    warnings: [],
    problem: null,
    basis: [],
  };
}

function itemOf(
  { ports }: ServiceContext,
  item: DecidedItem,
  given: BundleService,
  spec: ServiceSpec,
  current: ServiceDocument | null,
): DecidedItem {
  const { service_id = '', desired = '', former_names = null, routes = null } = given;
  const wanted = [service_id, desired, former_names, routes, spec];
  const content = sha256Hex(Buffer.from(canonicalJson(wanted)));
  if (current === null) return { ...item, basis: [0, content] };
  const { service_id: id } = current;
  const stored = ports.routes.extraRoutesOf(id).map(({ version }) => version);
  return {
    ...item,
    service_id: id,
    diff: [...redactedDiff(current.spec, spec), ...stateDiff(current, given)],
    basis: [ports.registry.version(id), ...stored, content],
  };
}

function stateDiff(current: ServiceDocument, given: BundleService): readonly object[] {
  const value = wantedState(given, current);
  if (value === current.desired) return [];
  return [{ op: 'replace', path: '/desired', from: current.desired, value }];
}

function unchanged(item: DecidedItem): PlannedService {
  return { item, change: null, records: [], claims: null, prepared: null };
}

function refusedService(item: DecidedItem, { reason }: Decision): PlannedService {
  return unchanged(conflicting(item, planProblem(bundlesProblems['item-exists'](reason), String)));
}
