import type { RevisionDocument, ServiceDocument } from './service.js';

/** Who holds a name or a script, and whether only by a revision that waits to be proven. */
export interface Claim {
  readonly service_id: string;
  readonly held_as: 'current' | 'former' | 'candidate';
}

/** What is known of an archived service without reading it. `name` is `null` when its record is damaged. */
export interface ArchivedIdentity {
  readonly service_id: string;
  readonly name: string | null;
  readonly deleted_at: string;
}

/** Finds services by what must be unique among them. Kept in step with the store by its owner, `ServiceRepository`. */
export class ServiceIndex {
  private readonly services = new Map<string, ServiceDocument>();
  private readonly candidates = new Map<string, RevisionDocument>();
  private readonly names = new Map<string, Claim>();
  private readonly scripts = new Map<string, Claim>();
  private readonly archives = new Map<string, ArchivedIdentity>();

  put(service: ServiceDocument): void {
    this.release(service.service_id);
    this.services.set(service.service_id, service);
    const candidate = this.candidates.get(service.service_id);
    if (candidate !== undefined && candidate.revision !== service.candidate) {
      this.candidates.delete(service.service_id);
    }
    this.claim(service.service_id);
  }

  /** Remembers the revision a service waits for; any other is ignored. */
  putCandidate(revision: RevisionDocument): void {
    const service = this.services.get(revision.service_id);
    if (service === undefined || service.candidate !== revision.revision) return;
    this.release(service.service_id);
    this.candidates.set(service.service_id, revision);
    this.claim(service.service_id);
  }

  remove(id: string): void {
    this.release(id);
    this.services.delete(id);
    this.candidates.delete(id);
  }

  /** The service that has this name now. */
  idOfName(name: string): string | undefined {
    const claim = this.names.get(name);
    return claim?.held_as === 'current' ? claim.service_id : undefined;
  }

  claimOfName(name: string): Claim | undefined {
    return this.names.get(name);
  }

  claimOfScript(scriptId: string): Claim | undefined {
    return this.scripts.get(scriptId);
  }

  candidateOf(id: string): RevisionDocument | undefined {
    return this.candidates.get(id);
  }

  putArchived(archived: ArchivedIdentity): void {
    this.archives.set(archived.service_id, archived);
  }

  removeArchived(id: string): void {
    this.archives.delete(id);
  }

  archivedById(id: string): ArchivedIdentity | undefined {
    return this.archives.get(id);
  }

  /** The one deleted last, when several had the name. */
  archivedByName(name: string): ArchivedIdentity | undefined {
    let newest: ArchivedIdentity | undefined;
    for (const archived of this.archives.values()) {
      if (archived.name !== name) continue;
      if (newest === undefined || archived.deleted_at > newest.deleted_at) newest = archived;
    }
    return newest;
  }

  allArchived(): readonly ArchivedIdentity[] {
    return [...this.archives.values()];
  }

  private claim(id: string): void {
    const service = this.services.get(id);
    if (service === undefined) return;
    const candidate = this.candidates.get(id)?.spec;
    const take = (claims: Map<string, Claim>, key: string, as: Claim['held_as']): void => {
      if (!claims.has(key)) claims.set(key, { service_id: id, held_as: as });
    };
    take(this.names, service.spec.name, 'current');
    for (const name of service.former_names) take(this.names, name, 'former');
    if (candidate !== undefined) take(this.names, candidate.name, 'candidate');
    if (service.spec.script_id !== null) take(this.scripts, service.spec.script_id, 'current');
    const script = candidate?.script_id ?? null;
    if (script !== null) take(this.scripts, script, 'candidate');
  }

  /** Names and scripts of a service are nobody's until it is put again. */
  release(id: string): void {
    const service = this.services.get(id);
    if (service === undefined) return;
    const candidate = this.candidates.get(id)?.spec;
    const give = (claims: Map<string, Claim>, key: string | null | undefined): void => {
      if (typeof key === 'string' && claims.get(key)?.service_id === id) claims.delete(key);
    };
    for (const name of [service.spec.name, ...service.former_names, candidate?.name]) {
      give(this.names, name);
    }
    for (const script of [service.spec.script_id, candidate?.script_id]) {
      give(this.scripts, script);
    }
  }
}
