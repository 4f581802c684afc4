import type { Logger } from '../kernel/logger.js';
import { KeyedSerial } from '../kernel/serial.js';
import type { HealthRecord } from '../lifecycle/service-status.js';
import type { CommitMeta, RecordStore } from '../storage/record-store.js';

/** One change of the level of a service's health. */
export interface HealthTransition {
  readonly at: string;
  readonly from: HealthRecord['level'];
  readonly to: HealthRecord['level'];
  readonly reason: string;
  readonly summary: string;
}

/** Record kind `health_transition`, id = `service_id`. Written here alone. */
export interface TransitionDocument {
  readonly schema_version: string;
  readonly service_id: string;
  /** Oldest first, at most `KEPT_TRANSITIONS`. */
  readonly transitions: readonly HealthTransition[];
}

export const KEPT_TRANSITIONS = 100;
const KIND = 'health_transition';

/**
 * The changes of level of each service, one bounded document per service. Memory leads and the store follows: a store that
 * refuses keeps nobody from knowing, and the next change writes what it missed. Starts of the gateway after which a
 * service is as it was are not written.
 */
export class TransitionLog {
  private readonly recent = new Map<string, readonly HealthTransition[]>();
  private readonly serial = new KeyedSerial();

  constructor(
    private readonly store: RecordStore,
    private readonly logger: Logger,
  ) {}

  /** Newest first. */
  of(serviceId: string): HealthTransition[] {
    return [...this.all(serviceId)].reverse();
  }

  /** Resolves when it is stored, or could not be. Never rejects. */
  async note(serviceId: string, transition: HealthTransition): Promise<void> {
    const before = this.all(serviceId);
    const isBoot = !this.recent.has(serviceId) && before.at(-1)?.to === transition.to;
    const transitions = [...before, transition].slice(-KEPT_TRANSITIONS);
    this.recent.set(serviceId, transitions);
    if (isBoot) return;
    await this.commit(serviceId, () => {
      const latest = this.recent.get(serviceId);
      if (latest === undefined) return null;
      const doc: TransitionDocument = {
        schema_version: '1.0',
        service_id: serviceId,
        transitions: latest,
      };
      return { kind: KIND, id: serviceId, op: 'put', doc };
    });
  }

  /** Nothing of the service is kept, stored or not. Never rejects. */
  async forget(serviceId: string): Promise<void> {
    this.recent.delete(serviceId);
    if (this.store.get(KIND, serviceId) === undefined) return;
    await this.commit(serviceId, () =>
      this.store.get(KIND, serviceId) === undefined
        ? null
        : { kind: KIND, id: serviceId, op: 'delete' },
    );
  }

  private all(serviceId: string): readonly HealthTransition[] {
    const stored = (): readonly HealthTransition[] | undefined =>
      this.store.get<TransitionDocument>(KIND, serviceId)?.doc.transitions;
    return this.recent.get(serviceId) ?? stored() ?? [];
  }

  private async commit(
    serviceId: string,
    changeNow: () => Parameters<RecordStore['commit']>[0][number] | null,
  ): Promise<void> {
    try {
      await this.serial.run(serviceId, async () => {
        const change = changeNow();
        if (change === null) return;
        const frees = change.op === 'delete' ? ({ frees_space: true } as const) : {};
        await this.store.commit([change], { ...metaOf(serviceId), ...frees });
      });
    } catch (error) {
      const fields = { err: error, service_id: serviceId };
      this.logger.warn(fields, 'a change of health could not be stored; it is kept in memory');
    }
  }
}

function metaOf(subject: string): CommitMeta {
  return { actor: 'system', source: 'health', verb: 'health.transition', subject };
}
