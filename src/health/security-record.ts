import type { JsonObject } from '../kernel/json.js';
import type { Logger } from '../kernel/logger.js';
import type { Blockage } from '../lifecycle/availability.js';
import type { LifecycleAccess } from './health-ports.js';
import { PROBE_FAILURES, type ProbeFailure } from './probe-failure.js';
import type { ToolPinningDesk } from './tool-pinning.js';

const [, TOOLS_CHANGED] = PROBE_FAILURES['tools-changed'];

/** What security findings lead to: the condition `Secure`, and for those that block, that no new call is let in. */
export class SecurityRecord {
  /** What was told of a blockage last, while the table does not follow it yet. */
  private readonly telling = new Map<string, Promise<void>>();

  constructor(
    private readonly lifecycle: Pick<
      LifecycleAccess,
      'recordCondition' | 'recordBlockage' | 'availabilityOf'
    >,
    private readonly pinning: Pick<ToolPinningDesk, 'finding' | 'noteListed'>,
    private readonly logger: Logger,
  ) {}

  /** The weightiest finding there is now, or `null`. In force when this returns. */
  tell(id: string, failure: ProbeFailure | null): void {
    const { lifecycle } = this;
    this.block(id, failure?.blocks === true ? failureOf(failure) : null);
    if (failure === null) {
      void this.watch(id, lifecycle.recordCondition(id, null, ['Secure']));
      return;
    }
    const { reason, message } = failure;
    void this.watch(
      id,
      lifecycle.recordCondition(id, { type: 'Secure', status: 'false', reason, message }),
    );
  }

  /**
   * To be called before anybody else learns of `tools` that the current revision lists: where they are not approved and
   * must be, no call goes to them from when this returns. Answers whether nobody may learn of them, as models read them.
   */
  screen(id: string, tools: readonly JsonObject[]): boolean {
    this.pinning.noteListed(id, tools);
    const finding = this.pinning.finding(id, tools);
    if (finding?.blocks !== true) {
      this.release(id);
      return false;
    }
    this.block(id, failureOf(finding));
    return true;
  }

  /** The tools are approved: if it was they that kept callers away, nothing does any more. */
  release(id: string): void {
    const { blocked, reason } = this.lifecycle.availabilityOf(id);
    if (blocked === true && reason === TOOLS_CHANGED) this.block(id, null);
  }

  /** Resolves when callers meet what was told of the service; never rejects. */
  async settled(id: string): Promise<void> {
    await this.telling.get(id);
  }

  private block(id: string, blockage: Blockage | null): void {
    const now = this.watch(id, this.lifecycle.recordBlockage(id, blockage));
    // What is told again changes nothing, and resolves before what it repeats.
    const told = Promise.all([this.telling.get(id), now]).then(() => {
      if (this.telling.get(id) === told) this.telling.delete(id);
    });
    this.telling.set(id, told);
  }

  private watch(id: string, told: Promise<void>): Promise<void> {
    return told.catch((error: unknown) => {
      this.logger.error({ err: error, service_id: id }, 'a security finding could not be recorded');
    });
  }
}

function failureOf({ reason, message, action }: ProbeFailure): Blockage {
  return { reason, message: `${message}.`, action };
}
