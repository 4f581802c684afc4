import { describe, expect, it } from '@jest/globals';
import { defineProblems, problemDocument, registeredProblems } from './problem.js';

const problems = defineProblems('sample', {
  'too-late': { status: 409, title: 'Too late', action: 'Come earlier.', level: 'info' },
});

describe('a declared problem', () => {
  it('has the code of its module and is on the list of all problems', () => {
    expect(problems['too-late']().code).toBe('sample.too-late');
    expect(registeredProblems().get('sample.too-late')?.status).toBe(409);
  });

  it('becomes an RFC 9457 document with pointers, the next action and its own members', () => {
    const error = problems['too-late']({
      detail: 'it is past noon',
      errors: [{ pointer: '/at', detail: 'must be before noon' }],
      retry_after_s: 5,
      extra: { service_id: 'x' },
    });
    expect(problemDocument(error, { instance: '/api/v1/x', request_id: 'r1' })).toEqual({
      type: 'urn:switchyard:problem:sample.too-late',
      title: 'Too late',
      status: 409,
      detail: 'it is past noon',
      code: 'sample.too-late',
      action: 'Come earlier.',
      instance: '/api/v1/x',
      request_id: 'r1',
      errors: [{ pointer: '/at', detail: 'must be before noon' }],
      retry_after_s: 5,
      service_id: 'x',
    });
  });

  it('tells its title when no detail is given', () => {
    expect(problems['too-late']().message).toBe('Too late');
    expect(problems['too-late']('because').message).toBe('because');
  });
});
