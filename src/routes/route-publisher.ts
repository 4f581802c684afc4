import type { CompiledHandler } from '../gateway/endpoint.js';
import { CompiledRouteTable, type RouteTableHolder } from '../gateway/route-table.js';
import type { Logger } from '../kernel/logger.js';
import { canonicalJson } from '../kernel/json.js';
import type { ServiceDocument } from '../registry/service.js';
import type { MountedController } from './endpoint-controller.factory.js';
import type { ControllerBlueprint } from './endpoint.controller.js';
import { controllerBlueprint, type MountSurvey } from './mount-survey.js';
import {
  compileService,
  replaceRoutes,
  type CompiledRoute,
  type CompiledService,
} from './route-compiler.js';

/** The part of the controller factory that the publisher uses. */
export interface ControllerMounts {
  mount(blueprint: ControllerBlueprint): Promise<MountedController>;
  unmount(mounted: MountedController): void;
}

/** Hears what a published table serves: service id to the revisions that are in it and may be called. */
export type PublishListener = (
  tableVersion: number,
  served: ReadonlyMap<string, readonly number[]>,
) => void;

interface Kept {
  readonly key: string;
  readonly mounted: MountedController;
}

/**
 * Owns what the table is compiled from. Publishing is serialised, and what is asked for while one runs is done together
 * by the next. Invariant: a service whose mount cannot be read keeps the entries it had.
 */
export class RoutePublisher {
  private readonly compiled = new Map<string, CompiledService>();
  private readonly controllers = new Map<string, Kept>();
  private readonly servedRevisions = new Map<string, readonly number[]>();
  private sorted: readonly CompiledRoute[] = [];
  private dirty = new Set<string>();
  private all = false;
  private queued: Promise<number> | null = null;
  private tail: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly survey: MountSurvey,
    private readonly mounts: ControllerMounts,
    private readonly holder: RouteTableHolder,
    private readonly published: PublishListener,
    private readonly logger: Logger,
  ) {}

  /** Compiles the services named, or every one, and swaps. Resolves with the version of the table that has them. */
  publish(serviceIds?: Iterable<string>): Promise<number> {
    if (serviceIds === undefined) this.all = true;
    else for (const id of serviceIds) this.dirty.add(id);
    if (this.queued === null) {
      this.queued = this.tail.then(() => {
        this.queued = null;
        return this.run();
      });
      this.tail = this.queued.catch(() => undefined);
    }
    return this.queued;
  }

  /** The routes in the table, in the order in which they are tried. */
  get routes(): readonly CompiledRoute[] {
    return this.sorted;
  }

  routesOf(serviceId: string): readonly CompiledRoute[] {
    return this.compiled.get(serviceId)?.routes ?? [];
  }

  private async run(): Promise<number> {
    const ids = this.takeDirty();
    const changed = new Set<string>();
    for (const id of ids) {
      if (await this.refresh(id)) changed.add(id);
    }
    if (changed.size > 0 || this.holder.current.version === 0) this.swap(changed);
    const { version } = this.holder.current;
    this.published(version, new Map(this.servedRevisions));
    return version;
  }

  private takeDirty(): Iterable<string> {
    const ids = this.dirty;
    if (this.all) {
      for (const id of this.survey.serviceIds()) ids.add(id);
      for (const id of this.compiled.keys()) ids.add(id);
    }
    this.dirty = new Set();
    this.all = false;
    return ids;
  }

  /** Answers whether the entries of the service changed. */
  private async refresh(id: string): Promise<boolean> {
    try {
      const document = this.survey.mountable(id);
      if (document === null) return this.forget(id);
      const guarded = await this.handlerOf(document);
      const before = this.compiled.get(id) ?? null;
      const next = compileService(await this.survey.mountOf(document, guarded), before);
      this.compiled.set(id, next);
      this.recordServed(next);
      return before === null || before.routes !== next.routes;
    } catch (error) {
      this.logger.error(
        { err: error, service_id: id },
        'the routes of a service could not be compiled',
      );
      return false;
    }
  }

  private forget(id: string): boolean {
    const kept = this.controllers.get(id);
    if (kept !== undefined) this.mounts.unmount(kept.mounted);
    this.controllers.delete(id);
    this.servedRevisions.delete(id);
    return this.compiled.delete(id);
  }

  private async handlerOf(document: ServiceDocument): Promise<CompiledHandler | null> {
    const blueprint = controllerBlueprint(document);
    const key = canonicalJson(blueprint);
    const kept = this.controllers.get(document.service_id);
    if (kept?.key === key) return kept.mounted.guarded;
    const mounted = await this.mounts.mount(blueprint);
    if (kept !== undefined) this.mounts.unmount(kept.mounted);
    this.controllers.set(document.service_id, { key, mounted });
    return mounted.guarded;
  }

  private recordServed(service: CompiledService): void {
    const inTable = new Set(service.routes.map((route) => route.endpoint));
    const revisions = [...inTable]
      .filter((endpoint) => endpoint.unavailable === null)
      .map((endpoint) => endpoint.revision);
    if (revisions.length === 0) this.servedRevisions.delete(service.serviceId);
    else this.servedRevisions.set(service.serviceId, revisions);
  }

  private swap(changed: ReadonlySet<string>): void {
    const added: CompiledRoute[] = [];
    for (const id of changed) added.push(...this.routesOf(id));
    this.sorted = replaceRoutes(this.sorted, changed, added);
    this.holder.swap(new CompiledRouteTable(this.holder.current.version + 1, this.sorted));
  }
}
