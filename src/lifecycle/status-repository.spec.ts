import { beforeEach, describe, expect, it } from '@jest/globals';
import { MemoryStore } from '../storage/memory.store.js';
import { ManualClock } from '../../test/support/manual-clock.js';
import { StatusRepository } from './status-repository.js';

const ID = '00000000-0000-4000-8000-000000000001';

describe('the status repository', () => {
  const clock = new ManualClock();
  let store: MemoryStore;
  let statuses: StatusRepository;

  beforeEach(async () => {
    store = new MemoryStore(clock);
    await store.open();
    statuses = new StatusRepository(store, clock, () => 'active');
  });

  it('answers a draft before anything is stored, at version 0', () => {
    expect(statuses.read(ID).state).toBe('draft');
    expect(statuses.version(ID)).toBe(0);
  });

  it('dates a change of state, and nothing else', async () => {
    const first = await statuses.update(ID, 'status.validating', () => ({ state: 'validating' }));
    await clock.advance(1000);
    const second = await statuses.update(ID, 'status.tools', () => ({ tools: [{ name: 'a' }] }));
    expect(first.before.state).toBe('draft');
    expect(second.after).toMatchObject({ state: 'validating', changed_at: first.after.changed_at });
    expect(statuses.version(ID)).toBe(2);
  });

  it('writes nothing when nothing is to change', async () => {
    await statuses.update(ID, 'status.none', () => null);
    expect(store.revision).toBe(0);
  });

  it('lets no change go lost, however many come at once', async () => {
    const add = (name: string) =>
      statuses.update(ID, 'status.tools', ({ tools }) => ({ tools: [...tools, { name }] }));
    await Promise.all(['a', 'b', 'c'].map(add));
    expect(statuses.read(ID).tools.map(({ name }) => name)).toEqual(['a', 'b', 'c']);
  });

  it('tries again over a conflict, but not for ever', async () => {
    const meddle = () =>
      store.commit([{ kind: 'service_status', id: ID, op: 'put', doc: { ...statuses.read(ID) } }], {
        actor: 'x',
        source: 'test',
        verb: 'x',
      });
    let meddled: Promise<unknown> | null = null;
    await statuses.update(ID, 'status.once', () => {
      meddled ??= meddle();
      return { state: 'validating' };
    });
    expect(statuses.read(ID).state).toBe('validating');
    const always = statuses.update(ID, 'status.always', () => {
      void meddle();
      return { state: 'error' };
    });
    await expect(always).rejects.toMatchObject({ code: 'storage.version-conflict' });
  });

  it('removes what is there, and minds not what is not', async () => {
    await statuses.update(ID, 'status.x', () => ({ state: 'validating' }));
    await statuses.remove(ID);
    await statuses.remove(ID);
    expect(statuses.version(ID)).toBe(0);
  });
});
