import { describe, expect, it } from '@jest/globals';
import { ProblemError } from '../kernel/problem.js';
import {
  readCreateMembers,
  readDriftBody,
  readPatch,
  readPinBody,
  readRevisionNumber,
  readRollbackBody,
  withoutBookkeeping,
} from './request-body.js';

const ID = '3f0c2a52-6a0f-4f0e-9f58-0a8f3b9f6f01';

function thrown(run: () => unknown): ProblemError {
  try {
    run();
  } catch (error) {
    if (error instanceof ProblemError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}

describe('readCreateMembers', () => {
  it.each([
    [
      { name: 'a', draft: true, service_id: ID.toUpperCase() },
      { draft: true, service_id: ID },
    ],
    [
      { draft: null, service_id: null },
      { draft: false, service_id: undefined },
    ],
    [{}, { draft: false, service_id: undefined }],
    [undefined, { draft: false, service_id: undefined }],
  ])('reads %j', (input, expected) => {
    expect(readCreateMembers(input)).toEqual(expected);
  });
});

describe('withoutBookkeeping', () => {
  it('leaves what is asked for and what is unknown', () => {
    const body = { name: 'a', desired: 'active', candidate: null, generation: 3, colour: 1 };
    expect(withoutBookkeeping(body)).toEqual({ name: 'a', colour: 1 });
  });

  it.each([[null], [[]], ['a']])('leaves %j for the registry to refuse', (input) => {
    expect(withoutBookkeeping(input)).toEqual(input);
  });
});

describe('readPatch', () => {
  it.each([[null], [['a']], [7], [undefined]])(
    'refuses %p, which would replace everything',
    (input) => {
      expect(thrown(() => readPatch(input)).code).toBe('registration.invalid-request');
    },
  );

  it('keeps nulls, which delete', () => {
    expect(readPatch({ title: null, generation: 4 })).toEqual({ title: null });
  });

  it('refuses one that is too deep to be walked', () => {
    let deep: object = {};
    for (let depth = 0; depth < 50_000; depth += 1) deep = { x: deep };
    expect(thrown(() => readPatch(deep)).code).toBe('registration.invalid-request');
  });
});

describe('readRollbackBody', () => {
  it('answers the revision', () => {
    expect(readRollbackBody({ revision: 2 })).toBe(2);
  });

  it.each([
    [undefined, ['']],
    [{}, ['/revision']],
    [{ revision: 0 }, ['/revision']],
    [{ revision: 1.5 }, ['/revision']],
    [{ revision: '1' }, ['/revision']],
    [{ revision: 1, to: 2 }, ['/to']],
  ])('refuses %j', (input, pointers) => {
    const { details } = thrown(() => readRollbackBody(input));
    expect(details.errors?.map((error) => error.pointer)).toEqual(pointers);
  });
});

describe('the small bodies', () => {
  it.each(['adopt', 'revert'])('of a drift: %s', (action) => {
    expect(readDriftBody({ action })).toBe(action);
  });

  it('of a pin', () => {
    expect([readPinBody({ pinned: true }), readPinBody({ pinned: false })]).toEqual([true, false]);
  });

  it.each<[() => unknown, string[]]>([
    [() => readDriftBody({ action: 'burn' }), ['/action']],
    [() => readDriftBody({ action: 'adopt', now: true }), ['/now']],
    [() => readDriftBody([]), ['']],
    [() => readPinBody({ pinned: 'yes' }), ['/pinned']],
    [() => readPinBody({}), ['/pinned']],
  ])('are refused with pointers: %s', (read, pointers) => {
    expect(thrown(read).details.errors?.map(({ pointer }) => pointer)).toEqual(pointers);
  });

  it('and the number of a revision in a path', () => {
    expect(readRevisionNumber('12')).toBe(12);
    for (const text of ['0', '-1', '1.5', 'x', '', '1e3', '99999999999']) {
      expect(thrown(() => readRevisionNumber(text)).code).toBe('registry.revision-unknown');
    }
  });
});
