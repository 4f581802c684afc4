import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Global, Module } from '@nestjs/common';
import { DocumentBuilder, SwaggerModule } from '@nestjs/swagger';
import { Test } from '@nestjs/testing';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ConfigModule } from '../../../src/config/config.module.js';
import { ConfigSchemaController } from '../../../src/config/config-schema.controller.js';
import { SecretResolver } from '../../../src/config/secret-resolver.js';
import { TemplatesController } from '../../../src/config/templates.controller.js';
import { Clock, SystemClock } from '../../../src/kernel/clock.js';
import { EventBus } from '../../../src/kernel/event-bus.js';
import { FileSystem } from '../../../src/kernel/file-system.js';
import { Logger, SilentLogger } from '../../../src/kernel/logger.js';
import { Random, SystemRandom } from '../../../src/kernel/random.js';
import { RegistryModule } from '../../../src/registry/registry.module.js';
import { RegistryService } from '../../../src/registry/registry.service.js';
import { Settings } from '../../../src/settings/settings.js';
import { NodeFileSystem } from '../../../src/storage/node.file-system.js';
import { settingsWith } from './config-fixture.js';
import { bodyOf, created, CTX, prepared } from './registry-fixture.js';

/** `node` itself is all that is started from, and nothing is. */
const NODE_DIRECTORY = join(process.execPath, '..');
let dataDir = '';

async function boot(): Promise<{
  readonly registry: RegistryService;
  readonly get: <T>(token: abstract new (...parameters: never[]) => T) => T;
  readonly document: () => Record<string, unknown>;
  readonly close: () => Promise<void>;
}> {
  const settings = settingsWith({ dataDir, processEnvironment: { PATH: NODE_DIRECTORY } });
  const ports = [
    { provide: Settings, useValue: settings },
    { provide: Clock, useFactory: () => new SystemClock() },
    { provide: Random, useFactory: () => new SystemRandom() },
    { provide: FileSystem, useFactory: () => new NodeFileSystem() },
    { provide: Logger, useFactory: () => new SilentLogger() },
    { provide: EventBus, useFactory: () => new EventBus(new SilentLogger()) },
  ];
  @Global()
  @Module({ providers: ports, exports: ports.map(({ provide }) => provide) })
  class PortsModule {}
  const built = Test.createTestingModule({ imports: [PortsModule, ConfigModule, RegistryModule] });
  const app = (await built.compile()).createNestApplication({ logger: false });
  await app.init();
  return {
    registry: app.get(RegistryService),
    get: (token) => app.get(token),
    document: () =>
      SwaggerModule.createDocument(app, new DocumentBuilder().build()) as unknown as Record<
        string,
        unknown
      >,
    close: () => app.close(),
  };
}

beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'registry-'));
});

afterAll(async () => {
  await rm(dataDir, { recursive: true, force: true });
});

describe('the modules on a real disk', () => {
  it('offer templates, the schema and a documented API', async () => {
    const { get, document, close } = await boot();
    expect(get(TemplatesController).list()).toMatchObject({ total: 4, next_cursor: null });
    expect(get(TemplatesController).revision('function_service', '1').built_in).toBe(true);
    expect(get(ConfigSchemaController).schema()['$schema']).toContain('2020-12');
    expect(get(SecretResolver)).toBeInstanceOf(SecretResolver);
    const paths = document()['paths'] as Record<string, unknown>;
    expect(Object.keys(paths)).toEqual([
      '/api/v1/templates',
      '/api/v1/templates/{id}',
      '/api/v1/templates/{id}/revisions',
      '/api/v1/templates/{id}/revisions/{revision}',
      '/api/v1/config/schema',
    ]);
    await close();
  });

  it('keep services, candidates, history and archive over a restart', async () => {
    const first = await boot();
    const command = (title: string): ReturnType<typeof bodyOf> =>
      bodyOf('a', { title, config: { runtime: { command: 'node' } } });
    const { service_id: id } = await created(first.registry, command('one'));
    await first.registry.propose(id, await prepared(first.registry, command('two')), CTX);
    await first.registry.promote(id, 2, { tools: [{ name: 'echo' }] });
    await first.registry.propose(id, await prepared(first.registry, command('three')), CTX);
    const stored = first.registry.require('a');
    await first.close();

    const second = await boot();
    expect(second.registry.require(id)).toEqual(stored);
    expect(second.registry.candidateOf(id)?.spec.title).toBe('three');
    const history = await second.registry.revisions('a');
    expect(history.map(({ revision, outcome }) => [revision, outcome])).toEqual([
      [3, 'candidate'],
      [2, 'current'],
      [1, 'superseded'],
    ]);
    await second.registry.setDesired(id, 'archived', CTX);
    await second.registry.archive(id);
    await second.close();

    const third = await boot();
    expect(() => third.registry.require('a')).toThrow(expect.objectContaining({ status: 410 }));
    expect((await third.registry.restore('a', CTX)).spec.title).toBe('two');
    expect((await third.registry.revision('a', 3)).outcome).toBe('draft');
    await third.close();
  });
});
