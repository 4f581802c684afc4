import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import { named } from './metric-names.js';
import type { CallLoadReading, MetricSources, ServiceReading } from './metric-sources.js';
import { ServiceLabels } from './service-labels.js';

/** Distinct values of the label `service`; later ones share the value `other`. */
const MAX_SERVICES = 10_000;
const OTHER = 'other';
const OUTCOMES: ReadonlySet<string> = new Set([
  'ok',
  'tool_error',
  'rpc_error',
  'failed',
  'timeout',
  'refused',
  'cancelled',
]);
const CALL_BUCKETS_S = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5, 30];
const SERVICE = ['service'] as const;

/** Every series with the label `service`: what is counted, and what is read anew each time. Owns the bound of the label. */
export class ServiceSeries {
  private readonly services = new Set<string>();
  private readonly calls: Counter<'service' | 'outcome'>;
  private readonly durations: Histogram<'service'>;
  private readonly cpu: Counter<'service'>;
  private readonly failures: Counter<'service'>;
  private readonly ejections: Counter<'service'>;
  private readonly read: ReadSeries;
  private readonly labels: ServiceLabels;

  constructor(registry: Registry) {
    const registers = [registry];
    this.calls = new Counter({
      ...named('switchyard_calls_total'),
      labelNames: ['service', 'outcome'],
      registers,
    });
    this.durations = new Histogram({
      ...named('switchyard_call_duration_seconds'),
      labelNames: SERVICE,
      buckets: CALL_BUCKETS_S,
      registers,
    });
    this.cpu = new Counter({
      ...named('switchyard_service_cpu_seconds_total'),
      labelNames: SERVICE,
      registers,
    });
    this.failures = new Counter({
      ...named('switchyard_instance_failures_total'),
      labelNames: SERVICE,
      registers,
    });
    this.ejections = new Counter({
      ...named('switchyard_instance_ejections_total'),
      labelNames: SERVICE,
      registers,
    });
    this.read = new ReadSeries(registers);
    this.labels = new ServiceLabels(registry);
  }

  recordCall(service: string, outcome: string, durationMs: number): void {
    const label = this.labelOf(service);
    this.calls.inc({ service: label, outcome: OUTCOMES.has(outcome) ? outcome : OTHER });
    this.durations.observe({ service: label }, durationMs / 1_000);
  }

  recordCpu(service: string, usedMs: number): void {
    this.cpu.inc({ service: this.labelOf(service) }, usedMs / 1_000);
  }

  recordFailure(service: string): void {
    this.failures.inc({ service: this.labelOf(service) });
  }

  recordEjection(service: string): void {
    this.ejections.inc({ service: this.labelOf(service) });
  }

  /** Drops what was counted of a service that is gone or has another name now. */
  forget(service: string): void {
    if (!this.services.delete(service)) return;
    for (const series of [this.durations, this.cpu, this.failures, this.ejections]) {
      series.remove({ service });
    }
    for (const outcome of [...OUTCOMES, OTHER]) this.calls.remove({ service, outcome });
  }

  /** Reads the sources, and drops what was counted of services that are not there any more. */
  refresh({ services, callLoads }: MetricSources): void {
    const all = services?.();
    if (all !== undefined) {
      const live = new Set(all.map(({ service }) => service));
      for (const service of [...this.services]) if (!live.has(service)) this.forget(service);
    }
    const shown = (all ?? []).slice(0, MAX_SERVICES);
    this.read.refresh(shown, [...(callLoads?.() ?? [])]);
    this.labels.refresh(shown);
  }

  private labelOf(service: string): string {
    if (this.services.has(service)) return service;
    if (this.services.size >= MAX_SERVICES) return OTHER;
    this.services.add(service);
    return service;
  }
}

/** Gauges that are written anew each time, so that what is gone leaves nothing behind. */
class ReadSeries {
  private readonly inFlight: Gauge<'service'>;
  private readonly queued: Gauge<'service'>;
  private readonly circuits: Gauge<'service' | 'state'>;
  private readonly open: Gauge;
  private readonly health: Gauge<'service' | 'level'>;
  private readonly loops: Gauge<'service'>;
  private readonly instances: Gauge<'service' | 'state'>;
  private readonly memory: Gauge<'service'>;

  constructor(registers: Registry[]) {
    const ofService = { labelNames: SERVICE, registers };
    const byState = { labelNames: ['service', 'state'] as const, registers };
    this.inFlight = new Gauge({ ...named('switchyard_calls_in_flight'), ...ofService });
    this.queued = new Gauge({ ...named('switchyard_calls_queued'), ...ofService });
    this.circuits = new Gauge({ ...named('switchyard_circuit_state'), ...byState });
    this.open = new Gauge({ ...named('switchyard_circuits_open'), registers });
    this.health = new Gauge({
      ...named('switchyard_service_health'),
      labelNames: ['service', 'level'],
      registers,
    });
    this.loops = new Gauge({ ...named('switchyard_crash_looping'), ...ofService });
    this.instances = new Gauge({ ...named('switchyard_service_instances'), ...byState });
    this.memory = new Gauge({ ...named('switchyard_service_memory_bytes'), ...ofService });
  }

  refresh(
    services: readonly ServiceReading[],
    loads: readonly (readonly [string, CallLoadReading])[],
  ): void {
    const { inFlight, queued, circuits, health, loops, instances, memory } = this;
    for (const gauge of [inFlight, queued, circuits, health, loops, instances, memory]) {
      gauge.reset();
    }
    for (const reading of services) this.readService(reading);
    for (const [service, { in_flight, queued: waiting, circuit }] of loads.slice(0, MAX_SERVICES)) {
      inFlight.set({ service }, in_flight);
      queued.set({ service }, waiting);
      if (circuit !== 'closed') circuits.set({ service, state: circuit }, 1);
    }
    this.open.set(loads.filter(([, { circuit }]) => circuit !== 'closed').length);
  }

  private readService(reading: ServiceReading): void {
    const { service, health, crash_looping, memory_bytes } = reading;
    this.health.set({ service, level: health }, 1);
    if (crash_looping) this.loops.set({ service }, 1);
    if (memory_bytes !== null) this.memory.set({ service }, memory_bytes);
    for (const [state, count] of Object.entries(reading.instances)) {
      this.instances.set({ service, state }, count);
    }
  }
}
