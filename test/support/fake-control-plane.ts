import { DEFAULT_CONFIG } from '../../src/config/defaults.js';
import type { ServiceConfig } from '../../src/config/service-config.js';
import {
  equalJson,
  isJsonObject,
  mergePatch,
  type JsonObject,
  type JsonValue,
} from '../../src/kernel/json.js';
import type { ActivationFailure, ServiceState } from '../../src/lifecycle/service-status.js';
import type { Settlement } from '../../src/lifecycle/settling.js';
import type {
  ControlPlane,
  DependentService,
  PreparedService,
} from '../../src/registration/control-plane.js';
import type { DependencyNode } from '../../src/registry/dependency-graph.js';
import { registryProblems } from '../../src/registry/registry.errors.js';
import type {
  ArchiveDocument,
  ChangeContext,
  DesiredState,
  RevisionDocument,
  ServiceDocument,
  ServiceSpec,
} from '../../src/registry/service.js';
import type { RouteConflict } from '../../src/routes/route-conflict.js';

export const FAILURE: ActivationFailure = {
  stage: 'start',
  code: 'upstream.exited',
  reason: 'ExitedEarly',
  message: 'the child exited with 1',
  action: 'Read its stderr.',
  stderr: ['boom'],
  revision: 1,
  at: '2026-01-01T00:00:00.000Z',
};

/** What the lifecycle says of a try that a newer command ended. */
const OVERTAKEN: ActivationFailure = {
  ...FAILURE,
  code: 'lifecycle.superseded',
  reason: 'Superseded',
  message: 'The activation was ended by a newer command: revision 3 is wanted.',
  stderr: [],
};

export const CONTEXT: ChangeContext = {
  actor: 'ci',
  source: 'api',
  requestId: 'r1',
  reason: null,
  scopes: new Set(['write', 'exec']),
  services: null,
};

/** How the next wait ends; `serve` when nothing is said. */
export type NextSettlement = 'serve' | 'fail' | 'slow' | 'superseded' | 'overtaken';

/**
 * A control plane in memory: it stores and counts, and waits end as the test says. Revisions are kept whole; a proposed one
 * is promoted when its wait ends well.
 */
export class FakeControlPlane implements ControlPlane {
  readonly services = new Map<string, ServiceDocument>();
  readonly archive = new Map<string, ServiceDocument>();
  readonly states = new Map<string, ServiceState>();
  readonly revisionsOf = new Map<string, ServiceSpec[]>();
  /** Verbs that changed something, in order, such as `create a` or `deactivate b`. */
  readonly calls: string[] = [];
  readonly settlements: NextSettlement[] = [];
  /** Documents as edits by hand left them, by service. */
  readonly drifts = new Map<string, JsonObject>();
  routeConflicts: RouteConflict[] = [];
  private made = 0;

  readonly registry: ControlPlane['registry'] = {
    find: (id) => this.find(id),
    require: (id) => this.require(id),
    list: () => [...this.services.values()],
    validate: (input) => this.validate(input),
    prepare: (spec) => Promise.resolve(prepared(spec)),
    create: (wanted, _ctx, options) => this.create(wanted, options),
    propose: (id, wanted, _ctx, options) => this.propose(id, wanted, options.ifMatch),
    setDesired: (id, desired) => this.setDesired(id, desired),
    erase: (id) => {
      this.calls.push(`erase ${this.require(id).spec.name}`);
      this.services.delete(id);
      return Promise.resolve();
    },
    restore: (id) => this.restore(id),
    archived: (id) => Promise.resolve(this.inArchive(id)),
    revision: (id, revision) => Promise.resolve(this.revision(id, revision)),
    keepRevision: (id, revision, isKept) => {
      this.calls.push(`${isKept ? 'keep' : 'let go'} ${String(revision)}`);
      return Promise.resolve({ ...this.revision(id, revision), kept_by_operator: isKept });
    },
    driftOf: (id) => this.drifts.get(id) ?? null,
    rewrite: (id) => {
      this.calls.push(`rewrite ${this.require(id).spec.name}`);
      return Promise.resolve(this.drifts.delete(id));
    },
    dependentsOf: (id) => this.dependentsOf(id),
    graph: () => ({ nodes: [...this.services.values()].map(nodeOf) }),
    etag: (id, version) => `"${this.versionOf(this.require(id))}.${String(version)}"`,
    checkIfMatch: (header, id) => {
      if (header === undefined) throw registryProblems['if-match-missing']();
      if (header === '*') return '*';
      const version = this.versionOf(this.require(id));
      if (!header.startsWith(`"${version}.`)) throw registryProblems['etag-stale']();
      return version;
    },
  };

