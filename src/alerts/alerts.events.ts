import { DomainEvent } from '../kernel/domain-event.js';

/** Which alert an event is about. `service_id` `null` = the gateway itself. */
export interface AlertIdentity {
  readonly alert_id: string;
  readonly service_id: string | null;
  readonly name: string;
  readonly rule: string;
}

abstract class AlertEvent extends DomainEvent {
  readonly alert_id: string;
  readonly service_id: string | null;
  readonly name: string;
  readonly rule: string;

  constructor({ alert_id, service_id, name, rule }: AlertIdentity) {
    super();
    this.alert_id = alert_id;
    this.service_id = service_id;
    this.name = name;
    this.rule = rule;
  }

  /** For the event stream, which knows nothing of alerts. */
  abstract get sentence(): string;
}

/** An alert fires, or is told at a higher severity. */
export class AlertFired extends AlertEvent {
  constructor(
    alert: AlertIdentity,
    readonly severity: string,
    readonly reason: string,
    readonly summary: string,
  ) {
    super(alert);
  }

  override get sentence(): string {
    return `Alert: ${this.rule} (${this.severity}) of ${this.name}: ${this.summary}`;
  }
}

/** An alert is over. */
export class AlertResolved extends AlertEvent {
  constructor(
    alert: AlertIdentity,
    readonly resolution: string,
  ) {
    super(alert);
  }

  override get sentence(): string {
    return `The alert ${this.rule} of ${this.name} is resolved (${this.resolution}).`;
  }
}

/** Somebody looks after it (`by`), or no longer does (`null`). */
export class AlertAcknowledged extends AlertEvent {
  constructor(
    alert: AlertIdentity,
    readonly by: string | null,
  ) {
    super(alert);
  }

  override get sentence(): string {
    return this.by === null
      ? `The alert ${this.rule} of ${this.name} is not acknowledged any more.`
      : `${this.by} acknowledged the alert ${this.rule} of ${this.name}.`;
  }
}
