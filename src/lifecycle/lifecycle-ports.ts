import type { JsonObject } from '../kernel/json.js';
import type {
  ChangeContext,
  DesiredState,
  RevisionDocument,
  ServiceDocument,
  ServiceSpec,
} from '../registry/service.js';

/** What of the registry the lifecycle needs; `RegistryService` has it all. */
export interface RegistryAccess {
  find(idOrName: string): ServiceDocument | undefined;
  /** Throws `registry.unknown` or `registry.archived`. */
  require(idOrName: string): ServiceDocument;
  list(): readonly ServiceDocument[];
  /** The revision that waits to be proven. In memory. */
  candidateOf(id: string): RevisionDocument | undefined;
  promote(
    id: string,
    revision: number,
    proven: { readonly tools: readonly JsonObject[] },
  ): Promise<unknown>;
  annotateRevision(
    id: string,
    revision: number,
    notes: { readonly tools?: readonly JsonObject[]; readonly pinned?: boolean },
  ): Promise<unknown>;
  /** A stored revision, whatever became of it. Throws `registry.revision-unknown`. */
  revision(id: string, revision: number): Promise<RevisionDocument>;
  /** Ends a fault of the file of a service, if there is one, by writing it again. */
  rewrite(id: string, context: ChangeContext): Promise<unknown>;
  discard(id: string, revision: number, reason: string): Promise<unknown>;
  setDesired(
    id: string,
    desired: DesiredState,
    context: ChangeContext,
    options?: { readonly ifMatch?: number },
  ): Promise<unknown>;
  archive(id: string): Promise<unknown>;
}

/** What of the configuration the lifecycle needs; `EffectiveConfigService` has it. Throws the problems of config. */
export interface ConfigAccess {
  resolve(spec: ServiceSpec): Promise<unknown>;
}
