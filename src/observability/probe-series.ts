import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import { named } from './metric-names.js';
import type { MetricSources } from './metric-sources.js';

const DURATION_BUCKETS_S = [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 2, 5, 10, 30];
const LATENESS_BUCKETS_S = [0.05, 0.1, 0.25, 0.5, 0.75, 1, 2, 5, 10, 30, 60];

/** What the health checks themselves cost, and whether they keep up. */
export class ProbeSeries {
  private readonly runs: Counter<'kind' | 'result'>;
  private readonly durations: Histogram<'kind'>;
  private readonly lateness: Histogram;
  private readonly planned: Gauge;
  private readonly running: Gauge;

  constructor(registry: Registry) {
    const registers = [registry];
    this.runs = new Counter({
      ...named('switchyard_probes_total'),
      labelNames: ['kind', 'result'],
      registers,
    });
    this.durations = new Histogram({
      ...named('switchyard_probe_duration_seconds'),
      labelNames: ['kind'],
      buckets: DURATION_BUCKETS_S,
      registers,
    });
    this.lateness = new Histogram({
      ...named('switchyard_probe_lateness_seconds'),
      buckets: LATENESS_BUCKETS_S,
      registers,
    });
    this.planned = new Gauge({ ...named('switchyard_probes_planned'), registers });
    this.running = new Gauge({ ...named('switchyard_probes_running'), registers });
  }

  recordStart(latenessMs: number): void {
    this.lateness.observe(latenessMs / 1_000);
  }

  recordEnd(kind: string, result: string, durationMs: number): void {
    this.runs.inc({ kind, result });
    this.durations.observe({ kind }, durationMs / 1_000);
  }

  refresh({ probes }: MetricSources): void {
    const { planned, running } = probes?.() ?? { planned: 0, running: 0 };
    this.planned.set(planned);
    this.running.set(running);
  }
}
