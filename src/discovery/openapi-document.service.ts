import { Injectable, type INestApplication, type Type } from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import { DocumentBuilder, SwaggerModule } from '@nestjs/swagger';
import { maySeeService, type Principal } from '../auth/principal.js';
import type { Endpoint } from '../gateway/endpoint.js';
import { RouteTableHolder } from '../gateway/route-table.js';
import type { JsonObject } from '../kernel/json.js';
import { sha256Hex } from '../kernel/ids.js';
import { EndpointHostModule } from '../routes/endpoint-host.module.js';
import { Settings } from '../settings/settings.js';
import { GATEWAY_CLIENT } from '../upstream/upstream.js';
import { assembleDocument, SharedAnswers, type DocumentPart } from './openapi-assembly.js';
import { toolOperations } from './tool-operations.js';

const MAX_CACHED = 8;

export interface ServedDocument {
  readonly body: Buffer;
  readonly etag: string;
}

/**
 * The live OpenAPI document. Written controllers are scanned once; each dynamic controller and each tool list once as
 * long as it lives; the whole is put together anew only when the route table's version has moved.
 */
@Injectable()
export class OpenApiDocumentService {
  private app: INestApplication | null = null;
  private base: JsonObject | null = null;
  private cachedVersion = -1;
  /** By the patterns of the services that the caller sees. */
  private readonly cached = new Map<string, ServedDocument>();
  private readonly controllers = new WeakMap<Type, DocumentPart>();
  private readonly answers = new SharedAnswers();
  private readonly endpoints = new WeakMap<Endpoint, DocumentPart>();

  constructor(
    private readonly tables: RouteTableHolder,
    private readonly modules: ModulesContainer,
    private readonly settings: Settings,
  ) {}

  /** Tells which application is described. Called once, before the first document is asked for. */
  describe(app: INestApplication): void {
    this.app = app;
  }

  served(principal: Principal): ServedDocument {
    const { version } = this.tables.current;
    if (version !== this.cachedVersion || this.cached.size >= MAX_CACHED) {
      this.cached.clear();
      this.cachedVersion = version;
    }
    const key = JSON.stringify(principal.services);
    const known = this.cached.get(key);
    if (known !== undefined) return known;
    const body = Buffer.from(JSON.stringify(this.build(principal)));
    const served = { body, etag: `"${version}-${sha256Hex(body).slice(0, 16)}"` };
    this.cached.set(key, served);
    return served;
  }

  build(principal: Principal): JsonObject {
    const parts: DocumentPart[] = [];
    for (const endpoint of this.visibleDefaults(principal)) parts.push(this.toolsOf(endpoint));
    for (const type of this.dynamicTypes()) {
      const part = this.controllerPart(type);
      if (Object.keys(part.paths).every((path) => maySeeService(principal, nameInPath(path)))) {
        parts.push(part);
      }
    }
    this.base ??= this.scanWritten();
    return assembleDocument(this.base, parts);
  }

  private visibleDefaults(principal: Principal): Endpoint[] {
    const { current } = this.tables;
    return current.endpoints.filter(
      (endpoint) =>
        current.ofService(endpoint.serviceId) === endpoint &&
        maySeeService(principal, endpoint.serviceName),
    );
  }

  private toolsOf(endpoint: Endpoint): DocumentPart {
    const known = this.endpoints.get(endpoint);
    if (known !== undefined) return known;
    const part = toolOperations({ name: endpoint.serviceName, tools: endpoint.tools });
    this.endpoints.set(endpoint, part);
    return part;
  }

  private dynamicTypes(): Type[] {
    for (const module of this.modules.values()) {
      if (module.metatype === EndpointHostModule) return [...module.controllers.keys()] as Type[];
    }
    return [];
  }

  private controllerPart(type: Type): DocumentPart {
    const known = this.controllers.get(type);
    if (known !== undefined) return known;
    const { paths } = SwaggerModule.createDocument(this.viewOf(type), this.frame());
    const part = { paths: paths as Record<string, object>, components: {} };
    this.answers.share(part.paths);
    this.controllers.set(type, part);
    return part;
  }

  /** The application as Swagger reads it, with one dynamic controller and nothing else. */
  private viewOf(type: Type): INestApplication {
    const app = this.described();
    for (const module of this.modules.values()) {
      const wrapper = module.controllers.get(type);
      if (wrapper === undefined) continue;
      const one = {
        metatype: module.metatype,
        imports: [],
        controllers: new Map([[type, wrapper]]),
      };
      const only = Object.assign(new Map([['host', one]]), {
        applicationId: this.modules.applicationId,
      });
      const container = { getModules: () => only, isGlobalModule: () => false };
      return new Proxy(app, {
        get: (target, key): unknown =>
          key === 'container' ? container : (Reflect.get(target, key) as unknown),
      });
    }
    return app;
  }

  private scanWritten(): JsonObject {
    const include = [...this.modules.values()]
      .map((module) => module.metatype)
      .filter((metatype) => metatype !== EndpointHostModule);
    const document = SwaggerModule.createDocument(this.described(), this.frame(), { include });
    return JSON.parse(JSON.stringify(document)) as JsonObject;
  }

  private described(): INestApplication {
    if (this.app === null) throw new Error('The application to describe was never told');
    return this.app;
  }

  private frame(): ReturnType<DocumentBuilder['build']> {
    const { publicUrl, apiKeysFile } = this.settings;
    const builder = new DocumentBuilder()
      .setOpenAPIVersion('3.1.0')
      .setTitle('Switchyard')
      .setDescription(
        'Registry and gateway for MCP services. Each tool that is served has an operation of its own.',
      )
      .setVersion(String(GATEWAY_CLIENT.clientInfo.version))
      .addServer(publicUrl === null ? '/' : new URL(publicUrl).pathname);
    if (apiKeysFile === null) return builder.build();
    return builder
      .addBearerAuth({ type: 'http', scheme: 'bearer', description: 'An API key' }, 'api_key')
      .addSecurityRequirements('api_key')
      .build();
  }
}

function nameInPath(path: string): string {
  return path.split('/')[2] ?? '';
}
