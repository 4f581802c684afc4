import { describe, expect, it } from '@jest/globals';
import { ProblemError } from '../kernel/problem.js';
import { readApprovalRequest } from './approval-request.js';

const HASH = 'a'.repeat(64);

describe('readApprovalRequest', () => {
  it('answers the hash', () => {
    expect(readApprovalRequest({ hash: HASH })).toBe(HASH);
  });

  it.each<[unknown, string]>([
    [null, ''],
    [[], ''],
    [{}, '/hash'],
    [{ hash: 1 }, '/hash'],
    [{ hash: HASH.toUpperCase() }, '/hash'],
    [{ hash: HASH, force: true }, '/force'],
  ])('refuses %j and points at %s', (body, pointer) => {
    let thrown: unknown = null;
    try {
      readApprovalRequest(body);
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toBeInstanceOf(ProblemError);
    const { code, details } = thrown as ProblemError;
    expect(code).toBe('health.body-invalid');
    expect(details.errors?.[0]?.pointer).toBe(pointer);
  });
});
