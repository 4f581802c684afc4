import type { DomainEvent } from '../../../src/kernel/domain-event.js';
import { EventBus } from '../../../src/kernel/event-bus.js';
import type { JsonObject } from '../../../src/kernel/json.js';
import { SilentLogger } from '../../../src/kernel/logger.js';
import { SystemRandom } from '../../../src/kernel/random.js';
import { assembleRegistry } from '../../../src/registry/registry-assembly.js';
import type { PreparedSpec } from '../../../src/registry/prepared-spec.js';
import { RegistryService } from '../../../src/registry/registry.service.js';
import type { ChangeContext, ServiceDocument } from '../../../src/registry/service.js';
import type { SettingsValues } from '../../../src/settings/settings.js';
import { MemoryStore } from '../../../src/storage/memory.store.js';
import type { RecordStore } from '../../../src/storage/record-store.js';
import { ManualClock } from '../../support/manual-clock.js';
import { configServices } from './config-fixture.js';

export const CTX: ChangeContext = {
  actor: 'alice',
  source: 'api',
  requestId: 'req-1',
  reason: null,
  scopes: new Set(['write', 'exec']),
  services: null,
};

/** A registry over a store, with what it told others. */
export interface RegistryFixture {
  readonly registry: RegistryService;
  readonly store: RecordStore;
  readonly clock: ManualClock;
  /** Class names and facts of the events, in order. */
  readonly events: [string, DomainEvent][];
}

export async function registryFixture(
  values: Partial<SettingsValues> = {},
  clock = new ManualClock(),
  opened?: RecordStore,
): Promise<RegistryFixture> {
  const store = opened ?? new MemoryStore(clock);
  if (opened === undefined) await store.open();
  const bus = new EventBus(new SilentLogger());
  const events: [string, DomainEvent][] = [];
  bus.subscribeAll((event) => {
    events.push([event.constructor.name, event]);
  });
  const { configs } = await configServices(store, values);
  const parts = await assembleRegistry(store, bus, clock, new SystemRandom());
  const registry = new RegistryService(parts, configs);
  return { registry, store, clock, events };
}

export const bodyOf = (name: string, more: JsonObject = {}): JsonObject => ({
  name,
  config: { runtime: { command: 'npx' } },
  ...more,
});

/** A body that depends on services by name. */
export const needing = (name: string, ...services: string[]): JsonObject => ({
  name,
  config: {
    runtime: { command: 'npx' },
    integration: { dependencies: services.map((service) => ({ service })) },
  },
});

export async function prepared(registry: RegistryService, body: JsonObject): Promise<PreparedSpec> {
  return registry.prepare(registry.validate(body));
}

export async function created(
  registry: RegistryService,
  body: JsonObject,
  options: { draft?: boolean; service_id?: string } = {},
): Promise<ServiceDocument> {
  return registry.create(await prepared(registry, body), CTX, options);
}
