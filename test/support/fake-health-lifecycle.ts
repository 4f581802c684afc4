import type { LifecycleAccess } from '../../src/health/health-ports.js';
import { Random } from '../../src/kernel/random.js';
import type { Availability, Blockage } from '../../src/lifecycle/availability.js';
import type { ConditionChange } from '../../src/lifecycle/conditions.js';
import type { InstanceView } from '../../src/lifecycle/instance.js';
import type {
  AttemptView,
  ProofResult,
  UnhealthyFacts,
} from '../../src/lifecycle/observation-intake.js';
import type {
  HealthRecord,
  ServiceState,
  ServiceStatusDocument,
} from '../../src/lifecycle/service-status.js';
import { FakeSource } from './fake-probe-conversation.js';

/** Randomness that is always in the middle. */
export class MiddleRandom extends Random {
  override uuid(): string {
    return '';
  }
  override fraction(): number {
    return 0.5;
  }
  override bytes(count: number): Buffer {
    return Buffer.alloc(count);
  }
}

/** A lifecycle with one service, in the state that it is told, which keeps what it is told. */
export class FakeHealthLifecycle implements LifecycleAccess {
  state: ServiceState = 'active';
  serving = true;
  instanceViews: Partial<InstanceView>[] = [{ state: 'ready', uptime_s: 1 }];
  readonly source = new FakeSource();
  readonly unhealthy: string[] = [];
  readonly unhealthyFacts: UnhealthyFacts[] = [];
  readonly proofs: ProofResult[] = [];
  readonly tools: unknown[] = [];
  attempt: AttemptView | null = null;
  retries = 0;
  condition: ConditionChange | null = null;
  external: string | null = null;
  blockage: Blockage | null = null;
  onRetry: () => void = () => undefined;
  record: HealthRecord | null = null;
  proof: ServiceStatusDocument['proof'] = null;

  statusOf(): ServiceStatusDocument {
    const { state, proof } = this;
    const conditions = this.condition === null ? [] : [{ ...this.condition, since: '' }];
    return { state, proof, last_failure: null, conditions } as unknown as ServiceStatusDocument;
  }
  availabilityOf(): Availability {
    const { serving, state, blockage } = this;
    const down = { serving, state, reason: 'Down', message: 'It is down.', retry_after_s: 1 };
    return blockage === null ? down : { ...down, ...blockage, serving: false, blocked: true };
  }
  instances(): InstanceView[] {
    return this.instanceViews as InstanceView[];
  }
  sourceFor(): FakeSource {
    return this.source;
  }
  retryNow(): Promise<void> {
    this.retries += 1;
    this.onRetry();
    return Promise.resolve();
  }
  upstreamOf(): AttemptView | null {
    return this.attempt;
  }
  recordProof(_id: string, result: ProofResult): Promise<void> {
    this.proofs.push(result);
    if (result.ok) this.proof = result.proof;
    return Promise.resolve();
  }
  recordHealth(_id: string, record: HealthRecord): Promise<void> {
    this.record = record;
    return Promise.resolve();
  }
  recordUnhealthy(_id: string, reason: string, _message: string, facts: UnhealthyFacts): void {
    this.unhealthy.push(reason);
    this.unhealthyFacts.push(facts);
  }
  recordExternal(_id: string, message: string | null): void {
    this.external = message;
  }
  recordCondition(_id: string, set: ConditionChange | null): Promise<void> {
    this.condition = set;
    return Promise.resolve();
  }
  recordBlockage(_id: string, blockage: Blockage | null): Promise<void> {
    this.blockage = blockage;
    return Promise.resolve();
  }
  ejectInstance(): boolean {
    return false;
  }
  pardonInstance(): void {}
  recordTools(_id: string, tools: readonly unknown[]): Promise<void> {
    this.tools.push(...tools);
    return Promise.resolve();
  }
}
