import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';

/** What we publish besides the process defaults (`process_*`, `nodejs_*`), with the meaning; pinned to the reference. */
export const METRIC_NAMES = {
  switchyard_calls_total: 'Calls through the gateway by service, and by how they ended (outcome)',
  switchyard_call_duration_seconds: 'Seconds from a request to the end of its answer, by service',
  switchyard_calls_waiting: 'Calls that wait for their turn',
  switchyard_circuits_open: 'Services that are not called for a while, as they kept failing',
  switchyard_sessions: 'Open sessions of clients',
  switchyard_services: 'Services by state',
  switchyard_services_by_health:
    'Services by level of health (healthy, degraded, unhealthy, unknown)',
  switchyard_instances: 'Live instances of upstreams, remote connections included',
  switchyard_store_commit_seconds: 'Seconds until a change was durable',
  switchyard_route_table_version: 'Version of the route table that serves',
  switchyard_alerts_firing: 'Alerts that fire, by severity',
  switchyard_alert_deliveries_total:
    'Attempts to deliver alerts, by what came of them (delivered, failed, dead)',
} as const;

type MetricName = keyof typeof METRIC_NAMES;

/** Name and help of a series, for the constructors. */
function named<N extends MetricName>(name: N): { name: N; help: string } {
  return { name, help: METRIC_NAMES[name] };
}

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
const COMMIT_BUCKETS_S = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.1, 0.5, 2];

/** Numbers that are read when somebody asks for the metrics, rather than pushed when they change. */
export interface MetricSources {
  /** How many services there are in each state. */
  readonly servicesByState?: () => Readonly<Record<string, number>>;
  /** How many services there are of each level of health. */
  readonly servicesByHealth?: () => Readonly<Record<string, number>>;
  /** Live instances. */
  readonly instances?: () => number;
  /** Calls that wait for their turn. */
  readonly callsWaiting?: () => number;
  readonly routeTableVersion?: () => number;
  /** How many alerts of each severity fire. */
  readonly alertsFiring?: () => Readonly<Record<string, number>>;
}

/** The Prometheus registry. Owns all series; the label `service` is bounded and dropped when its service goes. */
export class Metrics {
  private readonly registry = new Registry();
  private readonly services = new Set<string>();
  private sources: MetricSources = {};
  private readonly calls: Counter<'service' | 'outcome'>;
  private readonly durations: Histogram<'service'>;
  private readonly sessions: Gauge;
  private readonly commits: Histogram;
  private readonly circuits: Gauge;
  private readonly openCircuits = new Set<string>();
  private readonly deliveries: Counter<'outcome'>;

  constructor(options: { readonly processMetrics: boolean }) {
    const registers = [this.registry];
    this.calls = new Counter({
      ...named('switchyard_calls_total'),
      labelNames: ['service', 'outcome'],
      registers,
    });
    this.durations = new Histogram({
      ...named('switchyard_call_duration_seconds'),
      labelNames: ['service'],
      buckets: CALL_BUCKETS_S,
      registers,
    });
    this.sessions = new Gauge({
      ...named('switchyard_sessions'),
      registers,
    });
    this.circuits = new Gauge({ ...named('switchyard_circuits_open'), registers });
    this.commits = new Histogram({
      ...named('switchyard_store_commit_seconds'),
      buckets: COMMIT_BUCKETS_S,
      registers,
    });
    this.deliveries = new Counter({
      ...named('switchyard_alert_deliveries_total'),
      labelNames: ['outcome'],
      registers,
    });
    this.addSourced(registers);
    this.addWaiting(registers);
    if (options.processMetrics) collectDefaultMetrics({ register: this.registry });
  }

  /** Adds to where numbers are read from; a later source of the same number takes its place. */
  readFrom(sources: MetricSources): void {
    this.sources = { ...this.sources, ...sources };
  }

  recordCall(service: string, outcome: string, durationMs: number): void {
    const label = this.labelOf(service);
    this.calls.inc({ service: label, outcome: OUTCOMES.has(outcome) ? outcome : OTHER });
    this.durations.observe({ service: label }, durationMs / 1_000);
  }

  recordSession(change: 1 | -1): void {
    this.sessions.inc(change);
  }

  /** Several circuits of one service, as while it is replaced, are one. */
  recordCircuit(serviceId: string, open: boolean): void {
    if (open) this.openCircuits.add(serviceId);
    else this.openCircuits.delete(serviceId);
    this.circuits.set(this.openCircuits.size);
  }

  recordCommit(durationMs: number): void {
    this.commits.observe(durationMs / 1_000);
  }

  recordDelivery(outcome: 'delivered' | 'failed' | 'dead'): void {
    this.deliveries.inc({ outcome });
  }

  /** Drops the series of a service that is gone or has another name now. */
  forgetService(service: string): void {
    if (!this.services.delete(service)) return;
    this.durations.remove({ service });
    for (const outcome of [...OUTCOMES, OTHER]) this.calls.remove({ service, outcome });
  }

  get contentType(): string {
    return this.registry.contentType;
  }

  /** In the text format of Prometheus. */
  text(): Promise<string> {
    return this.registry.metrics();
  }

  private labelOf(service: string): string {
    if (this.services.has(service)) return service;
    if (this.services.size >= MAX_SERVICES) return OTHER;
    this.services.add(service);
    return service;
  }

  private addWaiting(registers: Registry[]): void {
    const current = (): MetricSources => this.sources;
    new Gauge({
      ...named('switchyard_calls_waiting'),
      registers,
      collect(): void {
        this.set(current().callsWaiting?.() ?? 0);
      },
    });
  }

  /** A gauge with one series for each word that is counted. */
  private addCounted(
    name: MetricName,
    label: string,
    read: (sources: MetricSources) => Readonly<Record<string, number>> | undefined,
  ): void {
    const current = (): MetricSources => this.sources;
    new Gauge({
      ...named(name),
      labelNames: [label],
      registers: [this.registry],
      collect(): void {
        this.reset();
        for (const [word, count] of Object.entries(read(current()) ?? {})) {
          this.set({ [label]: word }, count);
        }
      },
    });
  }

  private addSourced(registers: Registry[]): void {
    const current = (): MetricSources => this.sources;
    this.addCounted('switchyard_services', 'state', (from) => from.servicesByState?.());
    this.addCounted('switchyard_services_by_health', 'level', (from) => from.servicesByHealth?.());
    this.addCounted('switchyard_alerts_firing', 'severity', (from) => from.alertsFiring?.());
    new Gauge({
      ...named('switchyard_instances'),
      registers,
      collect(): void {
        this.set(current().instances?.() ?? 0);
      },
    });
    new Gauge({
      ...named('switchyard_route_table_version'),
      registers,
      collect(): void {
        this.set(current().routeTableVersion?.() ?? 0);
      },
    });
  }
}
