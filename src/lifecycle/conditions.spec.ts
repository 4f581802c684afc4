import { describe, expect, it } from '@jest/globals';
import { conditionOf, withCondition, withConditions, withoutConditions } from './conditions.js';
import type { Condition } from './service-status.js';

const READY: Condition = {
  type: 'Ready',
  status: 'true',
  reason: 'Proven',
  message: 'it serves',
  since: 'monday',
};

describe('a condition', () => {
  it('is dated when it is new', () => {
    const { since, ...change } = READY;
    expect(withCondition([], change, since)).toEqual([READY]);
  });

  it.each([
    ['status', { status: 'false' as const }, 'tuesday'],
    ['reason', { reason: 'Restarted' }, 'tuesday'],
    ['message', { message: 'in other words' }, 'monday'],
  ])('whose %s changes is since %3$s', (_what, change, since) => {
    const [after] = withCondition([READY], { ...READY, ...change }, 'tuesday');
    expect(after).toEqual({ ...READY, ...change, since });
  });

  it('that does not change leaves the very same array', () => {
    const before = [READY];
    expect(withCondition(before, READY, 'tuesday')).toBe(before);
    expect(withoutConditions(before, ['Degraded'])).toBe(before);
  });

  it('keeps its place among others, and goes alone', () => {
    const degraded = { ...READY, type: 'Degraded' as const };
    const all = withConditions([READY], [degraded, { ...READY, reason: 'Other' }], 'tuesday');
    expect(all.map(({ type }) => type)).toEqual(['Ready', 'Degraded']);
    expect(withoutConditions(all, ['Ready']).map(({ type }) => type)).toEqual(['Degraded']);
    expect(conditionOf(all, 'Ready')?.reason).toBe('Other');
    expect(conditionOf(all, 'Secure')).toBeUndefined();
  });
});
