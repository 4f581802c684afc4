import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';
import { named, type MetricName } from './metric-names.js';
import type { MetricSources } from './metric-sources.js';
import { ProbeSeries } from './probe-series.js';
import { ServiceSeries } from './service-series.js';

const COMMIT_BUCKETS_S = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.1, 0.5, 2];

/** The Prometheus registry. Owns all series; the label `service` is bounded and dropped when its service goes. */
export class Metrics {
  private readonly registry = new Registry();
  private readonly services = new ServiceSeries(this.registry);
  private readonly probes = new ProbeSeries(this.registry);
  private sources: MetricSources = {};
  private readonly sessions: Gauge;
  private readonly commits: Histogram;
  private readonly deliveries: Counter<'outcome'>;

  constructor(options: { readonly processMetrics: boolean }) {
    const registers = [this.registry];
    this.sessions = new Gauge({ ...named('switchyard_sessions'), registers });
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
    this.addCounted('switchyard_services', 'state', (from) => from.servicesByState?.());
    this.addCounted('switchyard_services_by_health', 'level', (from) => from.servicesByHealth?.());
    this.addCounted('switchyard_alerts_firing', 'severity', (from) => from.alertsFiring?.());
    this.addNumber('switchyard_calls_waiting', (from) => from.callsWaiting?.());
    this.addNumber('switchyard_instances', (from) => from.instances?.());
    this.addNumber('switchyard_audit_attempts_lost', (from) => from.attemptsLost?.());
    this.addNumber('switchyard_route_table_version', (from) => from.routeTableVersion?.());
    if (options.processMetrics) collectDefaultMetrics({ register: this.registry });
  }

  /** Adds to where numbers are read from; a later source of the same number takes its place. */
  readFrom(sources: MetricSources): void {
    this.sources = { ...this.sources, ...sources };
  }

  recordCall(service: string, outcome: string, durationMs: number): void {
    this.services.recordCall(service, outcome, durationMs);
  }

  recordSession(change: 1 | -1): void {
    this.sessions.inc(change);
  }

  recordCommit(durationMs: number): void {
    this.commits.observe(durationMs / 1_000);
  }

  recordDelivery(outcome: 'delivered' | 'failed' | 'dead'): void {
    this.deliveries.inc({ outcome });
  }

  /** CPU time that instances of a service have used besides what was told before. */
  recordCpu(service: string, usedMs: number): void {
    this.services.recordCpu(service, usedMs);
  }

  /** An instance ended unasked. */
  recordFailure(service: string): void {
    this.services.recordFailure(service);
  }

  recordEjection(service: string): void {
    this.services.recordEjection(service);
  }

  /** A health check begins, so long after it was due. */
  recordProbeStart(latenessMs: number): void {
    this.probes.recordStart(latenessMs);
  }

  recordProbeEnd(kind: string, result: string, durationMs: number): void {
    this.probes.recordEnd(kind, result, durationMs);
  }

  /** Drops the series of a service that is gone or has another name now. */
  forgetService(service: string): void {
    this.services.forget(service);
  }

  get contentType(): string {
    return this.registry.contentType;
  }

  /** In the text format of Prometheus. */
  text(): Promise<string> {
    this.services.refresh(this.sources);
    this.probes.refresh(this.sources);
    return this.registry.metrics();
  }

  private addNumber(name: MetricName, read: (sources: MetricSources) => number | undefined): void {
    const current = (): MetricSources => this.sources;
    new Gauge({
      ...named(name),
      registers: [this.registry],
      collect(): void {
        this.set(read(current()) ?? 0);
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
}
