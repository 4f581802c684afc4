import { KeyedSerial } from '../kernel/serial.js';
import type { PreparedSpec } from './prepared-spec.js';

/** What a batch writes. */
export interface BatchScope {
  readonly ids: readonly string[];
  readonly names: readonly string[];
  readonly scripts: readonly string[];
  readonly needsGraph: boolean;
}

/**
 * Who waits for whom. Writes on one service run one after another; writes that take a name or a script, and those that
 * add dependencies, also run one after another among themselves. Invariant: locks are taken in the order service, graph,
 * name, script, so no two writes wait for each other.
 */
export class ServiceLocks {
  private readonly serial = new KeyedSerial();

  async onService<T>(id: string, task: () => Promise<T>): Promise<T> {
    return this.serial.run(`service:${id}`, task);
  }

  /** For a write that gives a service this spec. */
  async onSpec<T>(
    id: string,
    prepared: Pick<PreparedSpec, 'spec' | 'effective'>,
    task: () => Promise<T>,
  ): Promise<T> {
    const { spec, effective } = prepared;
    const keys = [`service:${id}`];
    // Only an edge that is added can close a circle, so a service without any cannot.
    if (effective.integration.dependencies.length > 0) keys.push('graph');
    keys.push(`name:${spec.name}`);
    if (spec.script_id !== null) keys.push(`script:${spec.script_id}`);
    return this.nest(keys, task);
  }

  /** For a write that gives several services specs at once; the locks of each kind in the order of their keys. */
  async onBatch<T>(scope: BatchScope, task: () => Promise<T>): Promise<T> {
    const sorted = (kind: string, all: readonly string[]): string[] =>
      [...new Set(all)].sort().map((key) => `${kind}:${key}`);
    const keys = [
      ...sorted('service', scope.ids),
      ...(scope.needsGraph ? ['graph'] : []),
      ...sorted('name', scope.names),
      ...sorted('script', scope.scripts),
    ];
    return this.nest(keys, task);
  }

  private async nest<T>(keys: readonly string[], task: () => Promise<T>, taken = 0): Promise<T> {
    const key = keys[taken];
    if (key === undefined) return task();
    return this.serial.run(key, () => this.nest(keys, task, taken + 1));
  }
}
