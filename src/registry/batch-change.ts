import type { RecordChange } from '../storage/record-store.js';
import type { PreparedSpec } from './prepared-spec.js';
import type { DesiredState } from './service.js';

/**
 * Changes of many services that are one commit: `RegistryService.applyBatch`. A service is named by at most one change of
 * a batch. `former_names` replaces the list there is; `if_version` is the store version of the service's record, and
 * without it anything goes.
 */
export type BatchChange = BatchCreate | BatchUpdate | BatchDesire;

export interface BatchCreate {
  readonly op: 'create';
  /** A fresh one when absent. That of an archived service brings that service back, its history included. */
  readonly service_id?: string;
  readonly prepared: PreparedSpec;
  readonly desired: Exclude<DesiredState, 'archived'>;
  readonly former_names?: readonly string[];
  /** Number of the revision that is stored; the one after the newest that is kept when absent. */
  readonly revision?: number;
}

export interface BatchUpdate {
  readonly op: 'update';
  readonly service_id: string;
  readonly prepared: PreparedSpec;
  readonly if_version?: number;
  /** As it is when absent. */
  readonly desired?: Exclude<DesiredState, 'archived'>;
  readonly former_names?: readonly string[];
  /** The tools of the new revision may break the contract of the old ones. */
  readonly allow_breaking?: boolean;
}

export interface BatchDesire {
  readonly op: 'desire';
  readonly service_id: string;
  readonly desired: DesiredState;
  readonly if_version?: number;
}

export interface BatchOptions {
  /** What was done, for the audit entry: `bundle.import`, `backup.restore`. */
  readonly verb: string;
  readonly subject?: string;
  /** Records of other writers that belong to the same commit; none of kind `service`. */
  readonly extra?: readonly RecordChange[];
}

/** What became of one change. */
export interface BatchOutcome {
  readonly op: BatchChange['op'];
  readonly service_id: string;
  readonly name: string;
  /** `proposed`: a candidate waits to be proven. `stored`: current at once, as the service is not served. */
  readonly outcome: 'created' | 'restored' | 'proposed' | 'stored' | 'unchanged' | 'desired';
  /** The revision that was stored, or the current one. */
  readonly revision: number;
}

export interface BatchResult {
  /** The store revision after the commit. */
  readonly revision: number;
  /** In the order of the changes. */
  readonly services: readonly BatchOutcome[];
}
