import { checkTimeoutMs } from '../config/defaults.js';
import type { HealthCheckConfig } from '../config/service-config.js';
import type { Clock } from '../kernel/clock.js';
import { runFunctionalCheck, type FunctionalResult } from './functional-check.js';
import type { CallSample } from './call-window.js';
import type { OpenConversation } from './probe-conversation.js';
import { failureOfError, probeFailure } from './probe-failure.js';
import { Probe, withConversation, type ProbeFinding, type ProbeTarget } from './probe.js';
import { listTools } from './tool-listing.js';
import type { Execution } from './tool-execution.js';

/** Executes a real tool and judges its result. Starts an upstream where none runs. */
export class FunctionalProbe extends Probe {
  constructor(
    private readonly open: OpenConversation,
    private readonly clock: Clock,
  ) {
    super();
  }

  override async run(target: ProbeTarget, check: HealthCheckConfig): Promise<ProbeFinding> {
    try {
      return await withConversation(
        target,
        this.open,
        (delayMs, callback) => this.clock.schedule(delayMs, callback),
        async (conversation) => {
          if (conversation.server.capabilities.tools === undefined) {
            return { failure: null, evidence: 'connected; the server offers no tools' };
          }
          const listing = await listTools(conversation, checkTimeoutMs(check));
          if (!listing.ok) return { failure: listing.failure, evidence: listing.failure.message };
          const { tools } = listing;
          if (tools.length === 0 && target.proof?.level === 'executed') {
            const failure = probeFailure('tools-gone', 'The server lists no tools any more');
            return { failure, evidence: failure.message };
          }
          const policy = target.config.security.tools;
          const found = await runFunctionalCheck(conversation, check, tools, policy, this.clock);
          return { ...findingOf(found, tools.length), tools };
        },
      );
    } catch (error) {
      const failure = failureOfError(error);
      if (failure === null) throw error;
      return { failure, evidence: failure.message };
    }
  }
}

function findingOf(found: FunctionalResult, tools: number): ProbeFinding {
  switch (found.kind) {
    case 'none':
      return {
        failure: null,
        evidence: `listed ${String(tools)} tools; none of them may be executed unasked`,
      };
    case 'executed':
      return {
        failure: null,
        evidence: inWords(found.execution),
        sample: sampleOf(found.execution),
      };
    case 'failed': {
      const { failure, execution } = found;
      const evidence =
        execution === null ? failure.message : `${inWords(execution)}; ${failure.message}`;
      return { failure, evidence, ...(execution === null ? {} : { sample: sampleOf(execution) }) };
    }
  }
}

function sampleOf({ duration_ms, failure }: Execution): CallSample {
  return { failed: failure !== null, duration_ms };
}

/** Never the result itself: size and hash tell two results apart without keeping either. */
function inWords({ plan, duration_ms, held, result_bytes, result_sha256 }: Execution): string {
  const call = plan.derived ? plan.tool : `${plan.tool} ${JSON.stringify(plan.arguments)}`;
  const took = `executed ${call} in ${String(Math.round(duration_ms))} ms`;
  if (result_bytes === null) return took;
  const result = `${String(result_bytes)} bytes, sha256 ${(result_sha256 ?? '').slice(0, 16)}`;
  return `${took}: ${result}${held.length === 0 ? '' : `; ${held.join(', ')}`}`;
}
