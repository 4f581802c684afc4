import { Gauge, type Registry } from 'prom-client';
import { named } from './metric-names.js';
import type { ServiceReading } from './metric-sources.js';

const NAME = 'switchyard_service_info';
const PREFIX = 'label_';
/** Distinct names of labels over all services; those that come later in the alphabet are left out. */
const MAX_NAMES = 64;

/**
 * The labels that owners gave their services, as one series each. Why a series of its own: joined by whoever wants them
 * (`* on(service) group_left(label_team)`), they multiply no other series. Why the prefix: nothing an owner writes can
 * take the place of `service`, or of what Prometheus adds.
 */
export class ServiceLabels {
  private names: readonly string[] = [];
  private gauge: Gauge | null = null;

  constructor(private readonly registry: Registry) {}

  refresh(services: readonly ServiceReading[]): void {
    const labelled = services.filter(({ labels = {} }) => Object.keys(labels).length > 0);
    const gauge = this.gaugeOf(labelled);
    gauge.reset();
    for (const { service, labels = {} } of labelled) {
      const series: Record<string, string> = { service };
      for (const [name, value] of Object.entries(labels)) {
        if (this.names.includes(name)) series[PREFIX + name] = value;
      }
      gauge.set(series, 1);
    }
  }

  /** A series declares its labels once: other names, another series. */
  private gaugeOf(labelled: readonly ServiceReading[]): Gauge {
    const found = new Set(labelled.flatMap(({ labels = {} }) => Object.keys(labels)));
    const names = [...found].sort().slice(0, MAX_NAMES);
    if (this.gauge !== null && names.join() === this.names.join()) return this.gauge;
    this.registry.removeSingleMetric(NAME);
    this.names = names;
    this.gauge = new Gauge({
      ...named(NAME),
      labelNames: ['service', ...names.map((name) => PREFIX + name)],
      registers: [this.registry],
    });
    return this.gauge;
  }
}
