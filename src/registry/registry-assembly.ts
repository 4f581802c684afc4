import { BatchWriter } from './batch-writer.js';
import { RevisionPins } from './revision-pins.js';
import { RevisionWriter } from './revision-writer.js';
import { ServiceArchive } from './service-archive.js';
import { ServiceLocks } from './service-locks.js';
import { ServiceRules } from './service-rules.js';
import { ServiceWriter } from './service-writer.js';
import { ServiceRepository } from './service.repository.js';
import type { WriteParts } from './write-parts.js';
import type { Clock } from '../kernel/clock.js';
import type { EventBus } from '../kernel/event-bus.js';
import type { Random } from '../kernel/random.js';
import type { RecordStore } from '../storage/record-store.js';

/** The plain objects behind `RegistryService`. Invariant: one set of locks for all who write. */
export interface RegistryAssembly {
  readonly repository: ServiceRepository;
  readonly rules: ServiceRules;
  readonly services: ServiceWriter;
  readonly revisions: RevisionWriter;
  readonly pins: RevisionPins;
  readonly archive: ServiceArchive;
  readonly batches: BatchWriter;
}

/** `store` is open. */
export async function assembleRegistry(
  store: RecordStore,
  events: EventBus,
  clock: Clock,
  random: Random,
): Promise<RegistryAssembly> {
  const repository = await ServiceRepository.open(store);
  const rules = new ServiceRules(repository);
  const parts: WriteParts = { repository, rules, locks: new ServiceLocks(), events, clock, random };
  return {
    repository,
    rules,
    services: new ServiceWriter(parts),
    revisions: new RevisionWriter(parts),
    pins: new RevisionPins(parts),
    archive: new ServiceArchive(parts),
    batches: new BatchWriter(parts),
  };
}
