import type { ToolPinning } from '../config/service-config.js';
import { pinningOf } from '../config/tool-pinning-mode.js';
import type { Clock } from '../kernel/clock.js';
import { pointerTo, type JsonObject } from '../kernel/json.js';
import type { Logger } from '../kernel/logger.js';
import type { ChangeContext, RevisionDocument, ServiceDocument } from '../registry/service.js';
import { healthProblems } from './health.errors.js';
import type { LifecycleAccess, RegistryReading } from './health-ports.js';
import { blocking, probeFailure, type ProbeFailure } from './probe-failure.js';
import type { ApprovalDocument, ToolApprovals } from './tool-approvals.js';
import {
  changesInWords,
  changesOfPins,
  pinTools,
  type ToolChange,
  type ToolPins,
} from './tool-pins.js';

/** What of the registry pinning needs; `RegistryService` has it. */
export interface RevisionReading extends Pick<RegistryReading, 'find'> {
  revision(id: string, revision: number): Promise<RevisionDocument>;
}

/** Pinned and present definitions of a service. */
export interface PinState {
  readonly mode: ToolPinning;
  /** `null`: nothing is approved yet, as the revision was not proven. */
  readonly approval: ApprovalDocument | null;
  /** As listed last; `null`: never. */
  readonly present: ToolPins | null;
  readonly changes: readonly ToolChange[];
}

const OP_OF = { added: 'add', removed: 'remove', changed: 'replace' } as const;

/**
 * Holds what an upstream lists against what was approved. The definitions that a revision is proven with are approved with
 * it, as a revision is an operator's deliberate act; whatever the same revision lists later is not.
 */
export class ToolPinningDesk {
  /** What was listed last, which the status record holds a moment later only, and never where it must not be served. */
  private readonly listed = new Map<string, { revision: number; pins: ToolPins }>();

  constructor(
    private readonly registry: RevisionReading,
    private readonly lifecycle: Pick<LifecycleAccess, 'statusOf'>,
    private readonly approvals: ToolApprovals,
    private readonly clock: Clock,
    private readonly logger: Logger,
  ) {}

  /**
   * Makes sure that something is approved for the current revision: what it was promoted with, else `listed`. Never rejects.
   * Why the stored revision first: a gateway that was killed between promotion and approval must not take what the
   * upstream says after the restart for what was promoted.
   */
  async settle(id: string, listed: readonly JsonObject[] | null): Promise<void> {
    const doc = this.registry.find(id);
    if (doc === undefined || pinningOf(doc.effective) === 'off') return;
    if (this.approvals.of(id, doc.revision) !== null) return;
    const tools = (await this.promotedTools(doc)) ?? listed;
    if (tools === null) return;
    await this.approvals.settle(id, doc.revision, tools, this.clock.timestamp());
  }

  /** `tools` are what the current revision lists now: what an approval would be for. */
  noteListed(id: string, tools: readonly JsonObject[]): void {
    const doc = this.registry.find(id);
    if (doc === undefined || pinningOf(doc.effective) === 'off') return;
    this.listed.set(id, { revision: doc.revision, pins: pinTools(tools) });
  }

  /**
   * What is to be said of `tools`, listed by the current revision; without them of what was listed last. `null`: they are
   * approved, or nobody asks.
   */
  finding(id: string, tools: readonly JsonObject[] | null): ProbeFailure | null {
    const doc = this.registry.find(id);
    if (doc === undefined) return null;
    const mode = pinningOf(doc.effective);
    const approval = mode === 'off' ? null : this.approvals.of(id, doc.revision);
    const pins = tools === null ? this.presentOf(doc) : pinTools(tools);
    if (approval === null || pins === null) return null;
    const changes = changesOfPins(approval, pins);
    if (changes.length === 0) return null;
    const message = `The tools are not those that were approved: ${changesInWords(changes)}`;
    const failure = { ...probeFailure('tools-changed', message), definite: true };
    const action = `Read what changed with GET /api/v1/services/${doc.spec.name}/tool-pins, and approve it with POST /api/v1/services/${doc.spec.name}/tool-pins/approve, or put the former definitions back.`;
    return mode === 'block' ? blocking({ ...failure, action }) : { ...failure, action };
  }

  /**
   * What is to be said when the current revision lists what nothing can be compared with: two tools of one name, pages
   * without an end. Not to be held for unchanged, as clients read it in their own way. `null`: nobody asks.
   */
  unlisted(id: string, { message: fault, action }: ProbeFailure): ProbeFailure | null {
    const doc = this.registry.find(id);
    const mode = doc === undefined ? 'off' : pinningOf(doc.effective);
    if (mode === 'off') return null;
    const message = `The tools cannot be compared with those that were approved: ${fault}`;
    const failure = { ...probeFailure('tools-changed', message), action, definite: true };
    return mode === 'block' ? blocking(failure) : failure;
  }

  stateOf(doc: ServiceDocument): PinState {
    const { service_id, revision, effective } = doc;
    const approval = this.approvals.of(service_id, revision);
    const present = this.presentOf(doc);
    const changes = approval === null || present === null ? [] : changesOfPins(approval, present);
    return { mode: pinningOf(effective), approval, present, changes };
  }

  /**
   * Approves what the upstream lists now. Errors: `health.tools-changed-again` unless `hash` is that of the present
   * definitions, `health.tools-unlisted`, and those of the store.
   */
  async approve(doc: ServiceDocument, hash: string, ctx: ChangeContext): Promise<void> {
    const { present, approval, changes } = this.stateOf(doc);
    if (present === null) throw healthProblems['tools-unlisted']();
    if (present.hash !== hash) {
      throw healthProblems['tools-changed-again']({ extra: { present_hash: present.hash } });
    }
    if (approval?.hash === hash) return;
    await this.approvals.approve(doc.service_id, doc.revision, present, {
      at: this.clock.timestamp(),
      by: ctx.actor,
      source: 'operator',
      meta: {
        actor: ctx.actor,
        source: ctx.source,
        verb: 'tools.approve',
        subject: doc.service_id,
        ...(ctx.reason === null ? {} : { reason: ctx.reason }),
        ...(ctx.requestId === null ? {} : { request_id: ctx.requestId }),
        diff: [
          { op: 'replace', path: '/hash', from: approval?.hash ?? null, value: hash },
          ...changes.map(({ tool, change }) => ({
            op: OP_OF[change],
            path: pointerTo('/tools', tool),
          })),
        ],
      },
    });
  }

  forget(id: string): void {
    this.listed.delete(id);
    void this.approvals.forget(id);
  }

  private presentOf({ service_id, revision }: ServiceDocument): ToolPins | null {
    const listed = this.listed.get(service_id);
    if (listed?.revision === revision) return listed.pins;
    const { tools, server } = this.lifecycle.statusOf(service_id);
    return server === null ? null : pinTools(tools);
  }

  private async promotedTools({
    service_id,
    revision,
  }: ServiceDocument): Promise<readonly JsonObject[] | null> {
    try {
      return (await this.registry.revision(service_id, revision)).tools;
    } catch (error) {
      this.logger.warn({ err: error, service_id }, 'the tools of a revision could not be read');
      return null;
    }
  }
}
