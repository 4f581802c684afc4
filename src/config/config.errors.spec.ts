import { describe, expect, it } from '@jest/globals';
import { problemOfFaults, type ConfigFault } from './config.errors.js';

const fault = (problem: ConfigFault['problem'], pointer: string): ConfigFault => ({
  problem,
  pointer,
  detail: 'is wrong.',
});

describe('problemOfFaults', () => {
  it('is the faults own problem when all are of one kind', () => {
    const error = problemOfFaults([fault('literal-secret', '/a'), fault('literal-secret', '/b')]);
    expect(error.code).toBe('config.literal-secret');
    expect(error.message).toBe('/a: is wrong. (and 1 more)');
    expect(error.details.errors).toEqual([
      { pointer: '/a', detail: 'is wrong.' },
      { pointer: '/b', detail: 'is wrong.' },
    ]);
  });

  it('is config.invalid when they differ', () => {
    const error = problemOfFaults([fault('literal-secret', '/a'), fault('dangerous-env', '/b')]);
    expect([error.code, error.status]).toEqual(['config.invalid', 422]);
  });
});
