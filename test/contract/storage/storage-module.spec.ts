import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Global, Module } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { describe, expect, it } from '@jest/globals';
import { Clock, SystemClock } from '../../../src/kernel/clock.js';
import { FileSystem } from '../../../src/kernel/file-system.js';
import { Logger, SilentLogger } from '../../../src/kernel/logger.js';
import { Settings, type SettingsValues } from '../../../src/settings/settings.js';
import { NodeFileSystem } from '../../../src/storage/node.file-system.js';
import { RecordStore } from '../../../src/storage/record-store.js';
import { StorageModule } from '../../../src/storage/storage.module.js';

describe('the storage module', () => {
  it('gives out an open store, and closes it when the application shuts down', async () => {
    const dataDir = await mkdtemp(join(tmpdir(), 'storage-module-'));
    const providers = [
      { provide: Settings, useValue: new Settings({ dataDir } as SettingsValues) },
      { provide: FileSystem, useValue: new NodeFileSystem() },
      { provide: Clock, useValue: new SystemClock() },
      { provide: Logger, useValue: new SilentLogger() },
    ];
    @Global()
    @Module({ providers, exports: providers.map(({ provide }) => provide) })
    class Platform {}
    const tested = await Test.createTestingModule({ imports: [Platform, StorageModule] }).compile();
    const app = await tested.init();
    const store = app.get(RecordStore);
    const meta = { actor: 'a', source: 's', verb: 'v' };
    expect(await store.commit([{ kind: 'route', id: 'r', op: 'put', doc: {} }], meta)).toBe(1);
    expect(await readdir(join(dataDir, 'services'))).toContain('lock');
    await app.close();
    expect(await readdir(join(dataDir, 'services'))).not.toContain('lock');
    await rm(dataDir, { recursive: true, force: true });
  });
});
