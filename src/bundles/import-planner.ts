import { setImmediate } from 'node:timers/promises';
import type { FieldError } from '../kernel/problem.js';
import type { BatchChange } from '../registry/batch-change.js';
import type { ChangeContext, ServiceDocument } from '../registry/service.js';
import { matchesPattern } from '../auth/principal.js';
import type { RecordChange } from '../storage/record-store.js';
import type { BundleService } from './bundle.js';
import {
  conflicting,
  importPlan,
  planProblem,
  type DecidedItem,
  type ImportOptions,
  type ImportPlan,
  type PlanProblem,
} from './import-plan.js';
import type { ImportPorts } from './import-ports.js';
import { planService, type PlannedService, type ServiceContext } from './import-services.js';
import type { ImportSource } from './import-source.js';
import { TemplatePlanner, templateRecords } from './import-templates.js';
import { lacksOf } from './import-warnings.js';

/** A plan with what applying it commits. Stable: backups restore by it too. */
export interface PlannedImport {
  readonly plan: ImportPlan;
  readonly changes: readonly BatchChange[];
  /** Templates and extra routes. */
  readonly records: readonly RecordChange[];
  /** By place in `changes`: the item of the plan that it is. */
  readonly itemOfChange: readonly number[];
}

/** Services planned before others get their turn. */
const TURN_SERVICES = 25;

/**
 * Plans an import against what is here now: reads only. Every rule of the single writes is judged over the whole that would
 * come of it, so that a plan without conflicts is refused by its commit only when something has changed meanwhile.
 */
export class ImportPlanner {
  constructor(private readonly ports: ImportPorts) {}

  async plan(
    source: ImportSource,
    options: ImportOptions,
    ctx: ChangeContext,
  ): Promise<PlannedImport> {
    const { templates, timestamp } = this.ports;
    const made = { created_at: timestamp(), actor: ctx.actor };
    const planner = new TemplatePlanner(templates, options.conflict, made);
    const bundled = await planner.plan(source.bundle.templates);
    const own: ServiceContext = {
      ports: this.ports,
      ctx,
      policy: options.conflict,
      allow_breaking: options.allow_breaking === true,
      pending: bundled.pending,
      rewrite: bundled.rewrite,
      names: this.names(source.bundle.services),
      routeIds: new Set(),
    };
    const planned = await this.planAll(own, source);
    if (options.prune) planned.push(...this.pruned(planned, ctx));
    const services = await this.judgeTogether(planned, source);
    const lacks = await lacksOf(services, this.ports);
    const items = [...bundled.items, ...services.map(({ item }) => item)];
    const changing = services.flatMap((one, index) =>
      one.change === null ? [] : [{ one, index }],
    );
    const isRefused = items.some(({ action }) => action === 'conflict');
    return {
      plan: importPlan(source.format, options, items, [...source.warnings, ...lacks]),
      changes: changing.flatMap(({ one }) => one.change ?? []),
      records: isRefused ? [] : await this.records(services, bundled.pending),
      itemOfChange: changing.map(({ index }) => bundled.items.length + index),
    };
  }

  private async planAll(own: ServiceContext, source: ImportSource): Promise<PlannedService[]> {
    const planned: PlannedService[] = [];
    for (const [index, service] of source.bundle.services.entries()) {
      if (index % TURN_SERVICES === TURN_SERVICES - 1) await setImmediate();
      const pointer = (at: string): string => source.pointer(index, at);
      planned.push(await planService(own, service, pointer));
    }
    return planned;
  }

  private names(bundled: readonly BundleService[]): Set<string> {
    const names = new Set(
      this.ports.registry.list().flatMap((one) => [one.spec.name, ...one.former_names]),
    );
    for (const { spec } of bundled) if (typeof spec['name'] === 'string') names.add(spec['name']);
    return names;
  }

  /** Services that no item of the bundle stands for, as far as the caller may touch them. */
  private pruned(planned: readonly PlannedService[], ctx: ChangeContext): PlannedService[] {
    const { registry } = this.ports;
    const kept = new Set(planned.map(({ item }) => item.service_id));
    const leaving = registry.list().filter(({ service_id, desired, spec }) => {
      const isTheirs =
        ctx.services === null || ctx.services.some((one) => matchesPattern(one, spec.name));
      return isTheirs && desired !== 'archived' && !kept.has(service_id);
    });
    return leaving.map((service) => prunedService(service, registry.version(service.service_id)));
  }

  /** Names, scripts, graph and routes as they would all be at once; whoever is refused becomes a conflict. */
  private async judgeTogether(
    planned: readonly PlannedService[],
    source: ImportSource,
  ): Promise<PlannedService[]> {
    const judged = [...planned];
    const places = planned.flatMap(({ change }, index) => (change === null ? [] : [index]));
    const changes = planned.flatMap(({ change }) => change ?? []);
    const refuse = (place: number, problem: PlanProblem): void => {
      const one = judged[place];
      if (one === undefined || one.item.action === 'conflict') return;
      judged[place] = { ...one, item: conflicting(one.item, problem) };
    };
    if (changes.length > 0) {
      for (const fault of await this.ports.registry.judgeBatch(changes)) {
        const place = places[fault.index] ?? 0;
        refuse(
          place,
          planProblem(fault.problem, (own) => source.pointer(place, own)),
        );
      }
    }
    this.judgeRoutes(judged, refuse);
    return judged;
  }

  private judgeRoutes(
    judged: PlannedService[],
    refuse: (place: number, problem: PlanProblem) => void,
  ): void {
    const places = new Map<string, number>();
    const claims = judged.flatMap((one, place) => {
      if (one.claims === null) return [];
      places.set(one.claims.service_id, place);
      return [one.claims];
    });
    if (claims.length === 0) return;
    for (const found of this.ports.routes.checkTogether(claims)) {
      const other = found.with === null ? undefined : places.get(found.with.service_id);
      const place = places.get(found.claim.service_id) ?? other;
      const one = place === undefined ? undefined : judged[place];
      if (place === undefined || one === undefined) continue;
      if (found.severity === 'error') {
        const errors: FieldError[] = [];
        refuse(place, { code: `routes.${found.code}`, detail: found.detail, errors });
      } else {
        const warnings = [...one.item.warnings, found.detail];
        judged[place] = { ...one, item: { ...one.item, warnings } };
      }
    }
  }

  private async records(
    services: readonly PlannedService[],
    pending: Parameters<typeof templateRecords>[1],
  ): Promise<RecordChange[]> {
    const named = new Set(services.flatMap(({ prepared }) => prepared?.spec.extends ?? []));
    const templates = await templateRecords(this.ports.templates, pending, named);
    return [...templates, ...services.flatMap(({ records }) => records)];
  }
}

function prunedService(service: ServiceDocument, version: number): PlannedService {
  const { service_id, spec, desired } = service;
  const item: DecidedItem = {
    kind: 'service',
    name: spec.name,
    action: 'delete',
    reason: 'It is not in the bundle; it is archived.',
    service_id,
    renamed_to: null,
    diff: [{ op: 'replace', path: '/desired', from: desired, value: 'archived' }],
    warnings: [],
    problem: null,
    basis: [version],
  };
  const change: BatchChange = {
    op: 'desire',
    service_id,
    desired: 'archived',
    if_version: version,
  };
  return { item, change, records: [], claims: null, prepared: null };
}
