import { Injectable } from '@nestjs/common';
import type { ServerResponse } from 'node:http';
import { maySeeService, type Principal } from '../auth/principal.js';
import { Clock } from '../kernel/clock.js';
import type { DomainEvent } from '../kernel/domain-event.js';
import { EventBus } from '../kernel/event-bus.js';
import { RegistryService } from '../registry/registry.service.js';
import { sentenceOf } from './event-sentence.js';
import { StreamDesk } from './stream-desk.js';

/** What happens, as it happens, for people and dashboards. Not resumable: `/changes` is. */
@Injectable()
export class EventsService {
  constructor(
    private readonly bus: EventBus,
    private readonly registry: RegistryService,
    private readonly clock: Clock,
    private readonly desk: StreamDesk,
  ) {}

  stream(principal: Principal, response: ServerResponse): void {
    const stream = this.desk.open(response);
    const end = this.bus.subscribeAll((event) => {
      const name = this.nameOf(event);
      if (principal.services !== null && !maySeeService(principal, name)) return;
      const type = event.constructor.name;
      const message = sentenceOf(event, name);
      const data = { ...event, type, at: this.clock.timestamp(), message };
      stream.send({ event: type, data });
    });
    stream.onClose(end);
  }

  private nameOf(event: DomainEvent): string {
    if ('name' in event && typeof event.name === 'string') return event.name;
    const id = event.service_id;
    return id === null ? 'the gateway' : (this.registry.find(id)?.spec.name ?? id);
  }
}
