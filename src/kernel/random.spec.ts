import { describe, expect, it } from '@jest/globals';
import { isUuid } from './ids.js';
import { SystemRandom } from './random.js';

describe('the system random source', () => {
  const random = new SystemRandom();

  it('makes UUIDs, fractions and bytes of the right shape', () => {
    expect(isUuid(random.uuid())).toBe(true);
    expect(random.fraction()).toBeGreaterThanOrEqual(0);
    expect(random.fraction()).toBeLessThan(1);
    expect(random.bytes(7)).toHaveLength(7);
  });

  it('does not repeat itself', () => {
    expect(random.uuid()).not.toBe(random.uuid());
    expect(random.bytes(16).equals(random.bytes(16))).toBe(false);
  });

  it('hands out every byte once, across the ends of what it fetched', () => {
    const seen = new Set(Array.from({ length: 2000 }, () => random.bytes(12).toString('hex')));
    expect(seen.size).toBe(2000);
    expect([...seen].some((hex) => /^0{12}|0{12}$/.test(hex))).toBe(false);
  });

  it('keeps what it handed out apart from what comes later', () => {
    const first = random.bytes(12);
    const before = first.toString('hex');
    for (let time = 0; time < 1000; time += 1) random.bytes(12).fill(255);
    expect(first.toString('hex')).toBe(before);
    expect(random.bytes(100)).toHaveLength(100);
  });
});
