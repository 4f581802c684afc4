import type { Clock } from '../kernel/clock.js';
import { ProblemError } from '../kernel/problem.js';
import { KeyedSerial } from '../kernel/serial.js';
import type { DesiredState } from '../registry/service.js';
import type { CommitMeta, RecordStore } from '../storage/record-store.js';
import { initialStatus } from './initial-status.js';
import type { ServiceState, ServiceStatusDocument } from './service-status.js';

const KIND = 'service_status';
const TRIES = 3;

export type StatusPatch = Partial<Omit<ServiceStatusDocument, 'schema_version' | 'service_id'>>;

export interface StatusChange {
  readonly before: ServiceStatusDocument;
  readonly after: ServiceStatusDocument;
}

/** States on the way out: a full disk must not keep a service from being stopped and deleted. */
const LEAVING: ReadonlySet<ServiceState> = new Set(['deactivating', 'inactive']);

/** The one writer of `service_status`. Writes of one service come one after another; each expects what it read. */
export class StatusRepository {
  private readonly serial = new KeyedSerial();

  constructor(
    private readonly store: RecordStore,
    private readonly clock: Clock,
    private readonly desiredOf: (serviceId: string) => DesiredState | undefined,
  ) {}

  read(serviceId: string): ServiceStatusDocument {
    const stored = this.store.get<ServiceStatusDocument>(KIND, serviceId)?.doc;
    return stored ?? initialStatus(serviceId, this.desiredOf(serviceId), this.clock.timestamp());
  }

  /** The store's version of the record; 0 when there is none. */
  version(serviceId: string): number {
    return this.store.get(KIND, serviceId)?.version ?? 0;
  }

  /** Commits what `change` makes of the present status; `null` leaves it as it is. `verb` goes into the audit entry. */
  update(
    serviceId: string,
    verb: string,
    change: (status: ServiceStatusDocument) => StatusPatch | null,
  ): Promise<StatusChange> {
    return this.serial.run(serviceId, async () => {
      for (let left = TRIES - 1; ; left -= 1) {
        try {
          return await this.updateOnce(serviceId, verb, change);
        } catch (error) {
          if (left === 0 || !isConflict(error)) throw error;
        }
      }
    });
  }

  /** An absent one is fine. */
  remove(serviceId: string): Promise<void> {
    return this.serial.run(serviceId, async () => {
      if (this.store.get(KIND, serviceId) === undefined) return;
      await this.store.commit([{ kind: KIND, id: serviceId, op: 'delete' }], {
        ...reconcilerMeta('status.remove', serviceId),
      });
    });
  }

  private async updateOnce(
    serviceId: string,
    verb: string,
    change: (status: ServiceStatusDocument) => StatusPatch | null,
  ): Promise<StatusChange> {
    const record = this.store.get<ServiceStatusDocument>(KIND, serviceId);
    const before = record?.doc ?? this.read(serviceId);
    const patch = change(before);
    if (patch === null) return { before, after: before };
    const moved = patch.state !== undefined && patch.state !== before.state;
    const changed_at = moved ? this.clock.timestamp() : before.changed_at;
    const after: ServiceStatusDocument = { ...before, changed_at, ...patch };
    await this.store.commit(
      [{ kind: KIND, id: serviceId, op: 'put', doc: after, expect: record?.version ?? null }],
      {
        ...reconcilerMeta(verb, serviceId),
        ...(LEAVING.has(after.state) ? { frees_space: true } : {}),
      },
    );
    return { before, after };
  }
}

function isConflict(error: unknown): boolean {
  return error instanceof ProblemError && error.code === 'storage.version-conflict';
}

function reconcilerMeta(verb: string, subject: string): CommitMeta {
  return { actor: 'system', source: 'reconciler', verb, subject };
}
