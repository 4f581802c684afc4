import { Injectable } from '@nestjs/common';
import type { ServerResponse } from 'node:http';
import type { Principal } from '../auth/principal.js';
import { LifecycleService } from '../lifecycle/lifecycle.service.js';
import { ServiceAccessService } from './service-access.service.js';
import { StreamDesk } from './stream-desk.js';

/** What runs of a service now, and what it says. */
@Injectable()
export class RuntimeService {
  constructor(
    private readonly access: ServiceAccessService,
    private readonly lifecycle: LifecycleService,
    private readonly desk: StreamDesk,
  ) {}

  instances(idOrName: string, principal: Principal): readonly object[] {
    const { service_id } = this.access.require(idOrName, principal);
    return this.lifecycle.instances(service_id);
  }

  logs(idOrName: string, tail: number, principal: Principal): readonly object[] {
    const { service_id } = this.access.require(idOrName, principal);
    return this.lifecycle.logs(service_id, tail);
  }

  /** The last lines, then every new one, as an event stream. */
  followLogs(idOrName: string, tail: number, principal: Principal, response: ServerResponse): void {
    const { service_id } = this.access.require(idOrName, principal);
    const stream = this.desk.open(response);
    for (const line of this.lifecycle.logs(service_id, tail))
      stream.send({ event: 'log', data: line });
    const end = this.lifecycle.followLogs(service_id, (line) => {
      stream.send({ event: 'log', data: line });
    });
    stream.onClose(end);
  }
}
