import { checkTimeoutMs } from '../config/defaults.js';
import type { HealthCheckConfig } from '../config/service-config.js';
import type { Clock } from '../kernel/clock.js';
import { UpstreamError } from '../upstream/upstream.errors.js';
import type { OpenConversation } from './probe-conversation.js';
import { failureOfError, probeFailure } from './probe-failure.js';
import { Probe, withConversation, type ProbeFinding, type ProbeTarget } from './probe.js';

const PING = 'ping';

/**
 * Whether the upstream answers `ping`, or `server/discover` where the protocol knows no ping: such a ping would be
 * answered on our side of the connection and prove nothing. Where each client has an upstream of its own, and where nobody used it lately, it is
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
    const timeoutMs = checkTimeoutMs(check);
    const startedMs = this.clock.monotonicMs();
    let asked: string = PING;
    try {
      await withConversation(
        target,
        this.open,
        (delayMs, callback) => this.clock.schedule(delayMs, callback),
        (conversation) => {
          asked = conversation.liveness ?? PING;
          return conversation.request(asked, undefined, timeoutMs);
        },
        // It runs already: to greet it is no more than to ask it.
        timeoutMs,
      );
    } catch (error) {
      return this.findingOf(error, asked, timeoutMs);
    }
    const tookMs = Math.round(this.clock.monotonicMs() - startedMs);
    return { failure: null, evidence: `answered ${asked} in ${String(tookMs)} ms` };
  }

  private findingOf(error: unknown, asked: string, timeoutMs: number): ProbeFinding {
    if (error instanceof UpstreamError && error.code === 'rpc-error') {
      return { failure: null, evidence: `refused ${asked}, so it answers` };
    }
    if (error instanceof UpstreamError && error.code === 'call-timeout') {
      const message = `No answer to ${asked} within ${String(timeoutMs)} ms`;
      return { failure: probeFailure('ping-failed', message), evidence: message };
    }
    const failure = failureOfError(error);
    if (failure === null) throw error;
    return { failure, evidence: failure.message };
  }
}
