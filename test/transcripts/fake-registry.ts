import { DEFAULT_CONFIG } from '../../src/config/defaults.js';
import type { ServiceConfig } from '../../src/config/service-config.js';
import type { EventBus } from '../../src/kernel/event-bus.js';
import { isUuid } from '../../src/kernel/ids.js';
import { mergePatch, type JsonObject, type JsonValue } from '../../src/kernel/json.js';
import type { RegistryAccess } from '../../src/lifecycle/lifecycle-ports.js';
import {
  DesiredStateChanged,
  RevisionDiscarded,
  RevisionPromoted,
  RevisionProposed,
  ServiceArchived,
  ServiceCreated,
  ServiceRestored,
  ServiceRewritten,
} from '../../src/registry/registry.events.js';
import type {
  ChangeContext,
  DesiredState,
  HostingMode,
  RevisionDocument,
  ServiceDocument,
} from '../../src/registry/service.js';
import type { StorageFault } from '../../src/storage/record-store.js';

export const CONTEXT: ChangeContext = {
  actor: 'test',
  source: 'api',
  requestId: null,
  reason: null,
  scopes: new Set(),
  services: null,
};

/** What of a revision a test chooses; the rest is the default. */
export interface FakeSpec {
  readonly config?: JsonObject;
  readonly hosting_mode?: HostingMode;
  readonly version?: string;
}

const AT = '2026-01-01T00:00:00.000Z';

/** The defaults, the command `server`, and `config` on top; `null` in it is what the default was. */
export function effectiveOf(config: JsonObject = {}): ServiceConfig {
  const layers: JsonValue = mergePatch({ runtime: { command: 'server' } }, config);
  return mergePatch(DEFAULT_CONFIG as unknown as JsonValue, layers) as unknown as ServiceConfig;
}

export function revisionOf(
  id: string,
  name: string,
  revision: number,
  spec: FakeSpec,
): RevisionDocument {
  return {
    schema_version: '1.0',
    service_id: id,
    revision,
    spec: {
      name,
      title: null,
      description: null,
      type: 'executable',
      hosting_mode: spec.hosting_mode ?? 'stdio',
      script_id: null,
      version: spec.version ?? '1.0.0',
      tags: [],
      owner: null,
      extends: null,
      config: spec.config ?? {},
    },
    effective: effectiveOf(spec.config),
    command_file: '/bin/server',
    created_at: AT,
    actor: 'test',
    reason: null,
    outcome: 'current',
    pinned: false,
    tools: null,
  };
}

/** The registry in memory, as far as the lifecycle sees it. It outlives a restart of the gateway. */
export class FakeRegistry implements RegistryAccess {
  private readonly services = new Map<string, ServiceDocument>();
  private readonly candidates = new Map<string, RevisionDocument>();
  private readonly archives = new Map<string, ServiceDocument>();
  private readonly numbers = new Map<string, number>();
  private readonly history = new Map<string, RevisionDocument>();
  /** Revisions that must stay in the history, as `<id>/<number>`. */
  readonly pinned = new Set<string>();
  /** Services whose file the store has found damaged or edited; the next write of one ends it. */
  readonly faults = new Map<string, StorageFault>();
  bus: EventBus | null = null;

  constructor(private readonly trace: (line: string) => void = () => undefined) {}

  find(idOrName: string): ServiceDocument | undefined {
    if (isUuid(idOrName)) return this.services.get(idOrName);
    return [...this.services.values()].find((doc) => doc.spec.name === idOrName);
  }

  require(idOrName: string): ServiceDocument {
    const doc = this.find(idOrName);
    if (doc === undefined) throw new Error(`registry.unknown: ${idOrName}`);
    return doc;
  }

  list(): readonly ServiceDocument[] {
    return [...this.services.values()];
  }

  candidateOf(id: string): RevisionDocument | undefined {
    return this.candidates.get(id);
  }

  create(id: string, name: string, spec: FakeSpec, desired: DesiredState = 'active'): void {
    const revision = revisionOf(id, name, 1, spec);
    this.numbers.set(id, 1);
    this.history.set(`${id}/1`, revision);
    this.put({ ...serviceOf(revision), desired });
    this.bus?.publish(new ServiceCreated(id, name, 1));
  }

