import type { ProblemError } from '../kernel/problem.js';
import type { Conflict } from './record-table.js';
import { storageProblems } from './storage.errors.js';

/** The problem of an expectation that does not hold, with what was expected and what is there. */
export function versionConflict(conflict: Conflict): ProblemError {
  const { kind, id, expect, actual } = conflict;
  const expected = expect === null ? 'no record' : `version ${expect}`;
  const found = actual === null ? 'none' : `version ${actual}`;
  return storageProblems['version-conflict']({
    detail: `Expected ${expected} of ${kind} "${id}", found ${found}.`,
    extra: { kind, id, expected: expect, actual },
  });
}
