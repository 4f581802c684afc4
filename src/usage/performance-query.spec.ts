import { describe, expect, it } from '@jest/globals';
import { ProblemError } from '../kernel/problem.js';
import { readPerformanceQuery } from './performance-query.js';

describe('the query of performance', () => {
  it.each([
    [{}, 10],
    [{ tools: '1' }, 1],
    [{ tools: '50' }, 50],
  ])('%p asks for %p tools', (query, expected) => {
    expect(readPerformanceQuery(query)).toBe(expected);
  });

  it.each([
    [{ tools: '0' }, '#query/tools'],
    [{ tools: '51' }, '#query/tools'],
    [{ tools: ['1', '2'] }, '#query/tools'],
    [{ top: '5' }, '#query/top'],
  ])('%p is refused', (query, pointer) => {
    let error: unknown;
    try {
      readPerformanceQuery(query);
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toBeInstanceOf(ProblemError);
    expect((error as ProblemError).details.errors?.map((one) => one.pointer)).toEqual([pointer]);
  });
});
