import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import {
  Injectable,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
} from '@nestjs/common';
import { authProblems } from '../auth/auth.errors.js';
import { maySeeService, type Principal } from '../auth/principal.js';
import { Clock } from '../kernel/clock.js';
import { EventBus } from '../kernel/event-bus.js';
import { isJsonObject } from '../kernel/json.js';
import { ServiceArchived } from '../registry/registry.events.js';
import { RegistryService } from '../registry/registry.service.js';
import { UsageRollup, type ToolUsage } from './rollup.js';

const CHANNEL = 'switchyard:call';
const TOOL_CALL = 'tools/call';
const GOOD = 'ok';

export interface ServiceUsage {
  readonly service_id: string;
  readonly name: string;
  readonly tools: readonly ToolUsage[];
}

/** Who calls what how often, and how long it takes. Fed by the channel of the hot path, never on the request's way. */
@Injectable()
export class UsageService implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly rollups = new Map<string, UsageRollup>();
  private forget: () => void = () => undefined;
  private readonly listener = (message: unknown): void => {
    this.record(message);
  };

  constructor(
    private readonly registry: RegistryService,
    private readonly clock: Clock,
    private readonly bus: EventBus,
  ) {}

  onApplicationBootstrap(): void {
    subscribe(CHANNEL, this.listener);
    this.forget = this.bus.subscribe(ServiceArchived, ({ service_id }) => {
      this.rollups.delete(service_id);
    });
  }

  onApplicationShutdown(): void {
    unsubscribe(CHANNEL, this.listener);
    this.forget();
  }

  /** By id or name; what a key's patterns leave out is as if it were not there. */
  of(idOrName: string, principal: Principal): ServiceUsage {
    const { service_id, spec } = this.registry.require(idOrName);
    if (maySeeService(principal, spec.name)) return this.usageOf(service_id, spec.name);
    throw authProblems['service-unknown'](`There is no service ${JSON.stringify(idOrName)}.`);
  }

  /** Services that were called in the last 24 hours. */
  all(principal: Principal): ServiceUsage[] {
    return this.registry
      .list()
      .filter(
        ({ service_id, spec }) =>
          this.rollups.has(service_id) && maySeeService(principal, spec.name),
      )
      .map(({ service_id, spec }) => this.usageOf(service_id, spec.name))
      .filter(({ tools }) => tools.length > 0);
  }

  private usageOf(service_id: string, name: string): ServiceUsage {
    const tools = this.rollups.get(service_id)?.report(this.clock.now()) ?? [];
    return { service_id, name, tools };
  }

  private record(message: unknown): void {
    if (!isJsonObject(message) || message.method !== TOOL_CALL) return;
    const { service_id, tool, outcome, duration_ms } = message;
    if (typeof service_id !== 'string' || typeof tool !== 'string') return;
    if (typeof duration_ms !== 'number' || this.registry.find(service_id) === undefined) return;
    const rollup = this.rollups.get(service_id) ?? new UsageRollup();
    this.rollups.set(service_id, rollup);
    rollup.record({ tool, failed: outcome !== GOOD, duration_ms }, this.clock.now());
  }
}
