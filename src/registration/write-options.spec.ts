import { describe, expect, it } from '@jest/globals';
import { ProblemError } from '../kernel/problem.js';
import { readWriteOptions } from './write-options.js';

const NONE = { prefer: undefined, ifMatch: undefined };
const ALL = ['dry_run', 'on_failure', 'force', 'cascade'] as const;

function pointers(query: Record<string, unknown>): readonly string[] {
  try {
    readWriteOptions({ ...NONE, query }, ['dry_run', 'on_failure']);
  } catch (error) {
    if (error instanceof ProblemError)
      return (error.details.errors ?? []).map((each) => each.pointer);
  }
  return [];
}

describe('readWriteOptions', () => {
  it('has defaults for everything', () => {
    expect(readWriteOptions({ ...NONE, query: {} }, ALL)).toEqual({
      register: { wait_ms: 30_000, dry_run: false, on_failure: undefined },
      update: { wait_ms: 30_000, dry_run: false, ifMatch: undefined },
      remove: {
        wait_ms: 30_000,
        dry_run: false,
        ifMatch: undefined,
        force: false,
        cascade: undefined,
      },
      command: { wait_ms: 30_000, dry_run: false, ifMatch: undefined },
      applied: null,
    });
  });

  it('reads every parameter', () => {
    const query = { dry_run: 'true', on_failure: 'discard', force: '', cascade: 'deactivate' };
    const options = readWriteOptions({ query, prefer: 'wait=2', ifMatch: '"3.1"' }, ALL);
    expect(options.register).toEqual({ wait_ms: 2000, dry_run: true, on_failure: 'discard' });
    expect(options.remove).toEqual({
      wait_ms: 2000,
      dry_run: true,
      ifMatch: '"3.1"',
      force: true,
      cascade: 'deactivate',
    });
    expect(options.applied).toBe('wait=2');
  });

  it.each([
    [{}, undefined],
    [{ allow_breaking: '' }, true],
    [{ allow_breaking: 'true' }, true],
    [{ allow_breaking: 'false' }, false],
  ])('leaves open what %j says of breaking', (query, expected) => {
    const { update } = readWriteOptions({ ...NONE, query }, ['allow_breaking']);
    expect(update.allow_breaking).toBe(expected);
  });

  it.each<[Record<string, unknown>, string[]]>([
    [{ dry_run: 'yes' }, ['#query/dry_run']],
    [{ dry_run: ['true', 'true'] }, ['#query/dry_run']],
    [{ on_failure: 'ignore' }, ['#query/on_failure']],
    [{ force: 'true' }, ['#query/force']],
    [{ color: 'red', dry_run: 'maybe' }, ['#query/color', '#query/dry_run']],
  ])('refuses %j', (query, expected) => {
    expect(pointers(query)).toEqual(expected);
  });
});
