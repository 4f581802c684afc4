import { describe, expect, it } from '@jest/globals';
import { eventId, EventStore, isOwnEventId, readEventId } from './event-store.js';
import { ReplayBudget } from './replay-budget.js';

const texts = (store: EventStore, stream: number, seq: number): string[] =>
  store.after(stream, seq).map((event) => event.message.toString());

describe('an event store', () => {
  it('answers the events of one stream after a number, in order', () => {
    const store = new EventStore(new ReplayBudget());
    const first = store.append(1, Buffer.from('a'), 0);
    store.append(2, Buffer.from('b'), 0);
    store.append(1, Buffer.from('c'), 0);
    expect(texts(store, 1, first)).toEqual(['c']);
    expect(texts(store, 1, 0)).toEqual(['a', 'c']);
    expect(texts(store, 3, 0)).toEqual([]);
  });

  it('drops the oldest past its count and past its bytes', () => {
    const store = new EventStore(new ReplayBudget(), 3, 10);
    for (const text of ['1', '2', '3', '4']) store.append(0, Buffer.from(text), 0);
    expect(texts(store, 0, 0)).toEqual(['2', '3', '4']);
    store.append(0, Buffer.from('ninebytes'), 0);
    expect(texts(store, 0, 0)).toEqual(['4', 'ninebytes']);
  });

  it('keeps the newest whatever its size', () => {
    const store = new EventStore(new ReplayBudget(), 3, 10);
    store.append(0, Buffer.from('a'), 0);
    store.append(0, Buffer.from('longer than all that is allowed'), 0);
    expect(texts(store, 0, 0)).toEqual(['longer than all that is allowed']);
  });

  it('does not hold on to the large buffer that a small message is part of', () => {
    const store = new EventStore(new ReplayBudget());
    const large = Buffer.alloc(1_000_000, 'x');
    store.append(0, large.subarray(0, 10), 0);
    expect(store.after(0, 0)[0]?.message.buffer.byteLength).toBeLessThan(100_000);
  });

  it('numbers a priming event before what follows it', () => {
    const store = new EventStore(new ReplayBudget());
    const primed = store.prime();
    expect(store.append(1, Buffer.from('a'), 0)).toBeGreaterThan(primed);
  });
});

describe('an event id', () => {
  it('is read back in its own life only', () => {
    const id = eventId('abc1', 2, 33);
    expect(readEventId('abc1', id)).toEqual({ stream: 2, seq: 33 });
    expect([readEventId('other', id), isOwnEventId(id)]).toEqual([null, true]);
  });

  it.each(['', 'up-1', 'syabc1-2', 'syabc1-2-x', 'syabc1-2-3 ', 'xsyabc1-2-3'])(
    '%j is none of ours',
    (id) => {
      expect([readEventId('abc1', id), isOwnEventId(id)]).toEqual([null, false]);
    },
  );
});
