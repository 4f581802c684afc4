import type { Clock } from '../kernel/clock.js';
import { equalJson } from '../kernel/json.js';
import type { Logger } from '../kernel/logger.js';
import type { CommitMeta, RecordChange, RecordKind, RecordStore } from '../storage/record-store.js';
import type { Alert } from './alert.js';
import {
  alertDocument,
  alertOf,
  deliveryDocument,
  deliveryOf,
  type AlertDocument,
  type DeliveryDocument,
} from './alert-document.js';
import type { Delivery } from './delivery.js';

type Kind = Extract<RecordKind, 'alert' | 'alert_delivery'>;

/** Where the documents are when they are written: what is written is what is true at that moment. */
export interface AlertSources {
  alert(id: string): Alert | undefined;
  delivery(id: string): Delivery | undefined;
}

const RETRY_MS = 60_000;
const OWN_META: CommitMeta = { actor: 'system', source: 'alerts', verb: 'alert.record' };

/**
 * The stored alerts and deliveries. Memory leads and the store follows: a store that refuses (read-only, disk full) must
 * not keep anybody from being told so. What could not be written is tried again every minute.
 * Invariant: one commit at a time, with everything that changed before it began.
 */
export class AlertArchive {
  private readonly dirty = new Map<string, { readonly kind: Kind; readonly id: string }>();
  private running: Promise<void> | null = null;
  private notBeforeMs = 0;

  constructor(
    private readonly store: RecordStore,
    private readonly sources: AlertSources,
    private readonly clock: Clock,
    private readonly logger: Logger,
  ) {}

  alerts(): Alert[] {
    return this.store.list<AlertDocument>('alert').map(({ doc }) => alertOf(doc));
  }

  deliveries(): Delivery[] {
    return this.store.list<DeliveryDocument>('alert_delivery').map(({ doc }) => deliveryOf(doc));
  }

  note(kind: Kind, ids: Iterable<string>): void {
    for (const id of ids) this.dirty.set(`${kind}:${id}`, { kind, id });
  }

  /** Writes what was noted; resolves when that is durable, or could not be done for now. `meta`: who caused it. */
  async flush(meta: CommitMeta = OWN_META): Promise<void> {
    while (this.running !== null) await this.running;
    const isPaused = this.clock.monotonicMs() < this.notBeforeMs && meta === OWN_META;
    if (this.dirty.size === 0 || isPaused) return;
    this.running = this.write(meta).finally(() => {
      this.running = null;
    });
    await this.running;
  }

  private async write(meta: CommitMeta): Promise<void> {
    const batch = [...this.dirty];
    this.dirty.clear();
    const changes = batch.flatMap(([, { kind, id }]) => this.changeOf(kind, id));
    if (changes.length === 0) return;
    try {
      await this.store.commit(changes, meta);
      this.notBeforeMs = 0;
    } catch (error) {
      for (const [key, entry] of batch) this.dirty.set(key, entry);
      if (this.notBeforeMs === 0) {
        this.logger.warn({ err: error }, 'alerts could not be stored; they are kept in memory');
      }
      this.notBeforeMs = this.clock.monotonicMs() + RETRY_MS;
    }
  }

  private changeOf(kind: Kind, id: string): RecordChange[] {
    const doc = this.documentOf(kind, id);
    const stored = this.store.get(kind, id);
    if (doc === null) return stored === undefined ? [] : [{ kind, id, op: 'delete' }];
    return equalJson(doc, stored?.doc) ? [] : [{ kind, id, op: 'put', doc }];
  }

  private documentOf(kind: Kind, id: string): AlertDocument | DeliveryDocument | null {
    if (kind === 'alert') {
      const alert = this.sources.alert(id);
      return alert === undefined || alert.state === 'pending' ? null : alertDocument(alert);
    }
    const delivery = this.sources.delivery(id);
    return delivery === undefined ? null : deliveryDocument(delivery);
  }
}
