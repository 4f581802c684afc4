import type { HealthCheckConfig } from '../config/service-config.js';
import type { WindowSummary } from './call-window.js';
import type { InstanceLoad, PerformanceWatch } from './performance-watch.js';
import { probeFailure } from './probe-failure.js';
import { Probe, type ProbeFinding, type ProbeTarget } from './probe.js';

const MIB = 1_048_576;
const DEFAULT_MIN_SAMPLES = 50;
/** Of `runtime.limits.memory_mb`, at which the instance would be ended. */
const NEAR_LIMIT = 0.9;

export type PerformanceLimits = Pick<
  HealthCheckConfig,
  'max_p95_ms' | 'max_error_rate' | 'min_samples' | 'max_memory_mb' | 'max_cpu_percent'
>;

export interface PerformanceReading {
  readonly calls: WindowSummary;
  readonly loads: readonly InstanceLoad[];
}

/** Holds what callers and probes met within the last minute, and what the instances use, against limits. */
export class PerformanceProbe extends Probe {
  constructor(private readonly watch: PerformanceWatch) {
    super();
  }

  override run(target: ProbeTarget, check: HealthCheckConfig): Promise<ProbeFinding> {
    const { service_id, instances, config } = target;
    const { memory_mb, cpu_percent } = config.runtime.limits;
    const near = memory_mb === null ? null : Math.floor(memory_mb * NEAR_LIMIT);
    const limits = {
      ...check,
      max_memory_mb: check.max_memory_mb ?? near,
      max_cpu_percent: check.max_cpu_percent ?? cpu_percent,
    };
    const calls = this.watch.callsOf(service_id);
    const loads = this.watch.loadsOf(service_id, check.name ?? '', instances);
    return Promise.resolve(judgePerformance(limits, { calls, loads }));
  }
}

/** Pure. The first limit that is exceeded is the failure: errors, time, memory, CPU. */
export function judgePerformance(
  limits: PerformanceLimits,
  { calls, loads }: PerformanceReading,
): ProbeFinding {
  const told: string[] = [];
  const failures = [...callFailures(limits, calls, told), ...loadFailures(limits, loads, told)];
  const few = calls.calls < (limits.min_samples ?? DEFAULT_MIN_SAMPLES);
  const seen = `${String(calls.calls)} calls within a minute${few ? ', too few to judge' : ''}`;
  const evidence = [seen, ...told].join('; ');
  const [failure = null] = failures;
  return { failure, evidence, skipped: failure === null && told.length === 0 };
}

type Failures = NonNullable<ProbeFinding['failure']>[];

function callFailures(
  { max_error_rate, max_p95_ms, min_samples }: PerformanceLimits,
  { calls, errors, p95_ms }: WindowSummary,
  told: string[],
): Failures {
  if (calls === 0 || calls < (min_samples ?? DEFAULT_MIN_SAMPLES)) return [];
  const failures: Failures = [];
  const rate = errors / calls;
  told.push(`${percent(rate)} failed`, `95 % answered within ${String(p95_ms)} ms`);
  if (typeof max_error_rate === 'number' && rate > max_error_rate) {
    const message = `${percent(rate)} of the calls of the last minute failed, more than ${percent(max_error_rate)}`;
    failures.push(probeFailure('error-rate', message));
  }
  if (typeof max_p95_ms === 'number' && p95_ms !== null && p95_ms > max_p95_ms) {
    const message = `95 % of the calls of the last minute took up to ${String(p95_ms)} ms, more than ${String(max_p95_ms)}`;
    failures.push(probeFailure('slow', message));
  }
  return failures;
}

function loadFailures(
  { max_memory_mb, max_cpu_percent }: PerformanceLimits,
  loads: readonly InstanceLoad[],
  told: string[],
): Failures {
  const failures: Failures = [];
  const memory = worst(loads.map(({ memory_bytes }) => memory_bytes));
  if (memory !== null && typeof max_memory_mb === 'number') {
    const used = `${String(Math.round(memory / MIB))} MiB`;
    told.push(`${used} of memory`);
    if (memory > max_memory_mb * MIB) {
      const message = `An instance uses ${used} of memory, more than ${String(max_memory_mb)}`;
      failures.push(probeFailure('memory', message));
    }
  }
  const cpu = worst(loads.map((load) => load.cpu));
  if (cpu !== null && typeof max_cpu_percent === 'number') {
    told.push(`${percent(cpu)} of a core`);
    if (cpu * 100 > max_cpu_percent) {
      const message = `An instance used ${percent(cpu)} of a core, more than ${String(max_cpu_percent)} %`;
      failures.push(probeFailure('cpu', message));
    }
  }
  return failures;
}

function worst(values: readonly (number | null)[]): number | null {
  const known = values.filter((value) => value !== null);
  return known.length === 0 ? null : Math.max(...known);
}

function percent(share: number): string {
  return `${String(Math.round(share * 1_000) / 10)} %`;
}
