import { KeyedSerial } from '../kernel/serial.js';
import type { CommitMeta, RecordChange, RecordStore } from '../storage/record-store.js';
import { KEPT_ROLLOUTS, type TemplateRollout } from './template-rollout.js';

type Meta = Omit<CommitMeta, 'subject'>;

/** The records of rollouts. Invariant: changes of one rollout run one after another, each on what the one before left. */
export class TemplateRolloutStore {
  private readonly serial = new KeyedSerial();

  constructor(private readonly store: RecordStore) {}

  get(id: string): TemplateRollout | undefined {
    // A path may name anything; the store knows only ids that it could have stored.
    return this.list().find(({ rollout_id }) => rollout_id === id);
  }

  /** Newest first. */
  list(): readonly TemplateRollout[] {
    return this.store
      .list<TemplateRollout>('template_rollout')
      .map(({ doc }) => doc)
      .sort(newestFirst);
  }

  running(): readonly TemplateRollout[] {
    return this.list().filter(({ state }) => state === 'running');
  }

  /** Stores a new rollout; the oldest that came to an end give way. */
  async add(rollout: TemplateRollout, meta: Meta): Promise<void> {
    const ended = this.list().filter(({ state }) => state !== 'running');
    const changes: RecordChange[] = [
      put(rollout, null),
      ...ended.slice(KEPT_ROLLOUTS - 1).map(({ rollout_id: id }) => ({
        kind: 'template_rollout' as const,
        id,
        op: 'delete' as const,
      })),
    ];
    await this.store.commit(changes, { ...meta, subject: rollout.rollout_id });
  }

  /** Writes what `change` makes of the rollout as it is; `null` writes nothing. Answers it as it then is. */
  async change(
    id: string,
    change: (rollout: TemplateRollout) => TemplateRollout | null,
    meta: Meta,
  ): Promise<TemplateRollout | undefined> {
    return this.serial.run(id, async () => {
      const stored = this.store.get<TemplateRollout>('template_rollout', id);
      if (stored === undefined) return undefined;
      const next = change(stored.doc);
      if (next === null) return stored.doc;
      await this.store.commit([put(next, stored.version)], { ...meta, subject: id });
      return next;
    });
  }
}

function put(doc: TemplateRollout, expect: number | null): RecordChange {
  return { kind: 'template_rollout', id: doc.rollout_id, op: 'put', doc, expect };
}

function newestFirst(left: TemplateRollout, right: TemplateRollout): number {
  if (left.created_at !== right.created_at) return left.created_at < right.created_at ? 1 : -1;
  return left.rollout_id < right.rollout_id ? -1 : 1;
}
