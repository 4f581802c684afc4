import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { CallRing } from './call-ring.js';

interface Item {
  readonly id: number;
}

const idsOf = (ring: CallRing<Item>): number[] =>
  [...ring.values()].map(({ id }) => id).sort((a, b) => a - b);

describe('a ring of calls', () => {
  it('holds what a map would, whatever comes and goes', () => {
    const step = fc.oneof({ weight: 3, arbitrary: fc.constant(null) }, fc.nat(500));
    fc.assert(
      fc.property(fc.array(step, { maxLength: 2000, size: 'max' }), (steps) => {
        const ring = new CallRing<Item>();
        const model = new Map<number, Item>();
        let lastId = 0;
        for (const pick of steps) {
          const id = pick === null ? (lastId += 1) : ([...model.keys()][pick % 70] ?? pick);
          if (pick !== null) expect(ring.delete(id)).toBe(model.delete(id));
          else {
            const item = { id };
            model.set(id, item);
            ring.add(item);
          }
          expect(ring.get(id)).toBe(model.get(id));
          expect(ring.size).toBe(model.size);
        }
        expect(idsOf(ring)).toEqual([...model.keys()].sort((a, b) => a - b));
      }),
      { numRuns: 50 },
    );
  });

  it('stays small while a few slow calls see ten million quick ones go by', () => {
    const ring = new CallRing<Item>();
    const slow = [1, 2, 3].map((id) => ({ id }));
    for (const item of slow) ring.add(item);
    for (let id = 4; id < 10_000_000; id += 1) {
      ring.add({ id });
      if (id >= 20) ring.delete(id - 16);
    }
    expect(ring.room).toBe(64);
    expect(ring.size).toBe(19);
    for (const item of slow) expect(ring.get(item.id)).toBe(item);
    expect(slow.map(({ id }) => ring.delete(id))).toEqual([true, true, true]);
    expect(ring.size).toBe(16);
  });

  it('grows with what is under way at once, up to a bound, and gives the room back', () => {
    const ring = new CallRing<Item>();
    const count = 100_000;
    for (let id = 1; id <= count; id += 1) ring.add({ id });
    expect(ring.room).toBe(65_536);
    expect(ring.size).toBe(count);
    expect(ring.get(1)).toEqual({ id: 1 });
    for (let id = 1; id <= count; id += 1) expect(ring.delete(id)).toBe(true);
    for (let id = count + 1; id <= count + 10; id += 1) {
      ring.add({ id });
      ring.delete(id);
    }
    expect(ring.room).toBe(64);
  });

  it('knows neither what was never there nor what wants the same slot', () => {
    const ring = new CallRing<Item>();
    ring.add({ id: 1 });
    expect(ring.get(65)).toBeUndefined();
    expect(ring.delete(65)).toBe(false);
    expect(ring.delete(1)).toBe(true);
    expect(ring.delete(1)).toBe(false);
  });

  it('may lose items while they are visited', () => {
    const ring = new CallRing<Item>();
    for (let id = 1; id <= 200; id += 1) ring.add({ id });
    for (const { id } of ring.values()) expect(ring.delete(id)).toBe(true);
    expect(ring.size).toBe(0);
  });
});
