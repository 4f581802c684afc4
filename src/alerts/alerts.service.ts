import type { RequestCaller } from '../auth/current-caller.decorator.js';
import type { Principal } from '../auth/principal.js';
import type { EventBus } from '../kernel/event-bus.js';
import type { Clock } from '../kernel/clock.js';
import type { Random } from '../kernel/random.js';
import type { Page } from '../routes/page.js';
import type { CommitMeta } from '../storage/record-store.js';
import type { AlertArchive } from './alert-archive.js';
import type { AlertBoard } from './alert-board.js';
import type { AlertEngine } from './alert-engine.js';
import {
  alertPage,
  deliveryPage,
  fitsAlertQuery,
  maySeeAlert,
  maySeeDelivery,
  maySeeReceiver,
  type AlertQuery,
} from './alert-list.js';
import type { AlertSource } from './alert-source.js';
import type { Acknowledgement, Alert, Severity } from './alert.js';
import { alertProblems } from './alerts.errors.js';
import { AlertAcknowledged } from './alerts.events.js';
import type { AttemptOutcome, Delivery } from './delivery.js';
import type { Notifier } from './delivery-runner.js';
import { notificationBody } from './notification.js';
import type { Outbox } from './outbox.js';
import type { Receiver } from './receiver.js';

export interface AlertsParts {
  readonly engine: AlertEngine;
  readonly board: AlertBoard;
  readonly outbox: Outbox;
  readonly archive: AlertArchive;
  readonly source: AlertSource;
  readonly notifier: Notifier;
  readonly bus: EventBus;
  readonly clock: Clock;
  readonly random: Random;
}

/** The alerts and what is on its way to receivers, for who may see them. */
export class AlertsService {
  constructor(private readonly parts: AlertsParts) {}

  start(): void {
    this.parts.engine.start();
  }

  stop(): Promise<void> {
    return this.parts.engine.stop();
  }

  tick(): void {
    this.parts.engine.tick();
  }

  resync(): void {
    this.parts.engine.resync();
  }

  /** How many alerts of each severity fire. */
  firing(): Record<Severity, number> {
    const counts = { warning: 0, critical: 0 };
    for (const { state, severity } of this.parts.board.openAlerts()) {
      if (state === 'firing') counts[severity] += 1;
    }
    return counts;
  }

  /** Newest first. Throws `alerts.query-invalid` for a cursor that is not of this list. */
  list(query: AlertQuery, principal: Principal): Page<Alert> {
    this.parts.engine.look();
    const fitting = this.parts.board
      .all()
      .filter((alert) => maySeeAlert(principal, alert) && fitsAlertQuery(alert, query));
    return alertPage(fitting, query) ?? refuseCursor();
  }

  /** Throws `alerts.unknown`, also for what the caller may not see. */
  require(alertId: string, principal: Principal): Alert {
    this.parts.engine.look();
    const alert = this.parts.board.find(alertId);
    if (alert !== undefined && maySeeAlert(principal, alert)) return alert;
    throw alertProblems.unknown(`There is no alert ${JSON.stringify(alertId)}.`);
  }

  /**
   * Repeats are silenced until `until_ms`, or until it is resolved. Throws `alerts.unknown`, `alerts.not-firing`, and
   * `alerts.body-invalid` for a time that is past.
   */
  acknowledge(
    alertId: string,
    given: Pick<Acknowledgement, 'note' | 'until_ms'>,
    caller: RequestCaller,
  ): Promise<Alert> {
    const by = caller.principal.id;
    const nowMs = this.parts.clock.now();
    // Not `<=`: a time that does not exist is in no future either.
    if (given.until_ms !== null && !(given.until_ms > nowMs)) {
      const errors = [{ pointer: '/until', detail: 'must be in the future' }];
      throw alertProblems['body-invalid']({ errors });
    }
    const acknowledged = { ...given, by, at_ms: nowMs };
    return this.setAcknowledged(alertId, acknowledged, caller);
  }

  /** Throws `alerts.unknown`, `alerts.not-firing`. */
  unacknowledge(alertId: string, caller: RequestCaller): Promise<Alert> {
    return this.setAcknowledged(alertId, null, caller);
  }

