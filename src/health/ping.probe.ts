import type { HealthCheckConfig } from '../config/service-config.js';
import type { Clock } from '../kernel/clock.js';
import { UpstreamError } from '../upstream/upstream.errors.js';
import type { OpenConversation } from './probe-conversation.js';
import { failureOfError, probeFailure } from './probe-failure.js';
import { Probe, withConversation, type ProbeFinding, type ProbeTarget } from './probe.js';

/**
 * Whether the upstream answers `ping`. Where each client has an upstream of its own, and where nobody used it lately, it is
 * left alone: that the service is mounted, and that no process ended unasked, is what can be known without a start.
 */
export class PingProbe extends Probe {
  constructor(
    private readonly open: OpenConversation,
    private readonly clock: Clock,
  ) {
    super();
  }

  override async run(target: ProbeTarget, check: HealthCheckConfig): Promise<ProbeFinding> {
    if (!target.awake) return { failure: null, evidence: 'mounted; nothing of it runs' };
    if (!target.multiplexed) return { failure: null, evidence: 'mounted; its processes run' };
    const startedMs = this.clock.monotonicMs();
    try {
      await withConversation(
        target,
        this.open,
        (delayMs, callback) => this.clock.schedule(delayMs, callback),
        (conversation) => conversation.request('ping', undefined, check.timeout_ms),
      );
    } catch (error) {
      return this.findingOf(error, check.timeout_ms);
    }
    const tookMs = Math.round(this.clock.monotonicMs() - startedMs);
    return { failure: null, evidence: `answered a ping in ${String(tookMs)} ms` };
  }

  private findingOf(error: unknown, timeoutMs: number): ProbeFinding {
    if (error instanceof UpstreamError && error.code === 'rpc-error') {
      return { failure: null, evidence: 'refused the ping, so it answers' };
    }
    if (error instanceof UpstreamError && error.code === 'call-timeout') {
      const message = `No answer to a ping within ${String(timeoutMs)} ms`;
      return { failure: probeFailure('ping-failed', message), evidence: message };
    }
    const failure = failureOfError(error);
    if (failure === null) throw error;
    return { failure, evidence: failure.message };
  }
}
