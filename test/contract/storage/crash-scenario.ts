import { SilentLogger } from '../../../src/kernel/logger.js';
import { ProblemError } from '../../../src/kernel/problem.js';
import type { FileStoreLimits } from '../../../src/storage/file-store-parts.js';
import { FileStore } from '../../../src/storage/file.store.js';
import { ProcessTable, type ProcessIdentity } from '../../../src/storage/process-identity.js';
import type { CommitRecord, RecordChange, RecordKind } from '../../../src/storage/record-store.js';
import type { FaultyFileSystem } from '../../support/faulty-file-system.js';
import { ManualClock } from '../../support/manual-clock.js';

export const DIRECTORY = '/data/services';

/** Each store is a process of its own; those of a crashed one are dead. */
export class OneLivingProcess extends ProcessTable {
  private static last = 0;
  private readonly own: ProcessIdentity;

  constructor() {
    super();
    OneLivingProcess.last += 1;
    this.own = { pid: OneLivingProcess.last, started: 'test' };
  }

  override self(): Promise<ProcessIdentity> {
    return Promise.resolve(this.own);
  }

  override isAlive(identity: ProcessIdentity): Promise<boolean> {
    return Promise.resolve(identity.pid === this.own.pid);
  }
}

/** Stands still, and lets nobody wait. */
class PromptClock extends ManualClock {
  override sleep(): Promise<void> {
    return Promise.resolve();
  }
}

export function storeOn(
  fileSystem: FaultyFileSystem,
  limits: Partial<FileStoreLimits> = {},
  clock: ManualClock = new PromptClock(),
  processes: ProcessTable = new OneLivingProcess(),
): FileStore {
  return new FileStore({
    directory: DIRECTORY,
    fileSystem,
    clock,
    logger: new SilentLogger(),
    processes,
    limits: { reserveBytes: 512, ...limits },
  });
}

/** A small generator of numbers in [0, 1) with a seed (mulberry32), so that a failing case can be run again. */
export function seededFraction(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** What became of one commit. `unknown` = the power was cut, or the store said that it cannot tell. */
export interface Attempt {
  readonly tag: string;
  readonly changes: readonly RecordChange[];
  outcome: 'acknowledged' | 'refused' | 'unknown';
  revision: number;
}

/** The state that a sequence of commits gives, as `kind:id` to `version tag`. */
export function replay(commits: readonly CommitRecord[]): Map<string, string> {
  const state = new Map<string, string>();
  for (const { revision, changes } of commits) {
    for (const { kind, id, op, doc } of changes) {
      if (op === 'delete') state.delete(`${kind}:${id}`);
      else state.set(`${kind}:${id}`, `${revision} ${tagOf(doc)}`);
    }
  }
  return state;
}

export function tagOf(doc: object | undefined): string {
  return doc !== undefined && 'tag' in doc ? String(doc.tag) : '';
}

const KINDS: readonly RecordKind[] = ['service', 'service_status', 'revision', 'archive', 'route'];

/** Makes up one to three changes to a few records of several kinds. */
export function randomChanges(fraction: () => number, tag: string): RecordChange[] {
  const changes = new Map<string, RecordChange>();
  const count = 1 + Math.floor(fraction() * 3);
  for (let index = 0; index < count; index += 1) {
    const kind = KINDS[Math.floor(fraction() * KINDS.length)] ?? 'service';
    const name = `r${Math.floor(fraction() * 4)}`;
    const id = kind === 'revision' ? `${name}/${1 + Math.floor(fraction() * 2)}` : name;
    const padding = 'x'.repeat(Math.floor(fraction() * 200));
    const change: RecordChange =
      fraction() < 0.25
        ? { kind, id, op: 'delete' }
        : { kind, id, op: 'put', doc: { tag, padding } };
    changes.set(`${kind}:${id}`, change);
  }
  return [...changes.values()];
}

/** Commits, and notes what became of it. */
export async function attempt(store: FileStore, entry: Attempt): Promise<void> {
  try {
    entry.revision = await store.commit(entry.changes, {
      actor: 'test',
      source: 'test',
      verb: 'test.change',
      reason: entry.tag,
    });
    entry.outcome = 'acknowledged';
  } catch (error) {
    if (!(error instanceof ProblemError)) throw error;
    const outcome = error.details.extra?.['outcome'];
    entry.outcome = outcome === 'unknown' ? 'unknown' : 'refused';
  }
}
