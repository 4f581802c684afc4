import { describe, expect, it } from '@jest/globals';
import { ProblemError } from '../kernel/problem.js';
import { readHistoryQuery } from './history-query.js';

describe('readHistoryQuery', () => {
  it.each([
    [{}, { check: null, limit: 100 }],
    [
      { check: 'basic', limit: '7' },
      { check: 'basic', limit: 7 },
    ],
    [{ limit: '1000' }, { check: null, limit: 1_000 }],
  ])('reads %j', (query, expected) => {
    expect(readHistoryQuery(query)).toEqual(expected);
  });

  it.each<[Record<string, unknown>, string]>([
    [{ limit: '0' }, '#query/limit'],
    [{ limit: '1001' }, '#query/limit'],
    [{ limit: '5x' }, '#query/limit'],
    [{ limit: ['1', '2'] }, '#query/limit'],
    [{ check: '' }, '#query/check'],
    [{ check: ['a', 'b'] }, '#query/check'],
    [{ since: '1' }, '#query/since'],
  ])('refuses %j and says where', (query, pointer) => {
    let error: unknown;
    try {
      readHistoryQuery(query);
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toBeInstanceOf(ProblemError);
    expect((error as ProblemError).details.errors?.map((one) => one.pointer)).toEqual([pointer]);
  });
});
