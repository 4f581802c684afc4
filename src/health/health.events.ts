import { DomainEvent } from '../kernel/domain-event.js';

/** The level of a service's health is another one than before. */
export class HealthChanged extends DomainEvent {
  constructor(
    readonly service_id: string,
    readonly from: string,
    readonly to: string,
    readonly reason: string,
    readonly summary: string,
  ) {
    super();
  }
}
