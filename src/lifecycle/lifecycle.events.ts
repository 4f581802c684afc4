import { DomainEvent } from '../kernel/domain-event.js';

/** An attempt to bring up a revision has an upstream that runs; it waits for `recordProof(attempt_id, …)`. */
export class InstanceStarted extends DomainEvent {
  constructor(
    readonly service_id: string,
    readonly revision: number,
    readonly attempt_id: string,
    readonly instance_id: string,
  ) {
    super();
  }
}

/** The attempt is proven and promoted; it waits for `recordPublished` of a table that names the revision. */
export class InstanceReady extends DomainEvent {
  constructor(
    readonly service_id: string,
    readonly revision: number,
    readonly attempt_id: string,
  ) {
    super();
  }
}

/** The state changed; `from` and `to` are `ServiceState`s. */
export class ServiceStateChanged extends DomainEvent {
  constructor(
    readonly service_id: string,
    readonly from: string,
    readonly to: string,
    readonly reason: string,
  ) {
    super();
  }
}

/**
 * Whether and how the service may be called changed (not served, out of rotation, dependency broken, back again): the
 * table has to be compiled anew and `recordPublished` called.
 */
export class AvailabilityChanged extends DomainEvent {
  constructor(readonly service_id: string) {
    super();
  }
}

/** The tools differ from those of the revision served before. */
export class ToolsChanged extends DomainEvent {
  constructor(readonly service_id: string) {
    super();
  }
}

/** An instance ended without being asked to. */
export class InstanceFailed extends DomainEvent {
  constructor(
    readonly service_id: string,
    readonly instance_id: string,
    readonly code: string,
    readonly message: string,
  ) {
    super();
  }
}

/** Nothing of the service runs, is mounted or is scheduled any more. */
export class ServiceStopped extends DomainEvent {
  constructor(readonly service_id: string) {
    super();
  }
}
