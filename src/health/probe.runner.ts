import type { HealthCheckConfig, ServiceConfig } from '../config/service-config.js';
import type { Clock } from '../kernel/clock.js';
import type { JsonObject } from '../kernel/json.js';
import type { Logger } from '../kernel/logger.js';
import type { Scrub } from '../upstream/scrub.js';
import { UpstreamError } from '../upstream/upstream.errors.js';
import type { CallSample } from './call-window.js';
import type { ProbeOutcome } from './check-state.js';
import type { Probe, ProbeFinding, ProbeTarget } from './probe.js';
import { scrubJson } from './scrub-source.js';

/** Evidence of one outcome, in bytes of UTF-8. */
const MAX_EVIDENCE_BYTES = 4_096;

export interface ProbeRun {
  readonly outcome: ProbeOutcome;
  /** As listed on the way, scrubbed; `null` when they were not. */
  readonly tools: readonly JsonObject[] | null;
  readonly sample: CallSample | null;
  /** It is to be run again before its interval is over. */
  readonly incomplete: boolean;
}

/** Runs one probe and makes of whatever comes an outcome. A fault of ours is `unknown`, never a failure of the service. */
export class ProbeRunner {
  constructor(
    private readonly probes: Readonly<Record<HealthCheckConfig['kind'], Probe>>,
    private readonly scrubber: (config: ServiceConfig) => Promise<Scrub>,
    private readonly clock: Clock,
    private readonly logger: Logger,
  ) {}

  /** Never rejects. */
  async run(target: ProbeTarget, check: HealthCheckConfig): Promise<ProbeRun> {
    const startedMs = this.clock.monotonicMs();
    try {
      const finding = await this.probes[check.kind].run(target, check);
      const scrub = await this.scrubber(target.config);
      const tools = finding.tools?.map((tool) => scrubJson(tool, scrub)) ?? null;
      const outcome = this.outcomeOf(finding, scrub, startedMs);
      const { sample = null, incomplete = false } = finding;
      return { outcome, tools, sample, incomplete };
    } catch (error) {
      const outcome = this.unknown(target, error, startedMs);
      return { outcome, tools: null, sample: null, incomplete: false };
    }
  }

  private outcomeOf(finding: ProbeFinding, scrub: Scrub, startedMs: number): ProbeOutcome {
    const { failure, evidence } = finding;
    return {
      result: failure !== null ? 'fail' : finding.skipped === true ? 'skipped' : 'pass',
      failure: failure === null ? null : { ...failure, message: cut(scrub(failure.message)) },
      evidence: cut(scrub(evidence)),
      ...this.times(startedMs),
    };
  }

  /** Refusals of ours (capacity, a retired revision) are told; what nobody foresaw is for the log. */
  private unknown(target: ProbeTarget, error: unknown, startedMs: number): ProbeOutcome {
    const told = error instanceof UpstreamError;
    if (!told) {
      const fields = { err: error, service_id: target.service_id };
      this.logger.error(fields, 'a health probe could not be carried out');
    }
    const evidence = told ? cut(error.message) : 'the gateway failed to carry it out';
    return { result: 'unknown', failure: null, evidence, ...this.times(startedMs) };
  }

  private times(startedMs: number): Pick<ProbeOutcome, 'duration_ms' | 'at'> {
    const duration_ms = Math.round(this.clock.monotonicMs() - startedMs);
    return { duration_ms, at: this.clock.timestamp() };
  }
}

function cut(text: string): string {
  const bytes = Buffer.from(text);
  if (bytes.length <= MAX_EVIDENCE_BYTES) return text;
  // A character that the cut halves becomes a replacement character, which is dropped.
  const head = bytes
    .subarray(0, MAX_EVIDENCE_BYTES - 3)
    .toString('utf8')
    .replace(/\uFFFD$/, '');
  return `${head}…`;
}
