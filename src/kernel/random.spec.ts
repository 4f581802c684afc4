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
});
