import { configServices } from '../contract/registry/config-fixture.js';
import type { EffectiveConfigService } from '../../src/config/effective-config.service.js';
import type { TemplateService } from '../../src/config/template.service.js';
import { isJsonObject } from '../../src/kernel/json.js';
import { SilentLogger } from '../../src/kernel/logger.js';
import type { RegistrationResult } from '../../src/registration/registration-result.js';
import { TemplateMove } from '../../src/registration/template-move.js';
import { TemplateRolloutRunner } from '../../src/registration/template-rollout-runner.js';
import { TemplateRolloutStore } from '../../src/registration/template-rollout-store.js';
import { TemplateRolloutsService } from '../../src/registration/template-rollouts.service.js';
import { TemplateWriter } from '../../src/registration/template-writer.js';
import type { UpdateOptions } from '../../src/registration/update-service.js';
import type {
  ChangeContext,
  RevisionDocument,
  ServiceDocument,
  ServiceSpec,
} from '../../src/registry/service.js';
import { MemoryStore } from '../../src/storage/memory.store.js';
import { ManualClock } from './manual-clock.js';

export const OPERATOR: ChangeContext = {
  actor: 'ops',
  source: 'api',
  requestId: 'r1',
  reason: null,
  scopes: new Set(['read', 'write', 'exec']),
  services: null,
};

export const limitedTo = (...scopes: string[]): ChangeContext => ({
  ...OPERATOR,
  scopes: new Set(scopes),
});

type Update = (service: ServiceDocument, to: string, ctx: ChangeContext) => RegistrationResult;

/**
 * Templates and their rollouts over real templates and configurations, a store in memory, and services that are moved when
 * a test says so: `answers` holds what the update of a service does besides moving it.
 */
export class TemplateFleet {
  readonly services = new Map<string, ServiceDocument>();
  readonly reasons = new Map<string, string | null>();
  readonly candidates = new Map<string, Pick<RevisionDocument, 'revision' | 'reason'>>();
  /** Names of the services in the order in which they were updated. */
  readonly updated: string[] = [];
  readonly contexts: ChangeContext[] = [];
  readonly options: UpdateOptions[] = [];
  readonly answers = new Map<string, () => Promise<void> | void>();
  readonly writer: TemplateWriter;
  readonly rollouts: TemplateRolloutStore;
  private made = 0;

  private constructor(
    readonly store: MemoryStore,
    readonly clock: ManualClock,
    readonly templates: TemplateService,
    readonly configs: EffectiveConfigService,
  ) {
    const { registry } = this;
    this.writer = new TemplateWriter({ templates, checks: configs, registry, store, clock });
    this.rollouts = new TemplateRolloutStore(store);
  }

  static async open(): Promise<TemplateFleet> {
    const clock = new ManualClock();
    const store = new MemoryStore(clock);
    await store.open();
    const { templates, configs } = await configServices(store);
    return new TemplateFleet(store, clock, templates, configs);
  }

  readonly registry = {
    list: () => [...this.services.values()],
    find: (id: string) => this.services.get(id),
    candidateOf: (id: string) =>
      this.candidates.get(id) as
        (RevisionDocument & { readonly spec: { readonly extends: string | null } }) | undefined,
    prepare: async (spec: ServiceSpec) => {
      const { effective, command_file, extends: pinned } = await this.configs.resolve(spec);
      return { spec: { ...spec, extends: pinned }, effective, command_file };
    },
    revision: (id: string) =>
      Promise.resolve({ reason: this.reasons.get(id) ?? null } as RevisionDocument),
  };

  /** What the writer of templates works on, besides the services. */
  get sources() {
    const { templates, configs: checks, store, clock } = this;
    return { templates, checks, store, clock };
  }

  /** A service that extends a template; its id is `id-<name>`. */
  async add(name: string, extends_: string, config: ServiceSpec['config'] = {}): Promise<void> {
    const spec = {
      name,
      type: 'executable',
      hosting_mode: 'stdio',
      extends: extends_,
      config,
    } as unknown as ServiceSpec;
    const prepared = await this.registry.prepare(spec);
    this.put(
      { service_id: `id-${name}`, desired: 'active', revision: 1, candidate: null },
      prepared,
    );
  }

  /** What a gateway that has just started makes of the store. */
  gateway(): { readonly service: TemplateRolloutsService; readonly runner: TemplateRolloutRunner } {
    const moves = new TemplateMove({
      registration: { update: (id, input, ctx, options) => this.update(id, input, ctx, options) },
      registry: this.registry,
      lifecycle: {
        settled: (id) => {
          this.candidates.delete(id);
          return Promise.resolve();
        },
      },
      logger: new SilentLogger(),
    });
    const { templates, registry, rollouts, clock } = this;
    const runner = new TemplateRolloutRunner({
      rollouts,
      moves,
      clock,
      logger: new SilentLogger(),
    });
    const newId = (): string => `rollout-${(this.made += 1)}`;
    const parts = { templates, registry, rollouts, runner, clock, newId };
    return { service: new TemplateRolloutsService(parts), runner };
  }

  private async update(
    id: string,
    input: unknown,
    ctx: ChangeContext,
    options: UpdateOptions,
  ): Promise<RegistrationResult> {
    const service = this.services.get(id);
    const to = isJsonObject(input) ? input['extends'] : undefined;
    if (service === undefined || typeof to !== 'string') throw new Error('unexpected update');
    this.updated.push(service.spec.name);
    this.contexts.push(ctx);
    this.options.push(options);
    await this.answers.get(service.spec.name)?.();
    return this.move(service, to, ctx);
  }

  readonly move: Update = (service, to, ctx) => {
    const { service_id } = service;
    const spec = { ...service.spec, extends: to };
    this.services.set(service_id, { ...service, spec, revision: service.revision + 1 });
    this.reasons.set(service_id, ctx.reason);
    return { outcome: 'updated', service_id } as RegistrationResult;
  };

  private put(
    identity: Pick<ServiceDocument, 'service_id' | 'desired' | 'revision' | 'candidate'>,
    prepared: Pick<ServiceDocument, 'spec' | 'effective' | 'command_file'>,
  ): void {
    this.services.set(identity.service_id, { ...identity, ...prepared } as ServiceDocument);
  }
}
