import { afterEach, describe, expect, it } from '@jest/globals';
import { Controller, Get, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import type { IncomingHttpHeaders } from 'node:http';
import { Authenticator } from '../auth/authenticator.js';
import type { Principal } from '../auth/principal.js';
import type { Endpoint } from '../gateway/endpoint.js';
import { CompiledRouteTable, RouteTableHolder } from '../gateway/route-table.js';
import { EndpointAccessGuard } from '../routes/endpoint-access.guard.js';
import { EndpointControllerFactory } from '../routes/endpoint-controller.factory.js';
import { EndpointHostModule } from '../routes/endpoint-host.module.js';
import { loadSettings } from '../settings/settings.loader.js';
import { Settings } from '../settings/settings.js';
import { OpenApiDocumentService } from './openapi-document.service.js';
import { mountSwagger } from './swagger-mount.js';
import { SwaggerPageService } from './swagger-page.service.js';

const KEYS: Readonly<Record<string, Principal>> = {
  all: { id: 'all', kind: 'key', scopes: new Set(['read']), services: null },
  some: { id: 'some', kind: 'key', scopes: new Set(['read']), services: ['weather'] },
  caller: { id: 'caller', kind: 'key', scopes: new Set(['invoke']), services: null },
};

class KeyedAuthenticator extends Authenticator {
  override authenticate({ authorization }: IncomingHttpHeaders): Principal | null {
    return KEYS[authorization ?? ''] ?? null;
  }
  override get required(): boolean {
    return true;
  }
}

@Controller('written')
class WrittenController {
  @Get()
  read(): string {
    return '';
  }
}

@Module({
  imports: [EndpointHostModule],
  controllers: [WrittenController],
  providers: [
    EndpointAccessGuard,
    EndpointControllerFactory,
    OpenApiDocumentService,
    SwaggerPageService,
    { provide: Authenticator, useFactory: () => new KeyedAuthenticator() },
    { provide: RouteTableHolder, useFactory: () => new RouteTableHolder() },
    {
      provide: Settings,
      useFactory: () =>
        loadSettings({
          environment: { SWITCHYARD_API_KEYS_FILE: '/srv/keys.json' },
          directory: '/srv',
          readText: () => '{}',
        }),
    },
  ],
})
class PageModule {}

function endpoint(name: string): Endpoint {
  const tools = [
    {
      name: 'now',
      inputSchema: {
        type: 'object',
        properties: { at: { $ref: '#/$defs/At' } },
        $defs: { At: { type: 'string' } },
      },
    },
  ];
  return { serviceId: name, serviceName: name, tools } as unknown as Endpoint;
}

describe('the API page', () => {
  let app: NestExpressApplication;
  let base: string;

  async function start(): Promise<void> {
    app = await NestFactory.create<NestExpressApplication>(PageModule, { logger: false });
    mountSwagger(app);
    await app.listen(0, '127.0.0.1');
    base = await app.getUrl();
  }

  afterEach(async () => {
    app.getHttpServer().closeAllConnections();
    await app.close();
  });

  function get(path: string, key?: string, more: Record<string, string> = {}): Promise<Response> {
    return fetch(`${base}${path}`, {
      headers: { ...(key === undefined ? {} : { authorization: key }), ...more },
    });
  }

  async function paths(key: string): Promise<string[]> {
    const document = (await (await get('/openapi.json', key)).json()) as { paths: object };
    return Object.keys(document.paths).sort();
  }

  async function serve(version: number, ...names: string[]): Promise<void> {
    const factory = app.get(EndpointControllerFactory);
    const entries = [];
    for (const serviceName of names) {
      await factory.mount({ serviceName, title: serviceName, description: null, policy: null });
      entries.push({ path: `/mcp/${serviceName}`, endpoint: endpoint(serviceName), primary: true });
    }
    app.get(RouteTableHolder).swap(new CompiledRouteTable(version, entries));
  }

  it('follows what is served, and shows a key what it may see', async () => {
    await start();
    expect(await paths('all')).toEqual(['/written']);
    await serve(1, 'weather', 'files');
    expect(await paths('all')).toEqual([
      '/api/v1/services/files/tools/now',
      '/api/v1/services/weather/tools/now',
      '/mcp/files',
      '/mcp/weather',
      '/written',
    ]);
    expect(await paths('some')).toEqual([
      '/api/v1/services/weather/tools/now',
      '/mcp/weather',
      '/written',
    ]);
    const document = app.get(OpenApiDocumentService).build(KEYS.all as Principal);
    expect(JSON.stringify(document)).toContain('"#/components/schemas/weather.now.At"');
    expect(document).toMatchObject({ security: [{ api_key: [] }] });
  });

  it('is put together once for a version of the table', async () => {
    await start();
    await serve(1, 'weather');
    const documents = app.get(OpenApiDocumentService);
    const first = documents.served(KEYS.all as Principal);
    expect(documents.served(KEYS.all as Principal)).toBe(first);
    const again = await get('/openapi.json', 'all', { 'if-none-match': first.etag });
    expect(again.status).toBe(304);
    app.get(RouteTableHolder).swap(new CompiledRouteTable(2, []));
    expect(documents.served(KEYS.all as Principal)).not.toBe(first);
  });

  it.each(['/docs', '/docs/swagger-ui-init.js', '/openapi.json'])(
    'asks for a key with scope read at %s',
    async (path) => {
      await start();
      expect((await get(path)).status).toBe(401);
      expect((await get(path, 'caller')).status).toBe(403);
      expect((await get(path, 'all')).status).toBe(200);
    },
  );

  it('serves the page and its assets from here, under a strict policy', async () => {
    await start();
    const page = await get('/docs', 'all');
    expect(page.headers.get('content-security-policy')).toContain("script-src 'self';");
    expect(await page.text()).not.toMatch(/(src|href)=["']?(https?:)?\/\//);
    const bundle = await get('/docs/swagger-ui-bundle.js', 'all');
    expect((await bundle.text()).length).toBeGreaterThan(100_000);
    expect(await (await get('/docs/swagger-ui-init.js', 'all')).text()).toContain(
      '"swaggerUrl": "/openapi.json"',
    );
  });
});
