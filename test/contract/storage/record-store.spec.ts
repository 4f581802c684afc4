import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SystemClock } from '../../../src/kernel/clock.js';
import { SilentLogger } from '../../../src/kernel/logger.js';
import { FileStore } from '../../../src/storage/file.store.js';
import { MemoryStore } from '../../../src/storage/memory.store.js';
import { NodeFileSystem } from '../../../src/storage/node.file-system.js';
import { describeRecordStore } from './record-store.contract.js';

describeRecordStore('MemoryStore', async () => {
  const store = new MemoryStore(new SystemClock());
  await store.open();
  return { store, reopen: null, dispose: () => Promise.resolve() };
});

describeRecordStore('FileStore', async () => {
  const parent = await mkdtemp(join(tmpdir(), 'record-store-'));
  const open = async (): Promise<FileStore> => {
    const store = new FileStore({
      directory: join(parent, 'services'),
      fileSystem: new NodeFileSystem(),
      clock: new SystemClock(),
      logger: new SilentLogger(),
    });
    await store.open();
    return store;
  };
  const store = await open();
  return {
    store,
    reopen: async () => {
      await store.close();
      return open();
    },
    dispose: () => rm(parent, { recursive: true, force: true }),
  };
});
