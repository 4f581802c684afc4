import { Injectable, type Type } from '@nestjs/common';
import { ExternalContextCreator, ModuleRef, ModulesContainer } from '@nestjs/core';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { CompiledHandler } from '../gateway/endpoint.js';
import { EndpointAccessGuard } from './endpoint-access.guard.js';
import { EndpointHostModule } from './endpoint-host.module.js';
import {
  endpointControllerClass,
  HANDLERS,
  type ControllerBlueprint,
  type EndpointController,
} from './endpoint.controller.js';
import { guardsCallers } from './endpoint-policy.js';

export interface MountedController {
  readonly type: Type<EndpointController>;
  /** Runs guards and interceptors; `null` where the service has none. */
  readonly guarded: CompiledHandler | null;
}

type HostModule = NonNullable<ReturnType<ModulesContainer['get']>>;

/**
 * Makes a decorated controller class per service, instantiates it through Nest and compiles its handlers. The class lives
 * in `EndpointHostModule`, where Swagger finds it; Express never hears of it.
 *
 * Why guard instances and not classes: `ExternalContextCreator` looks class guards up among the injectables of the
 * module that provides the host, finds none for a class added later, and skips them without a word.
 */
@Injectable()
export class EndpointControllerFactory {
  private host: HostModule | null = null;

  constructor(
    private readonly moduleRef: ModuleRef,
    private readonly contexts: ExternalContextCreator,
    private readonly modules: ModulesContainer,
    private readonly accessGuard: EndpointAccessGuard,
  ) {}

  async mount(blueprint: ControllerBlueprint): Promise<MountedController> {
    const { policy } = blueprint;
    const guards = guardsCallers(policy) ? [this.accessGuard] : [];
    const type = endpointControllerClass(blueprint, guards);
    const instance = await this.moduleRef.create(type);
    const host = this.hostModule();
    host.addController(type);
    const wrapper = host.controllers.get(type);
    if (wrapper !== undefined) wrapper.instance = instance;
    return { type, guarded: guards.length === 0 ? null : this.compile(instance) };
  }

  unmount(mounted: MountedController): void {
    this.hostModule().controllers.delete(mounted.type);
  }

  /** Dynamic controllers that Nest knows of now. */
  get count(): number {
    return this.hostModule().controllers.size;
  }

  /** Filters stay out: the gateway maps errors itself, as the answer is not an Express response. */
  private compile(instance: EndpointController): CompiledHandler {
    const options = { guards: true, interceptors: true, filters: false };
    const compiled = new Map<string, CompiledHandler>();
    for (const [method, name] of Object.entries(HANDLERS)) {
      compiled.set(
        method,
        this.contexts.create(
          instance,
          instance[name] as (...args: unknown[]) => unknown,
          name,
          undefined,
          undefined,
          undefined,
          undefined,
          options,
          'http',
        ) as CompiledHandler,
      );
    }
    const fallback = compiled.get('POST');
    const chosen = (request: IncomingMessage, response: ServerResponse): Promise<unknown> => {
      const handler = compiled.get(request.method ?? 'POST') ?? fallback;
      return handler === undefined ? Promise.resolve() : handler(request, response);
    };
    // True of the access guard, the only one there is: it asks what the dispatcher asks.
    return Object.assign(chosen, { judgesCallerOnly: true } as const);
  }

  private hostModule(): HostModule {
    if (this.host !== null) return this.host;
    for (const module of this.modules.values()) {
      if (module.metatype === EndpointHostModule) return (this.host = module);
    }
    throw new Error('EndpointHostModule is not part of the application');
  }
}
