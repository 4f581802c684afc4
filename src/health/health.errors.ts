import { defineProblems } from '../kernel/problem.js';

/** The closed list of what health refuses. */
export const healthProblems = defineProblems('health', {
  'query-invalid': {
    status: 400,
    title: 'The query is not valid',
    action:
      'Correct the parameters named in `errors`: check is the name of a check, limit 1 to 1000.',
    level: 'debug',
  },
  'body-invalid': {
    status: 422,
    title: 'The body is not valid',
    action: 'Correct the members that `errors` points at; hash is the present_hash of the pins.',
    level: 'debug',
  },
  'tools-changed-again': {
    status: 409,
    title: 'The tools are not those that you want to approve',
    action:
      'Read GET /api/v1/services/{id}/tool-pins again, and approve the hash in `present_hash` if you agree with it.',
    level: 'info',
  },
  'tools-unlisted': {
    status: 409,
    title: 'The service has never listed its tools',
    action: 'Activate the service: what it is proven with is approved with its revision.',
    level: 'info',
  },
});
