import { DEFAULT_CHECKS } from '../config/defaults.js';
import type { HealthCheckConfig } from '../config/service-config.js';
import type { Clock } from '../kernel/clock.js';
import type { JsonObject } from '../kernel/json.js';
import type { Logger } from '../kernel/logger.js';
import type { FailureFacts } from '../lifecycle/failure-mapping.js';
import type { AttemptView, ProofResult } from '../lifecycle/observation-intake.js';
import type { Proof, ServerIdentity } from '../lifecycle/service-status.js';
import type { Scrub } from '../upstream/scrub.js';
import type { ServerFacts } from '../upstream/upstream.js';
import { runFunctionalCheck } from './functional-check.js';
import type { OpenConversation, ProbeConversation } from './probe-conversation.js';
import { failureOfError, probeFailure, type ProbeFailure } from './probe-failure.js';
import { executedProof, weakProof, type WeakReason } from './proof-record.js';
import { scrubJson } from './scrub-source.js';
import { listTools } from './tool-listing.js';
import type { Execution } from './tool-execution.js';

export type ProverTarget = Pick<AttemptView, 'upstream' | 'effective' | 'revision'>;

type Shown =
  | { readonly ok: true; readonly proof: Proof; readonly tools: readonly JsonObject[] }
  | { readonly ok: false; readonly failure: ProbeFailure };

const LIST_TIMEOUT_MS = 10_000;
const STDERR_LINES = 20;
const WITHHELD = '[withheld]';

const PROBER_FAULT: FailureFacts = {
  stage: 'prove',
  code: 'health.prober-fault',
  reason: 'ProberFault',
  message: 'The gateway failed while it proved the service.',
  action: 'Look for the error in the log of the gateway, and activate the service again.',
  stderr: [],
};

/**
 * Proves a running upstream: handshake, every page of tools/list, then each functional check that is configured, all of
 * which must pass; without one a tool that is safe to choose; without that the listing, and the proof says so.
 */
export class ActivationProver {
  constructor(
    private readonly open: OpenConversation,
    private readonly scrubber: (config: ProverTarget['effective']) => Promise<Scrub>,
    private readonly clock: Clock,
    private readonly logger: Logger,
  ) {}

  /** Never rejects; closes its conversation. Everything it answers is scrubbed of the service's secrets. */
  async prove(target: ProverTarget): Promise<ProofResult> {
    const startedMs = this.clock.monotonicMs();
    let conversation: ProbeConversation | null = null;
    let scrub: Scrub = () => WITHHELD;
    try {
      scrub = await this.scrubber(target.effective);
      conversation = await this.open(target.upstream, target.effective.runtime.start_timeout_ms);
      const shown = await this.show(conversation, target, startedMs);
      if (!shown.ok) return this.refused(target, shown.failure, scrub);
      return {
        ok: true,
        proof: shown.proof,
        tools: shown.tools.map((tool) => scrubJson(tool, scrub)),
        server: identityOf(conversation.server, scrub),
      };
    } catch (error) {
      const failure = failureOfError(error, conversation === null ? 'handshake' : 'prove');
      if (failure !== null) return this.refused(target, failure, scrub);
      this.logger.warn({ err: error }, 'a proof could not be carried out');
      return { ok: false, failure: PROBER_FAULT };
    } finally {
      conversation?.close();
    }
  }

  private async show(
    conversation: ProbeConversation,
    target: ProverTarget,
    startedMs: number,
  ): Promise<Shown> {
    const { monitoring, security } = target.effective;
    const functional = monitoring.checks.filter(({ kind }) => kind === 'functional');
    const checks = provingChecks(functional);
    const named = checks.find(({ tool }) => tool !== null)?.tool ?? null;
    if (conversation.server.capabilities.tools === undefined) {
      if (named === null) return this.weakly('NoTools', target, [], startedMs);
      const message = `The server offers no tools, and a functional check names "${named}"`;
      return { ok: false, failure: probeFailure('tool-unknown', message) };
    }
    const listing = await listTools(conversation, LIST_TIMEOUT_MS);
    if (!listing.ok) return { ok: false, failure: { ...listing.failure, stage: 'list' } };
    const { tools } = listing;
    const executions: Execution[] = [];
    for (const check of checks) {
      const found = await runFunctionalCheck(
        conversation,
        check,
        tools,
        security.tools,
        this.clock,
      );
      if (found.kind === 'failed') {
        return { ok: false, failure: { ...found.failure, stage: 'prove' } };
      }
      if (found.kind === 'executed') executions.push(found.execution);
    }
    const [first, ...others] = executions;
    if (first !== undefined)
      return { ok: true, tools, proof: this.strong([first, ...others], target) };
    const disabled = functional.length > 0 && checks.length === 0;
    return this.weakly(disabled ? 'ChecksDisabled' : 'NoSafeTool', target, tools, startedMs);
  }

  private strong(
    executions: Parameters<typeof executedProof>[0],
    { revision }: ProverTarget,
  ): Proof {
    return executedProof(executions, { at: this.clock.timestamp(), revision });
  }

  private weakly(
    reason: WeakReason,
    { revision }: ProverTarget,
    tools: readonly JsonObject[],
    startedMs: number,
  ): Shown {
    const duration_ms = Math.round(this.clock.monotonicMs() - startedMs);
    const at = this.clock.timestamp();
    return { ok: true, tools, proof: weakProof(reason, { at, revision, duration_ms }) };
  }

  private refused(target: ProverTarget, failure: ProbeFailure, scrub: Scrub): ProofResult {
    const { stage, code, reason, message, action } = failure;
    const stderr = target.upstream.facts().stderr.slice(-STDERR_LINES);
    return { ok: false, failure: { stage, code, reason, message: scrub(message), action, stderr } };
  }
}

/**
 * The functional checks that a proof runs: those that are enabled, named ones alone where there are any. Without an entry
 * of the kind its default applies, which chooses a tool.
 */
export function provingChecks(
  functional: readonly HealthCheckConfig[],
): readonly HealthCheckConfig[] {
  if (functional.length === 0) return [DEFAULT_CHECKS.functional];
  const enabled = functional.filter((check) => check.enabled);
  const named = enabled.filter(({ tool }) => tool !== null);
  return named.length > 0 ? named : enabled.slice(0, 1);
}

function identityOf(server: ServerFacts, scrub: Scrub): ServerIdentity {
  return {
    protocol_version: server.protocolVersion,
    server_info: scrubJson(server.serverInfo, scrub),
    capabilities: scrubJson(server.capabilities, scrub),
    instructions: server.instructions === null ? null : scrub(server.instructions),
  };
}