  propose(id: string, spec: FakeSpec): number {
    const doc = this.require(id);
    const older = doc.candidate;
    const number = (this.numbers.get(id) ?? 1) + 1;
    this.numbers.set(id, number);
    this.faults.delete(id);
    const revision = revisionOf(id, doc.spec.name, number, spec);
    this.history.set(`${id}/${String(number)}`, revision);
    if (doc.desired === 'active') {
      this.candidates.set(id, revision);
      this.put({ ...doc, candidate: number });
      if (older !== null) this.bus?.publish(new RevisionDiscarded(id, older, 'replaced'));
      this.bus?.publish(new RevisionProposed(id, number));
    } else {
      this.put({ ...serviceOf(revision), desired: doc.desired });
      this.bus?.publish(new RevisionPromoted(id, number, doc.revision));
    }
    return number;
  }

  promote(id: string, revision: number): Promise<void> {
    const doc = this.require(id);
    const candidate = this.candidates.get(id);
    if (doc.candidate !== revision || candidate === undefined) {
      return Promise.reject(new Error('registry.not-candidate'));
    }
    this.candidates.delete(id);
    this.put({ ...serviceOf(candidate), desired: doc.desired });
    this.trace(`${doc.spec.name}: r${String(revision)} is the current revision`);
    this.bus?.publish(new RevisionPromoted(id, revision, doc.revision));
    return Promise.resolve();
  }

  annotateRevision(
    id: string,
    revision: number,
    { pinned }: { readonly pinned?: boolean },
  ): Promise<void> {
    if (pinned === true) this.pinned.add(`${id}/${String(revision)}`);
    if (pinned === false) this.pinned.delete(`${id}/${String(revision)}`);
    return Promise.resolve();
  }

  revision(id: string, revision: number): Promise<RevisionDocument> {
    const found = this.history.get(`${id}/${String(revision)}`);
    if (found === undefined) return Promise.reject(new Error('registry.revision-unknown'));
    return Promise.resolve(found);
  }

  rewrite(id: string): Promise<boolean> {
    if (!this.faults.delete(id)) return Promise.resolve(false);
    this.bus?.publish(new ServiceRewritten(id));
    return Promise.resolve(true);
  }

  discard(id: string, revision: number, reason: string): Promise<boolean> {
    const doc = this.require(id);
    if (doc.candidate !== revision) return Promise.resolve(false);
    this.candidates.delete(id);
    this.put({ ...doc, candidate: null });
    this.trace(`${doc.spec.name}: r${String(revision)} is given up (${reason})`);
    this.bus?.publish(new RevisionDiscarded(id, revision, reason));
    return Promise.resolve(true);
  }

  setDesired(id: string, desired: DesiredState): Promise<void> {
    const doc = this.require(id);
    this.candidates.delete(id);
    this.put({ ...doc, desired, candidate: null });
    this.bus?.publish(new DesiredStateChanged(id, desired));
    return Promise.resolve();
  }

  archive(id: string): Promise<void> {
    const doc = this.require(id);
    this.services.delete(id);
    this.archives.set(id, doc);
    this.trace(`${doc.spec.name}: archived`);
    this.bus?.publish(new ServiceArchived(id, doc.spec.name, false));
    return Promise.resolve();
  }

  erase(id: string): void {
    const doc = this.require(id);
    this.services.delete(id);
    this.bus?.publish(new ServiceArchived(id, doc.spec.name, true));
  }

  restore(id: string): void {
    const doc = this.archives.get(id);
    if (doc === undefined) throw new Error('registry.not-archived');
    this.archives.delete(id);
    this.put({ ...doc, desired: 'inactive' });
    this.bus?.publish(new ServiceRestored(id, doc.spec.name));
  }

  private put(doc: ServiceDocument): void {
    this.services.set(doc.service_id, doc);
  }
}

function serviceOf(revision: RevisionDocument): ServiceDocument {
  return {
    schema_version: '1.0',
    service_id: revision.service_id,
    spec: revision.spec,
    effective: revision.effective,
    command_file: revision.command_file,
    revision: revision.revision,
    candidate: null,
    desired: 'active',
    generation: 1,
    former_names: [],
    created_at: AT,
    updated_at: AT,
  };
}
