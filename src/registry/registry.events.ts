import { DomainEvent } from '../kernel/domain-event.js';

/** Revision 1 of a new service is stored. */
export class ServiceCreated extends DomainEvent {
  constructor(
    readonly service_id: string,
    readonly name: string,
    readonly revision: number,
  ) {
    super();
  }
}

/** A candidate revision is stored and waits to be proven. */
export class RevisionProposed extends DomainEvent {
  constructor(
    readonly service_id: string,
    readonly revision: number,
  ) {
    super();
  }
}

/** A candidate became the current revision (also for a service that is not served: draft, inactive). */
export class RevisionPromoted extends DomainEvent {
  constructor(
    readonly service_id: string,
    readonly revision: number,
    readonly previous: number,
  ) {
    super();
  }
}

/** A candidate was given up; the current revision is what it was. */
export class RevisionDiscarded extends DomainEvent {
  constructor(
    readonly service_id: string,
    readonly revision: number,
    readonly reason: string,
  ) {
    super();
  }
}

/** Another state is wanted. */
export class DesiredStateChanged extends DomainEvent {
  constructor(
    readonly service_id: string,
    readonly desired: string,
  ) {
    super();
  }
}

/** The record was written again as it is, because its file was not what the journal says. */
export class ServiceRewritten extends DomainEvent {
  constructor(readonly service_id: string) {
    super();
  }
}

/** The record moved to the archive (`discarded`: it was erased without one). */
export class ServiceArchived extends DomainEvent {
  constructor(
    readonly service_id: string,
    readonly name: string,
    readonly discarded: boolean,
  ) {
    super();
  }
}

/** The record is back from the archive, inactive. */
export class ServiceRestored extends DomainEvent {
  constructor(
    readonly service_id: string,
    readonly name: string,
  ) {
    super();
  }
}
