import { describe, expect, it } from '@jest/globals';
import { checkTimeoutMs, completeMembers, DEFAULT_CHECKS, DEFAULT_CONFIG } from './defaults.js';
import { validateFragment } from './config-schema.js';
import type { JsonObject } from '../kernel/json.js';

describe('the defaults', () => {
  it('are within the bounds of the schema', () => {
    const checks = Object.values(DEFAULT_CHECKS);
    expect(validateFragment({ ...DEFAULT_CONFIG, monitoring: { checks } }, '')).toEqual([]);
  });

  it('of a check are taken for its timeout where it has none of its own', () => {
    const { timeout_ms, ...without } = DEFAULT_CHECKS.functional;
    expect(timeout_ms).toBe(10_000);
    expect(checkTimeoutMs(without)).toBe(10_000);
    expect(checkTimeoutMs({ ...without, timeout_ms: 50 })).toBe(50);
    expect(checkTimeoutMs(DEFAULT_CHECKS.performance)).toBe(0);
  });

  it('cannot be changed', () => {
    expect(Object.isFrozen(DEFAULT_CONFIG.runtime.restart)).toBe(true);
    expect(Object.isFrozen(DEFAULT_CHECKS.basic)).toBe(true);
  });

  it('check every 10 s that the process answers and every 60 s that a tool runs', () => {
    expect(DEFAULT_CHECKS.basic).toMatchObject({
      interval_ms: 10_000,
      timeout_ms: 2000,
      fail_after: 3,
      pass_after: 2,
    });
    expect(DEFAULT_CHECKS.functional).toMatchObject({
      interval_ms: 60_000,
      timeout_ms: 10_000,
      fail_after: 2,
      pass_after: 2,
    });
  });
});

describe('completeMembers', () => {
  it('adds the kinds of check that are not listed and says where', () => {
    const config = structuredClone(DEFAULT_CONFIG) as unknown as JsonObject;
    expect(completeMembers(config)).toEqual({
      added: Object.keys(DEFAULT_CHECKS).map((_kind, at) => `/monitoring/checks/${String(at)}`),
    });
    expect(completeMembers(config)).toEqual({ added: [] });
  });
});
