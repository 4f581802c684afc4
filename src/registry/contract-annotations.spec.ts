import { describe, expect, it } from '@jest/globals';
import type { JsonObject } from '../kernel/json.js';
import { annotationReasons, executionReasons } from './contract-annotations.js';

describe('the hints of a tool', () => {
  it.each<[string, JsonObject | undefined, JsonObject | undefined, string[]]>([
    ['are the same', { readOnlyHint: true }, { readOnlyHint: true }, []],
    ['become read-only', undefined, { readOnlyHint: true }, ['/annotations']],
    [
      'are not read-only any more',
      { readOnlyHint: true },
      { readOnlyHint: false },
      ['/annotations/readOnlyHint'],
    ],
    ['are gone', { readOnlyHint: true }, undefined, ['/annotations/readOnlyHint']],
    [
      'become destructive',
      { destructiveHint: false },
      { destructiveHint: true },
      ['/annotations/destructiveHint'],
    ],
    [
      'are destructive when nothing is said',
      { destructiveHint: false },
      {},
      ['/annotations/destructiveHint'],
    ],
    ['are not destructive any more', {}, { destructiveHint: false }, ['/annotations']],
    [
      'cannot be repeated any more',
      { idempotentHint: true },
      { idempotentHint: false },
      ['/annotations/idempotentHint'],
    ],
    ['can be repeated now', {}, { idempotentHint: true }, ['/annotations']],
    [
      'say of a read-only tool what only matters for others',
      { readOnlyHint: true, destructiveHint: false, idempotentHint: true },
      { readOnlyHint: true, destructiveHint: true },
      ['/annotations'],
    ],
    ['reach outside now', { openWorldHint: false }, { openWorldHint: true }, ['/annotations']],
  ])('%s', (_name, before, after, pointers) => {
    const reasons = annotationReasons(before, after);
    expect(reasons.map(({ pointer }) => pointer)).toEqual(pointers);
    const isBroken = pointers.some((pointer) => pointer !== '/annotations');
    expect(reasons.every(({ verdict }) => (verdict === 'breaking') === isBroken)).toBe(true);
  });
});

describe('how a tool is carried out', () => {
  it.each([
    ['forbidden', 'optional', 'compatible'],
    ['forbidden', 'required', 'breaking'],
    ['optional', 'required', 'breaking'],
    ['optional', 'forbidden', 'breaking'],
    ['required', 'forbidden', 'breaking'],
    ['required', 'optional', 'compatible'],
  ])('as a task %s and then %s', (before, after, verdict) => {
    const [reason] = executionReasons({ taskSupport: before }, { taskSupport: after });
    expect(reason?.verdict).toBe(verdict);
  });
});