  readonly lifecycle: ControlPlane['lifecycle'] = {
    statusOf: (id) => ({ state: this.states.get(id) ?? 'draft' }),
    statusVersion: () => 7,
    activate: (id) => this.command('activate', id, 'active'),
    deactivate: (id) => this.command('deactivate', id, 'inactive'),
    restart: (id) => void this.command('restart', id, 'active'),
    expedite: (id) => {
      this.calls.push(`expedite ${this.services.get(id)?.spec.name ?? id}`);
    },
    settled: (id, revision) => Promise.resolve(this.settle(id, revision)),
  };

  readonly routes: ControlPlane['routes'] = {
    check: () => this.routeConflicts,
    exclusively: (claim) => claim(),
  };

  readonly views: ControlPlane['views'] = {
    describe: (id) => {
      const { service_id, spec, revision } = this.require(id);
      const state = this.states.get(service_id);
      return Promise.resolve({
        service_id,
        name: spec.name,
        version: spec.version,
        state,
        revision,
      });
    },
  };

  /** Stores a service as it is after a good registration. */
  seed(name: string, changes: Partial<ServiceSpec> = {}, desired: DesiredState = 'active'): string {
    const spec = { ...this.validate({ name }), ...changes };
    const document = this.store(spec, `id-${name}`, desired);
    this.states.set(document.service_id, desired === 'active' ? 'active' : 'inactive');
    return document.service_id;
  }

  /** Empty again, for suites that share one plane. */
  reset(): void {
    for (const held of [this.services, this.archive, this.states, this.revisionsOf]) held.clear();
    this.calls.length = 0;
    this.settlements.length = 0;
    this.routeConflicts = [];
    this.made = 0;
  }

  put(document: ServiceDocument): void {
    this.services.set(document.service_id, document);
  }

  private find(id: string): ServiceDocument | undefined {
    return (
      this.services.get(id) ?? [...this.services.values()].find((each) => each.spec.name === id)
    );
  }

  require(id: string): ServiceDocument {
    const found = this.find(id);
    if (found !== undefined) return found;
    throw this.archive.has(id) ? registryProblems.archived() : registryProblems.unknown();
  }

  private validate(input: unknown): ServiceSpec {
    if (!isJsonObject(input) || typeof input['name'] !== 'string') {
      throw registryProblems.invalid({ errors: [{ pointer: '/name', detail: 'is missing' }] });
    }
    const fields = { ...input };
    delete fields['service_id'];
    delete fields['draft'];
    return {
      title: null,
      description: null,
      type: 'executable',
      hosting_mode: 'stdio',
      script_id: null,
      version: '1.0.0',
      tags: [],
      owner: null,
      extends: null,
      config: {},
      ...fields,
      name: input['name'],
    };
  }

  private create(
    wanted: PreparedService,
    options: { service_id?: string; draft?: boolean },
  ): Promise<ServiceDocument> {
    this.made += 1;
    const id = options.service_id ?? `new-${String(this.made)}`;
    const document = this.store(wanted.spec, id, options.draft === true ? 'draft' : 'active');
    this.states.set(id, options.draft === true ? 'draft' : 'validating');
    this.calls.push(`create ${wanted.spec.name}`);
    return Promise.resolve(document);
  }

  private store(spec: ServiceSpec, service_id: string, desired: DesiredState): ServiceDocument {
    const document: ServiceDocument = {
      schema_version: '1.0',
      service_id,
      ...prepared(spec),
      revision: 1,
      candidate: null,
      desired,
      generation: 1,
      former_names: [],
      created_at: '2026-01-01T00:00:00.000Z',
      updated_at: '2026-01-01T00:00:00.000Z',
    };
    this.put(document);
    this.revisionsOf.set(service_id, [spec]);
    return document;
  }

  private propose(
    id: string,
    wanted: PreparedService,
    ifMatch: string | undefined,
  ): Promise<{ outcome: 'proposed' | 'stored' | 'unchanged'; revision: number }> {
    const current = this.require(id);
    if (ifMatch !== undefined && ifMatch !== '*' && ifMatch !== this.versionOf(current)) {
      throw registryProblems['etag-stale']();
    }
    if (equalJson(wanted.spec, current.spec)) {
      return Promise.resolve({ outcome: 'unchanged', revision: current.revision });
    }
    const revisions = this.revisionsOf.get(id) ?? [];
    if (current.candidate !== null && equalJson(revisions[current.candidate - 1], wanted.spec)) {
      return Promise.resolve({ outcome: 'proposed', revision: current.candidate });
    }
    revisions.push(wanted.spec);
    const revision = revisions.length;
    if (current.desired === 'active') {
      this.calls.push(`propose ${current.spec.name}@${String(revision)}`);
      this.put({ ...current, candidate: revision });
      return Promise.resolve({ outcome: 'proposed', revision });
    }
    this.calls.push(`store ${current.spec.name}@${String(revision)}`);
    this.put({ ...current, ...wanted, revision, generation: current.generation + 1 });
    return Promise.resolve({ outcome: 'stored', revision });
  }

