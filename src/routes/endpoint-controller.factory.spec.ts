import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Module, type INestApplication } from '@nestjs/common';
import { ModulesContainer, NestFactory } from '@nestjs/core';
import { DocumentBuilder, SwaggerModule } from '@nestjs/swagger';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { Authenticator } from '../auth/authenticator.js';
import type { Principal } from '../auth/principal.js';
import type { EndpointPolicy } from '../gateway/endpoint.js';
import { EndpointAccessGuard } from './endpoint-access.guard.js';
import { EndpointControllerFactory } from './endpoint-controller.factory.js';
import { EndpointHostModule } from './endpoint-host.module.js';
import type { ControllerBlueprint } from './endpoint.controller.js';

const KEYED: Principal = {
  id: 'k',
  kind: 'key',
  scopes: new Set(['invoke', 'geo']),
  services: null,
};

class HeaderAuthenticator extends Authenticator {
  override authenticate(headers: IncomingMessage['headers']): Principal | null {
    if (headers.authorization === undefined) return null;
    return { ...KEYED, scopes: new Set(headers.authorization.split(' ')) };
  }
  override get required(): boolean {
    return true;
  }
}

@Module({
  imports: [EndpointHostModule],
  providers: [
    EndpointAccessGuard,
    EndpointControllerFactory,
    { provide: Authenticator, useFactory: () => new HeaderAuthenticator() },
  ],
})
class TestModule {}

const POLICY: EndpointPolicy = {
  authenticationRequired: true,
  allowedScopes: ['geo'],
  allowTools: null,
  denyTools: [],
  readOnlyTools: false,
  rateLimit: null,
};

function blueprint(serviceName: string, policy: EndpointPolicy | null = null): ControllerBlueprint {
  return { serviceName, title: `<b>${serviceName}</b>`, description: null, policy };
}

function request(method: string, authorization?: string): IncomingMessage {
  const headers = authorization === undefined ? {} : { authorization };
  return { method, url: '/mcp/x', headers } as unknown as IncomingMessage;
}

const response = {} as ServerResponse;

/** Bytes in use after everything that can be collected has been. */
/** How many of the classes are still reachable once everything else was collected. */
async function survivors(classes: readonly WeakRef<object>[]): Promise<number> {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  for (let turn = 0; turn < 3; turn += 1) {
    await new Promise((resolve) => setImmediate(resolve));
    collect();
  }
  return classes.filter((known) => known.deref() !== undefined).length;
}

describe('EndpointControllerFactory', () => {
  let app: INestApplication;
  let factory: EndpointControllerFactory;

  beforeAll(async () => {
    app = await NestFactory.create(TestModule, { logger: false });
    await app.init();
    factory = app.get(EndpointControllerFactory);
  });

  afterAll(async () => {
    await app.close();
  });

  it('compiles nothing for a service without guards', async () => {
    const mounted = await factory.mount(blueprint('open'));
    expect(mounted.guarded).toBeNull();
    factory.unmount(mounted);
  });

  it('runs the guard for every method: refuses without credentials, without the scope, and admits', async () => {
    const mounted = await factory.mount(blueprint('closed', POLICY));
    const guarded = mounted.guarded;
    if (guarded === null) throw new Error('it has a guard');
    for (const method of ['POST', 'GET', 'DELETE', 'PATCH']) {
      await expect(guarded(request(method), response)).rejects.toMatchObject({
        code: 'routes.unauthenticated',
      });
      await expect(guarded(request(method, 'invoke'), response)).rejects.toMatchObject({
        code: 'routes.denied',
      });
      await expect(guarded(request(method, 'invoke geo'), response)).resolves.toBe(true);
    }
    factory.unmount(mounted);
  });

  it('is seen by Swagger while it is mounted, as text, and not afterwards', async () => {
    const mounted = await factory.mount(blueprint('shown'));
    const options = new DocumentBuilder().build();
    const document = SwaggerModule.createDocument(app, options);
    expect(Object.keys(document.paths['/mcp/shown'] ?? {})).toEqual(['post', 'get', 'delete']);
    expect(JSON.stringify(document)).not.toContain('<b>');
    factory.unmount(mounted);
    expect(SwaggerModule.createDocument(app, options).paths['/mcp/shown']).toBeUndefined();
  });

  it('describes each service by its own words and all by the same answers, kept once', async () => {
    const [one, other] = [
      await factory.mount(blueprint('one')),
      await factory.mount(blueprint('two')),
    ];
    const { paths } = SwaggerModule.createDocument(app, new DocumentBuilder().build());
    expect(paths['/mcp/one']?.post?.summary).toContain('one');
    expect(paths['/mcp/two']?.post?.summary).toContain('two');
    const statuses = (['post', 'get', 'delete'] as const).map((method) =>
      Object.keys(paths['/mcp/two']?.[method]?.responses ?? {}),
    );
    expect(statuses).toEqual([
      ['200', '202', '404', '503'],
      ['200', '404'],
      ['204', '404'],
    ]);
    for (const name of ['call', 'listen', 'end']) {
      const [left, right] = [one, other].map(({ type }): unknown =>
        Reflect.getOwnMetadata(
          'swagger/apiResponse',
          (type.prototype as Record<string, object>)[name] ?? {},
        ),
      );
      expect(left).toBeDefined();
      expect(left).toBe(right);
    }
    factory.unmount(one);
    factory.unmount(other);
  });

  it('leaves nothing behind over 2,000 cycles of adding and removing', async () => {
    const classes: WeakRef<object>[] = [];
    for (let n = 0; n < 2_000; n += 1) {
      const mounted = await factory.mount(blueprint(`service-${n}`, n % 2 === 0 ? POLICY : null));
      classes.push(new WeakRef(mounted.type));
      factory.unmount(mounted);
    }
    const left = await survivors(classes);
    const controllers = [...app.get(ModulesContainer).values()].flatMap((m) => [...m.controllers]);
    expect([factory.count, controllers.length]).toEqual([0, 0]);
    // The last one may still be held by the machine's own stack.
    expect(left).toBeLessThanOrEqual(1);
  }, 30_000);
});
