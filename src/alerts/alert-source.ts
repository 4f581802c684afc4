import type { HealthRecord, ServiceStatusDocument } from '../lifecycle/service-status.js';
import type { DependencyGraph } from '../registry/dependency-graph.js';
import type { ServiceDocument } from '../registry/service.js';
import type { RecordStore } from '../storage/record-store.js';
import { reportOfService, reportOfStore, type Report } from './alert-rules.js';
import { isMeant, receiversOfService, type Receiver } from './receiver.js';

/** What of the lower modules alerts read; their services have it all. */
export interface AlertReading {
  readonly registry: {
    find(id: string): ServiceDocument | undefined;
    list(): readonly ServiceDocument[];
    graph(): DependencyGraph;
  };
  readonly lifecycle: { statusOf(id: string): ServiceStatusDocument };
  readonly health: { recordOf(id: string): HealthRecord };
  readonly store: Pick<RecordStore, 'status'>;
  /** The receivers of the gateway's file, as it is now. */
  readonly gatewayReceivers: () => readonly Receiver[];
}

const REMOVED: Report = { name: '', status: 'gone', observations: [] };

/** What services are like now, who depends on whom, and who is to be told. Reads only. */
export class AlertSource {
  constructor(private readonly reading: AlertReading) {}

  serviceIds(): string[] {
    return this.reading.registry.list().map(({ service_id }) => service_id);
  }

  /** `null` = the gateway itself. */
  reportOf(serviceId: string | null): Report {
    const { registry, lifecycle, health, store } = this.reading;
    if (serviceId === null) return reportOfStore(store.status());
    const service = registry.find(serviceId);
    if (service === undefined) return REMOVED;
    const status = lifecycle.statusOf(serviceId);
    return reportOfService(service.spec.name, {
      state: status.state,
      conditions: status.conditions,
      failure: status.last_failure,
      hasServed: status.stable_revision === service.revision,
      record: health.recordOf(serviceId),
      config: service.effective,
    });
  }

  requiredBy(serviceId: string): string[] {
    return this.reading.registry
      .graph()
      .dependenciesOf(serviceId)
      .flatMap(({ to, dependency }) => (to !== null && dependency.required ? [to] : []));
  }

  receiversFor(
    alert: { readonly service_id: string | null; readonly name: string },
    severity: Receiver['min_severity'],
  ): Receiver[] {
    const own = alert.service_id === null ? [] : this.receiversOf(alert.service_id);
    return [...this.reading.gatewayReceivers(), ...own].filter((receiver) =>
      isMeant(receiver, alert, severity),
    );
  }

  receiver(receiverId: string): Receiver | undefined {
    const [, serviceId] = receiverId.startsWith('service:') ? receiverId.split(':') : [];
    const among =
      serviceId === undefined ? this.reading.gatewayReceivers() : this.receiversOf(serviceId);
    return among.find(({ receiver_id }) => receiver_id === receiverId);
  }

  receivers(): Receiver[] {
    const own = this.reading.registry
      .list()
      .flatMap(({ service_id }) => this.receiversOf(service_id));
    return [...this.reading.gatewayReceivers(), ...own];
  }

  private receiversOf(serviceId: string): Receiver[] {
    const service = this.reading.registry.find(serviceId);
    if (service === undefined) return [];
    return receiversOfService(serviceId, service.spec.name, service.effective);
  }
}
