import { expect, it } from '@jest/globals';
import type { ServerResponse } from 'node:http';
import { answeredProblem, noteProblem } from './answered-problem.js';

it('remembers the problem of each response by itself', () => {
  const [one, other] = [{} as ServerResponse, {} as ServerResponse];
  noteProblem(one, 'registry.unknown');
  expect([answeredProblem(one), answeredProblem(other)]).toEqual(['registry.unknown', null]);
});
