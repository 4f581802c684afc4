import type { Alert } from './alert.js';
import type { Notice } from './alert-board.js';
import {
  afterFailure,
  GROUP_MS,
  isOpenGroup,
  revived,
  type AttemptOutcome,
  type Delivery,
} from './delivery.js';
import { notifiedAlert, type NotifiedAlert } from './notification.js';
import type { Receiver } from './receiver.js';

/** Bounds of what is kept. */
export const MAX_PENDING = 1_000;
export const MAX_DEAD = 1_000;
/** Deliveries under way at once. */
export const MAX_SENDING = 4;

/**
 * Notifications that are not delivered yet: grouped while they wait to be sent, in order for each receiver, dead when
 * that has failed for good. No I/O, time is passed in. Invariant: of one receiver at most one is taken at a time.
 */
export class Outbox {
  /** In the order they were made: a map keeps the place of what is replaced. */
  private readonly deliveries = new Map<string, Delivery>();
  /** By receiver. */
  private readonly sending = new Map<string, string>();
  private changed = new Set<string>();
  private lastOrder = 0;
  private dropCount = 0;

  constructor(
    private readonly newId: () => string,
    private readonly baseUrl: string,
  ) {}

  load(deliveries: readonly Delivery[]): void {
    for (const delivery of [...deliveries].sort((one, other) => one.order - other.order)) {
      this.deliveries.set(delivery.delivery_id, delivery);
      this.lastOrder = Math.max(this.lastOrder, delivery.order);
    }
  }

  /** Tells a receiver, together with what it is told within the next 30 s. */
  add({ kind, alert }: Notice, receiver: Receiver, nowMs: number): void {
    const type = `alert.${kind}` as const;
    const told = notifiedAlert(alert, this.baseUrl);
    const group = this.listed().find(
      (one) =>
        one.receiver_id === receiver.receiver_id && one.type === type && isOpenGroup(one, nowMs),
    );
    if (group !== undefined) {
      this.put({ ...group, alerts: withAlert(group.alerts, told) });
      return;
    }
    this.lastOrder += 1;
    this.put({
      delivery_id: this.newId(),
      receiver_id: receiver.receiver_id,
      receiver: receiver.name,
      type,
      alerts: [told],
      created_ms: nowMs,
      order: this.lastOrder,
      state: 'pending',
      attempts: 0,
      tried_from_ms: nowMs,
      next_ms: nowMs + GROUP_MS,
      last_error: null,
    });
    this.bound();
  }

  /** Takes what is due: of each receiver its oldest, and no more than may be under way at once. */
  take(nowMs: number): Delivery[] {
    const taken: Delivery[] = [];
    const seen = new Set<string>();
    for (const delivery of this.pending()) {
      const { receiver_id, delivery_id } = delivery;
      if (this.sending.size >= MAX_SENDING) break;
      if (seen.has(receiver_id) || this.sending.has(receiver_id)) continue;
      seen.add(receiver_id);
      if (delivery.next_ms > nowMs) continue;
      this.sending.set(receiver_id, delivery_id);
      taken.push(delivery);
    }
    return taken;
  }

  /**
   * Gives back what was taken, with what came of it. Answers what it is now: `null` = delivered, or removed meanwhile.
   */
  done(taken: Delivery, outcome: AttemptOutcome, nowMs: number, fraction: number): Delivery | null {
    this.sending.delete(taken.receiver_id);
    const delivery = this.deliveries.get(taken.delivery_id);
    if (delivery === undefined) return null;
    if (outcome.delivered) {
      this.remove(delivery.delivery_id);
      return null;
    }
    const after = afterFailure(delivery, outcome, nowMs, fraction);
    this.put(after);
    this.bound();
    return after;
  }

  /** Sends a dead one again. Answers `null` when it is not dead or not there. */
  revive(deliveryId: string, nowMs: number): Delivery | null {
    const delivery = this.deliveries.get(deliveryId);
    if (delivery?.state !== 'dead') return null;
    const again = revived(delivery, nowMs);
    this.put(again);
    return again;
  }

  /** Answers whether it was there. */
  remove(deliveryId: string): boolean {
    if (!this.deliveries.delete(deliveryId)) return false;
    this.changed.add(deliveryId);
    return true;
  }

  /** The receivers of a service are gone with it. */
  removeOfReceivers(isGone: (receiverId: string) => boolean): void {
    for (const { delivery_id, receiver_id } of this.listed()) {
      if (isGone(receiver_id)) this.remove(delivery_id);
    }
  }

  find(deliveryId: string): Delivery | undefined {
    return this.deliveries.get(deliveryId);
  }

  /** Oldest first. */
  listed(): Delivery[] {
    return [...this.deliveries.values()];
  }

  /** Dead letters that were dropped since the start because there were too many. */
  get dropped(): number {
    return this.dropCount;
  }

  takeChanged(): ReadonlySet<string> {
    const { changed } = this;
    this.changed = new Set();
    return changed;
  }

  private pending(): Delivery[] {
    return this.listed().filter(({ state }) => state === 'pending');
  }

  private put(delivery: Delivery): void {
    this.deliveries.set(delivery.delivery_id, delivery);
    this.changed.add(delivery.delivery_id);
  }

  /** What waits too long in too long a queue becomes a dead letter; dead letters beyond their bound are dropped. */
  private bound(): void {
    const underWay = new Set(this.sending.values());
    const pending = this.pending().filter(({ delivery_id }) => !underWay.has(delivery_id));
    for (const delivery of pending.slice(0, Math.max(0, pending.length - MAX_PENDING))) {
      this.put({ ...delivery, state: 'dead', last_error: 'Too many notifications were waiting.' });
    }
    const dead = this.listed().filter(({ state }) => state === 'dead');
    for (const { delivery_id } of dead.slice(0, Math.max(0, dead.length - MAX_DEAD))) {
      this.remove(delivery_id);
      this.dropCount += 1;
    }
  }
}

/** An alert that is told twice within a group is told as it was last. */
function withAlert(alerts: readonly NotifiedAlert[], told: NotifiedAlert): NotifiedAlert[] {
  return [...alerts.filter(({ alert_id }) => alert_id !== told.alert_id), told];
}

/** Which severity decides who hears of a notice: of the end hears who heard of the worst. */
export function severityOf({ kind, alert }: Notice): Alert['severity'] {
  return kind === 'resolved' ? (alert.told ?? alert.severity) : alert.severity;
}