  private setDesired(id: string, desired: DesiredState): Promise<void> {
    const current = this.require(id);
    this.calls.push(`desire ${current.spec.name} ${desired}`);
    this.put({ ...current, desired, generation: current.generation + 1 });
    return Promise.resolve();
  }

  private command(verb: string, id: string, desired: DesiredState): Promise<void> {
    const current = this.require(id);
    this.calls.push(`${verb} ${current.spec.name}`);
    this.put({ ...current, desired });
    return Promise.resolve();
  }

  private settle(id: string, revision: number | null): Settlement {
    const next = this.settlements.shift() ?? 'serve';
    const current = this.require(id);
    if (next === 'slow') return { done: false, state: 'deploying' };
    if (next === 'superseded') {
      this.states.set(id, 'inactive');
      return { done: true, state: 'inactive', failure: null, promoted: false };
    }
    if (next === 'overtaken') {
      this.states.set(id, 'updating');
      return { done: true, state: 'updating', failure: OVERTAKEN, promoted: false };
    }
    if (next === 'fail') {
      if (revision === null || revision === current.revision) this.states.set(id, 'error');
      this.put({ ...current, candidate: null });
      return {
        done: true,
        state: this.states.get(id) ?? 'error',
        failure: FAILURE,
        promoted: false,
      };
    }
    return this.serve(current, revision);
  }

  private serve(current: ServiceDocument, revision: number | null): Settlement {
    const id = current.service_id;
    if (current.desired === 'archived') {
      this.archive.set(id, current);
      this.services.delete(id);
      return { done: true, state: 'archived', failure: null, promoted: false };
    }
    const state = current.desired === 'active' ? 'active' : 'inactive';
    this.states.set(id, state);
    const spec = revision === null ? undefined : this.revisionsOf.get(id)?.[revision - 1];
    if (spec === undefined || revision === null || revision === current.revision) {
      return { done: true, state, failure: null, promoted: revision !== null };
    }
    const generation = current.generation + 1;
    this.put({ ...current, ...prepared(spec), revision, candidate: null, generation });
    return { done: true, state, failure: null, promoted: true };
  }

  private restore(id: string): Promise<void> {
    const document = this.inArchive(id)?.service;
    if (document === undefined) throw registryProblems['not-archived']();
    this.archive.delete(document.service_id);
    this.put({ ...document, desired: 'inactive' });
    this.states.set(document.service_id, 'inactive');
    return Promise.resolve();
  }

  private inArchive(id: string): ArchiveDocument | undefined {
    const service = [...this.archive.values()].find(
      (each) => each.service_id === id || each.spec.name === id,
    );
    if (service === undefined) return undefined;
    return { schema_version: '1.0', service, deleted_at: '', actor: 'ci', reason: null };
  }

  private revision(id: string, revision: number): RevisionDocument {
    const spec = this.revisionsOf.get(id)?.[revision - 1];
    if (spec === undefined) throw registryProblems['revision-unknown']();
    const { schema_version, service_id, created_at } = this.require(id);
    return {
      schema_version,
      service_id,
      revision,
      ...prepared(spec),
      created_at,
      actor: 'ci',
      reason: null,
      outcome: 'superseded',
      pinned: false,
      tools: null,
    };
  }

  private dependentsOf(id: string): DependentService[] {
    const { spec } = this.require(id);
    return [...this.services.values()].flatMap((each) =>
      each.effective.integration.dependencies
        .filter((dependency) => dependency.service === spec.name)
        .map((dependency) => ({
          service_id: each.service_id,
          name: each.spec.name,
          desired: each.desired,
          dependency,
        })),
    );
  }

  private versionOf({ generation, candidate }: ServiceDocument): string {
    return candidate === null ? String(generation) : `${String(generation)}c${String(candidate)}`;
  }
}

function prepared(spec: ServiceSpec): PreparedService {
  const effective = mergePatch(
    DEFAULT_CONFIG as unknown as JsonValue,
    spec.config,
  ) as unknown as ServiceConfig;
  return { spec, effective, command_file: null };
}

function nodeOf({ service_id, spec, effective }: ServiceDocument): DependencyNode {
  return { service_id, name: spec.name, dependencies: effective.integration.dependencies };
}

/** A configuration that needs the services named. */
export function needing(...services: string[]): ServiceSpec['config'] {
  const dependencies = services.map((service) => ({
    service,
    version: null,
    tools: [],
    required: true,
  }));
  return { integration: { dependencies } };
}
