import type { JsonObject } from '../kernel/json.js';
import type { Logger } from '../kernel/logger.js';
import { KeyedSerial } from '../kernel/serial.js';
import type { CommitMeta, RecordChange, RecordStore } from '../storage/record-store.js';
import { pinTools, type PinnedTool, type ToolPins } from './tool-pins.js';

/** Record kind `approval`, id = `service_id`: the tool definitions that a service may offer. Written here alone. */
export interface ApprovalDocument {
  readonly schema_version: string;
  readonly service_id: string;
  /** The revision whose upstream lists them; of another revision they say nothing. */
  readonly revision: number;
  readonly hash: string;
  readonly tools: readonly PinnedTool[];
  readonly approved_at: string;
  /** Id of the key, or `system` for what a revision was promoted with. */
  readonly approved_by: string;
  /** `revision`: with the revision, by whoever made it. `operator`: afterwards, by the API. */
  readonly source: 'revision' | 'operator';
}

/** Who approves, when. */
export interface ApprovalAct {
  readonly at: string;
  readonly by: string;
  readonly source: ApprovalDocument['source'];
  readonly meta: CommitMeta;
}

const KIND = 'approval';

/**
 * What is approved, per service. What comes with a revision holds in memory even when the store refuses it, so that a full
 * disk switches no pinning off; what an operator approves holds only once it is stored.
 */
export class ToolApprovals {
  private readonly unstored = new Map<string, ApprovalDocument>();
  private readonly serial = new KeyedSerial();

  constructor(
    private readonly store: RecordStore,
    private readonly logger: Logger,
  ) {}

  /** The approval for this revision; one for another revision is none. */
  of(serviceId: string, revision: number): ApprovalDocument | null {
    const stored = this.store.get<ApprovalDocument>(KIND, serviceId)?.doc;
    const found = this.unstored.get(serviceId) ?? stored;
    return found?.revision === revision ? found : null;
  }

  /** Approves what a revision came with, unless something is approved for it already. Never rejects. */
  async settle(
    serviceId: string,
    revision: number,
    tools: readonly JsonObject[],
    at: string,
  ): Promise<void> {
    await this.serial.run(serviceId, async () => {
      if (this.of(serviceId, revision) !== null) return;
      const meta = { ...SYSTEM, verb: 'tools.pin', subject: serviceId };
      const act: ApprovalAct = { at, by: 'system', source: 'revision', meta };
      const doc = documentOf(serviceId, revision, pinTools(tools), act);
      this.unstored.set(serviceId, doc);
      try {
        await this.store.commit([{ kind: KIND, id: serviceId, op: 'put', doc }], meta);
        this.unstored.delete(serviceId);
      } catch (error) {
        const fields = { err: error, service_id: serviceId };
        this.logger.warn(fields, 'approved tools could not be stored; they are kept in memory');
      }
    });
  }

  /** An operator's approval. Rejects with the problems of the store. */
  async approve(
    serviceId: string,
    revision: number,
    pins: ToolPins,
    act: ApprovalAct,
  ): Promise<void> {
    await this.serial.run(serviceId, async () => {
      const doc = documentOf(serviceId, revision, pins, act);
      await this.store.commit([{ kind: KIND, id: serviceId, op: 'put', doc }], act.meta);
      this.unstored.delete(serviceId);
    });
  }

  /** The service is gone, and what was approved of it. Never rejects. */
  async forget(serviceId: string): Promise<void> {
    await this.serial.run(serviceId, async () => {
      this.unstored.delete(serviceId);
      if (this.store.get(KIND, serviceId) === undefined) return;
      const change: RecordChange = { kind: KIND, id: serviceId, op: 'delete' };
      const meta = {
        ...SYSTEM,
        verb: 'tools.unpin',
        subject: serviceId,
        frees_space: true,
      } as const;
      await this.store.commit([change], meta).catch((error: unknown) => {
        const fields = { err: error, service_id: serviceId };
        this.logger.warn(fields, 'approved tools of a removed service could not be deleted');
      });
    });
  }
}

const SYSTEM = { actor: 'system', source: 'health' } as const;

function documentOf(
  service_id: string,
  revision: number,
  { hash, tools }: ToolPins,
  { at, by, source }: ApprovalAct,
): ApprovalDocument {
  const about = { schema_version: '1.0', service_id, revision };
  return { ...about, hash, tools, approved_at: at, approved_by: by, source };
}
