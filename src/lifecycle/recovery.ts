import type { ServiceDocument } from '../registry/service.js';
import type { StorageFault } from '../storage/record-store.js';
import { STORAGE_CORRUPT, storageCorrupt } from './failure-mapping.js';
import { NOT_YET_PROVEN } from './initial-status.js';
import type { LifecycleParts, Wake } from './lifecycle-parts.js';
import type { PoolKeeper } from './pool-keeper.js';
import type { ProofQueue } from './proof-queue.js';
import { bootStep } from './service-lifecycle.js';
import { runnableOf } from './service-observer.js';
import { conditionOf, damageOf, serviceOf } from './storage-condition.js';
import type { ServiceRuntime } from './service-runtime.js';
import type { ServiceStatusDocument } from './service-status.js';

/** Services in error come back one after another, this many milliseconds apart. */
const STAGGER_MS = 500;

/**
 * What boot makes of the stored documents. Invariant: it starts nothing and waits for no upstream; whatever was active is
 * mounted when it returns, whatever was half done is taken up again behind it.
 */
export class Recovery {
  private staggered = 0;

  constructor(
    private readonly parts: LifecycleParts,
    private readonly pools: PoolKeeper,
    private readonly queue: ProofQueue,
    private readonly wake: Wake,
  ) {}

  async recover(faults: readonly StorageFault[]): Promise<void> {
    const mounted: ServiceDocument[] = [];
    for (const doc of this.parts.registry.list()) {
      const own = faults.filter((fault) => serviceOf(fault) === doc.service_id);
      try {
        if (await this.recoverOne(doc, own)) mounted.push(doc);
      } catch (error) {
        const fields = { err: error, service_id: doc.service_id };
        this.parts.logger.error(fields, 'a service could not be recovered');
      }
    }
    for (const doc of this.parts.registry.list()) {
      if (!mounted.includes(doc)) void this.wake(doc.service_id);
    }
    this.queue.fill(mounted);
  }

  /** Answers whether it is mounted. */
  private async recoverOne(
    doc: ServiceDocument,
    faults: readonly StorageFault[],
  ): Promise<boolean> {
    await this.parts.recorder.mark(doc.service_id, faults.map(conditionOf));
    const damage = faults.find(({ kind, fault }) => kind === 'service' && fault === 'corrupt');
    if (damage === undefined || doc.desired !== 'active') return this.resume(doc);
    await this.hold(doc, damage);
    return false;
  }

  /** Answers whether it is mounted. */
  private async resume(doc: ServiceDocument): Promise<boolean> {
    const { statuses, runtimes } = this.parts;
    const id = doc.service_id;
    const status = statuses.read(id);
    const runtime = runtimes.of(id);
    switch (bootStep(status.state)) {
      case 'mount':
        if (doc.desired !== 'active') return false;
        this.mount(doc, runtime);
        return doc.candidate === null;
      case 'fall-back':
        if (doc.desired !== 'active') return false;
        this.mount(doc, runtime);
        await this.fallBack(doc, status);
        return true;
      case 'heal':
        this.planHealing(doc, status, runtime);
        return false;
      case 'run-again':
      case 'continue':
      case 'rest':
        return false;
    }
  }

  private mount(doc: ServiceDocument, runtime: ServiceRuntime): void {
    runtime.trusted = doc.revision;
    runtime.health = NOT_YET_PROVEN;
    this.pools.poolOf(runtime, runnableOf(doc));
  }

  /** Promotion is one commit: the current revision is either what was stable, or the candidate proven and promoted. */
  private async fallBack(doc: ServiceDocument, status: ServiceStatusDocument): Promise<void> {
    const { registry, recorder } = this.parts;
    const { service_id: id, candidate, revision } = doc;
    if (candidate !== null) await registry.discard(id, candidate, 'InterruptedByRestart');
    const promoted = candidate === null && status.stable_revision !== revision;
    const message = promoted
      ? `Revision ${String(revision)} had been promoted when the gateway ended.`
      : 'The gateway ended during the update; what was served before is served on.';
    const reason = promoted ? 'UpdateCompleted' : 'UpdateInterrupted';
    await recorder.become(id, 'active', reason, {
      patch: { stable_revision: revision },
      conditions: [{ type: 'Progressing', status: 'false', reason, message }],
    });
  }

  /** How an error that was found ends: as it would have, had the gateway gone on. */
  private planHealing(
    doc: ServiceDocument,
    status: ServiceStatusDocument,
    runtime: ServiceRuntime,
  ): void {
    const failure = status.last_failure;
    const code = failure?.code;
    if (failure?.stage === 'dependencies') runtime.healing = 'dependencies';
    else if (code === 'upstream.unauthorized' || code === STORAGE_CORRUPT)
      runtime.healing = 'command';
    else if (status.stable_revision === doc.revision) {
      runtime.healing = 'backoff';
      this.staggered += 1;
      const atMs = this.parts.clock.monotonicMs() + this.staggered * STAGGER_MS;
      runtime.restarts = { ...runtime.restarts, startAtMs: atMs };
    }
  }

  /**
   * Nothing is served from a document that was damaged until an operator has written, activated or restarted the service:
   * what the journal gave back may be older than what somebody relied on.
   */
  private async hold(doc: ServiceDocument, fault: StorageFault): Promise<void> {
    const { registry, recorder, statuses } = this.parts;
    const { service_id: id, candidate, revision } = doc;
    if (candidate !== null) await registry.discard(id, candidate, 'StorageCorrupt');
    const { state } = statuses.read(id);
    if (state === 'deactivating') await recorder.become(id, 'inactive', 'Deactivated');
    if (['draft', 'inactive', 'deactivating'].includes(state)) {
      await recorder.become(id, 'validating', 'Activating');
    }
    const failure = recorder.dated(storageCorrupt(damageOf(fault)), revision);
    const conditions = [conditionOf(fault)];
    await recorder.become(id, 'error', 'StorageCorrupt', { failure, conditions });
  }
}
