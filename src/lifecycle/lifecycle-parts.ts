import type { Clock } from '../kernel/clock.js';
import type { EventBus } from '../kernel/event-bus.js';
import type { Logger } from '../kernel/logger.js';
import type { Random } from '../kernel/random.js';
import type { StorageFault } from '../storage/record-store.js';
import type { InstanceStarter } from './instance-starter.js';
import type { ConfigAccess, RegistryAccess } from './lifecycle-ports.js';
import type { ServiceObserver } from './service-observer.js';
import type { RuntimeTable } from './service-runtime.js';
import type { StateRecorder } from './state-recorder.js';
import type { StatusRepository } from './status-repository.js';

/** What the parts of the lifecycle share. Made once, in `lifecycle.assembly`. */
export interface LifecycleParts {
  readonly registry: RegistryAccess;
  readonly config: ConfigAccess;
  readonly statuses: StatusRepository;
  readonly runtimes: RuntimeTable;
  readonly observer: ServiceObserver;
  readonly recorder: StateRecorder;
  readonly starter: InstanceStarter;
  /** What is wrong with stored files at present. */
  readonly faults: () => readonly StorageFault[];
  readonly bus: EventBus;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
}

/** Asks for another pass over a service; answers when that pass is over. Never rejects. */
export type Wake = (serviceId: string) => Promise<void>;
