import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { Slots } from './slots.js';

function contents(slots: Slots<string>): string[] {
  const found: string[] = [];
  slots.forEach((item) => found.push(item));
  return found.sort();
}

describe('slots', () => {
  it('hold what was added and not removed, in as many slots as were ever used at once', () => {
    fc.assert(
      fc.property(fc.array(fc.option(fc.nat(5))), (steps) => {
        const slots = new Slots<string>();
        const model: { slot: number; item: string }[] = [];
        steps.forEach((step, i) => {
          if (step === null || model.length === 0) {
            model.push({ slot: slots.add(String(i)), item: String(i) });
          } else {
            const [gone] = model.splice(step % model.length, 1);
            if (gone !== undefined) slots.remove(gone.slot);
          }
        });
        expect(contents(slots)).toEqual(model.map(({ item }) => item).sort());
        expect(slots.size).toBe(model.length);
      }),
      { numRuns: 200 },
    );
  });

  it('may lose items while they are visited', () => {
    const slots = new Slots<string>();
    const at = ['a', 'b', 'c'].map((item) => slots.add(item));
    const seen: string[] = [];
    slots.forEach((item) => {
      seen.push(item);
      if (item === 'a') slots.remove(at[1] ?? 0);
    });
    expect(seen).toEqual(['a', 'c']);
  });
});