  /** What waits and what is dead, oldest first. Throws `alerts.query-invalid`. */
  deliveries(
    query: { readonly state?: string; readonly limit?: number; readonly cursor?: string },
    principal: Principal,
  ): Page<Delivery> {
    const visible = this.parts.outbox
      .listed()
      .filter((one) => maySeeDelivery(principal, one))
      .filter(({ state }) => query.state === undefined || query.state === state);
    return deliveryPage(visible, query) ?? refuseCursor();
  }

  /** Dead letters dropped since the start because there were too many. */
  get dropped(): number {
    return this.parts.outbox.dropped;
  }

  /** Sends a dead one again. Throws `alerts.delivery-unknown`, `alerts.delivery-not-dead`. */
  async resend(deliveryId: string, caller: RequestCaller): Promise<Delivery> {
    this.requireDelivery(deliveryId, caller.principal);
    const again = this.parts.outbox.revive(deliveryId, this.parts.clock.now());
    if (again === null) throw alertProblems['delivery-not-dead']();
    await this.save(caller, 'alert.resend', deliveryId);
    return again;
  }

  /** Throws `alerts.delivery-unknown`. */
  async discard(deliveryId: string, caller: RequestCaller): Promise<void> {
    this.requireDelivery(deliveryId, caller.principal);
    this.parts.outbox.remove(deliveryId);
    await this.save(caller, 'alert.discard', deliveryId);
  }

  receivers(principal: Principal): Receiver[] {
    return this.parts.source
      .receivers()
      .filter((receiver) => maySeeReceiver(principal, receiver, this.ownerOf(receiver)));
  }

  /** Sends one notification without an alert, now. By id or name. Throws `alerts.receiver-unknown`. */
  async test(
    idOrName: string,
    principal: Principal,
  ): Promise<{ readonly receiver: Receiver; readonly outcome: AttemptOutcome }> {
    const receiver = this.receivers(principal).find(
      ({ receiver_id, name }) => receiver_id === idOrName || name === idOrName,
    );
    if (receiver === undefined) {
      throw alertProblems['receiver-unknown'](`There is no receiver ${JSON.stringify(idOrName)}.`);
    }
    const { clock, random, notifier } = this.parts;
    const timestamp = clock.timestamp();
    const content = { type: 'alert.test', timestamp, receiver: receiver.name, alerts: [] } as const;
    const body = notificationBody(content);
    return { receiver, outcome: await notifier.send(receiver, `msg_${random.uuid()}`, body) };
  }

  private async setAcknowledged(
    alertId: string,
    acknowledged: Acknowledgement | null,
    caller: RequestCaller,
  ): Promise<Alert> {
    const { name, rule } = this.require(alertId, caller.principal);
    const alert = this.parts.board.acknowledge(alertId, acknowledged);
    if (alert === null) throw alertProblems['not-firing'](`${rule} of ${name} does not fire.`);
    const verb = acknowledged === null ? 'alert.unacknowledge' : 'alert.acknowledge';
    this.parts.archive.note('alert', [alertId]);
    const diff = [{ op: 'replace', path: '/acknowledged', value: acknowledged }];
    await this.save(caller, verb, alertId, diff);
    const by = acknowledged?.by ?? null;
    this.parts.bus.publish(new AlertAcknowledged(alert, by));
    return alert;
  }

  /** A store that refuses does not undo it: it is in force, and stored as soon as that is possible. */
  private async save(
    { principal, requestId }: RequestCaller,
    verb: string,
    subject: string,
    diff?: readonly object[],
  ): Promise<void> {
    const meta: CommitMeta = {
      actor: principal.id,
      source: 'api',
      verb,
      subject,
      ...(requestId === null ? {} : { request_id: requestId }),
      ...(diff === undefined ? {} : { diff }),
    };
    this.parts.engine.noteChanges();
    await this.parts.archive.flush(meta);
  }

  private requireDelivery(deliveryId: string, principal: Principal): Delivery {
    const delivery = this.parts.outbox.find(deliveryId);
    if (delivery !== undefined && maySeeDelivery(principal, delivery)) return delivery;
    throw alertProblems['delivery-unknown'](
      `There is no notification ${JSON.stringify(deliveryId)}.`,
    );
  }

  private ownerOf({ service_id }: Receiver): string | null {
    return service_id === null ? null : this.parts.source.reportOf(service_id).name;
  }
}

function refuseCursor(): never {
  const errors = [{ pointer: '#query/cursor', detail: 'Not a cursor of this list' }];
  throw alertProblems['query-invalid']({ errors });
}
