import { beforeEach, describe, expect, it } from '@jest/globals';
import { EventEmitter } from 'node:events';
import type { ServerResponse } from 'node:http';
import { ManualClock, settle } from '../../test/support/manual-clock.js';
import type { Principal } from '../auth/principal.js';
import { SilentLogger } from '../kernel/logger.js';
import { MemoryStore } from '../storage/memory.store.js';
import { ChangesService } from './changes.service.js';
import { StreamDesk } from './stream-desk.js';

const ALL: Principal = { id: 'a', kind: 'local', scopes: new Set(), services: null };
const KEPT = 5;

class FakeResponse extends EventEmitter {
  text = '';
  writableLength = 0;
  writableNeedDrain = false;
  writeHead(): void {}
  flushHeaders(): void {}
  write(chunk: string): void {
    this.text += chunk;
  }
  destroy(): void {
    this.emit('close');
  }
  get ids(): string[] {
    return [...this.text.matchAll(/id: (\d+)\nevent: (\w+)/g)].map(
      ([, id, event]) => `${event} ${id}`,
    );
  }
}

describe('ChangesService', () => {
  let clock: ManualClock;
  let store: MemoryStore;
  let desk: StreamDesk;
  let changes: ChangesService;

  beforeEach(async () => {
    clock = new ManualClock();
    store = new MemoryStore(clock, new SilentLogger(), KEPT);
    await store.open();
    desk = new StreamDesk(clock);
    const registry = { find: () => undefined } as unknown as ConstructorParameters<
      typeof ChangesService
    >[1];
    changes = new ChangesService(store, registry, clock, desk);
  });

  const write = (count = 1): Promise<void> =>
    Array.from({ length: count }).reduce<Promise<void>>(async (before) => {
      await before;
      const change = { kind: 'template', id: 't', op: 'put', doc: { n: store.revision } } as const;
      await store.commit([change], { actor: 'a', source: 'api', verb: 'test' });
    }, Promise.resolve());

  const poll = (query: { since?: number; wait?: number; limit?: number }) =>
    changes.poll(query, ALL, new AbortController().signal);

  it('answers pages that follow on one another', async () => {
    await write(4);
    const first = await poll({ since: 0, limit: 3 });
    expect(first.items.map(({ revision }) => revision)).toEqual([1, 2, 3]);
    expect(await poll({ since: first.next })).toMatchObject({
      items: [{ revision: 4 }],
      next: 4,
      revision: 4,
    });
    expect(await poll({})).toEqual({ items: [], next: 4, revision: 4 });
  });

  it('waits for the next commit, at most as long as asked', async () => {
    const waiting = poll({ since: 0, wait: 10 });
    await settle();
    await write();
    expect(await waiting).toMatchObject({ items: [{ revision: 1 }] });
    const inVain = poll({ since: 1, wait: 10 });
    await clock.advance(10_000);
    expect(await inVain).toMatchObject({ items: [], next: 1 });
    expect(clock.pendingTimers).toBe(0);
  });

  it('refuses what is past retention and what is still to come', async () => {
    await write(KEPT + 3);
    await expect(poll({ since: 0 })).rejects.toMatchObject({ code: 'storage.compacted' });
    await expect(poll({ since: 99 })).rejects.toMatchObject({ code: 'discovery.query-invalid' });
  });

  it('streams what was and what comes, each once, with bookmarks in silence', async () => {
    await write(2);
    const response = new FakeResponse();
    const streaming = changes.stream(0, ALL, response as unknown as ServerResponse);
    await settle();
    await write(2);
    await settle();
    await clock.advance(15_000);
    expect(response.ids).toEqual([
      'bookmark 0',
      'change 1',
      'change 2',
      'change 3',
      'change 4',
      'bookmark 4',
    ]);
    response.emit('close');
    await streaming;
    expect([desk.count, clock.pendingTimers]).toEqual([0, 0]);
  });

  it('never tells a client that reads slowly to go on before what it was sent', async () => {
    await write(3);
    const response = new FakeResponse();
    response.writableNeedDrain = true;
    const streaming = changes.stream(0, ALL, response as unknown as ServerResponse);
    await settle();
    await clock.advance(15_000);
    expect(response.ids).toEqual(['bookmark 0', 'change 1', 'bookmark 1']);
    response.writableNeedDrain = false;
    response.emit('drain');
    await settle();
    expect(response.ids.slice(3)).toEqual(['change 2', 'change 3']);
    response.emit('close');
    await streaming;
  });

  it('drops a client that reads nothing for a minute, and remembers nothing of it', async () => {
    await write(3);
    const response = new FakeResponse();
    response.writableNeedDrain = true;
    const streaming = changes.stream(0, ALL, response as unknown as ServerResponse);
    await settle();
    await clock.advance(60_000);
    await streaming;
    expect([desk.count, clock.pendingTimers]).toEqual([0, 0]);
    expect(response.ids.filter((id) => id.startsWith('change'))).toEqual(['change 1']);
  });

  it('answers a stream past retention as a problem, before anything is written', async () => {
    await write(KEPT + 3);
    const response = new FakeResponse();
    const streaming = changes.stream(0, ALL, response as unknown as ServerResponse);
    await expect(streaming).rejects.toMatchObject({ code: 'storage.compacted' });
    expect([response.text, desk.count]).toEqual(['', 0]);
  });

  it('refuses a stream too many', () => {
    for (let n = 0; n < 64; n += 1) desk.open(new FakeResponse() as unknown as ServerResponse);
    const oneMore = (): unknown => desk.open(new FakeResponse() as unknown as ServerResponse);
    expect(oneMore).toThrow('Too many event streams are open');
  });
});
