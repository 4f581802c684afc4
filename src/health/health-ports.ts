import type { JsonObject } from '../kernel/json.js';
import type { Availability, Blockage } from '../lifecycle/availability.js';
import type { InstanceView } from '../lifecycle/instance.js';
import type { AttemptView, ProofResult, UnhealthyFacts } from '../lifecycle/observation-intake.js';
import type { ConditionChange } from '../lifecycle/conditions.js';
import type {
  ConditionType,
  HealthRecord,
  ServiceStatusDocument,
} from '../lifecycle/service-status.js';
import type { ServiceDocument } from '../registry/service.js';
import type { InstanceSource } from '../upstream/instance-source.js';

/** What of the registry health needs; `RegistryService` has it all. */
export interface RegistryReading {
  find(idOrName: string): ServiceDocument | undefined;
  /** Throws `registry.unknown` or `registry.archived`. */
  require(idOrName: string): ServiceDocument;
  list(): readonly ServiceDocument[];
}

/** What of the lifecycle health needs; `LifecycleService` has it all. */
export interface LifecycleAccess {
  statusOf(id: string): ServiceStatusDocument;
  availabilityOf(id: string): Availability;
  instances(id: string): readonly InstanceView[];
  sourceFor(id: string, revision: number): InstanceSource | null;
  upstreamOf(attemptId: string): AttemptView | null;
  /** Tries a service in error now that is tried again by itself; resolves when that has ended. */
  retryNow(id: string): Promise<void>;
  recordProof(attemptId: string, result: ProofResult): Promise<void>;
  recordHealth(id: string, record: HealthRecord): Promise<void>;
  recordUnhealthy(id: string, reason: string, message: string, definite: UnhealthyFacts): void;
  /** A required resource outside cannot be reached; `null`: all of them can. */
  recordExternal(id: string, message: string | null): void;
  recordCondition(
    id: string,
    set: ConditionChange | null,
    drop?: readonly ConditionType[],
  ): Promise<void>;
  /** No new call is let in from when this returns; `null` ends that. */
  recordBlockage(id: string, blockage: Blockage | null): Promise<void>;
  recordTools(id: string, tools: readonly JsonObject[]): Promise<void>;
}

/** Who counts what the checks themselves cost; `Metrics` does. */
export interface ProbeObserver {
  /** A check begins because it was due, so long after that. */
  recordProbeStart(latenessMs: number): void;
  recordProbeEnd(kind: string, result: string, durationMs: number): void;
}
