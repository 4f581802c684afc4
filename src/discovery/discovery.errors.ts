import { defineProblems } from '../kernel/problem.js';

/** The closed list of what the discovery module refuses. */
export const discoveryProblems = defineProblems('discovery', {
  'query-invalid': {
    status: 400,
    title: 'The query is not understood',
    action: 'Correct or leave out the parameters that `errors` points at.',
    level: 'debug',
  },
  'tool-unknown': {
    status: 404,
    title: 'The service has no such tool',
    action: 'Choose one of `similar`, or list them with GET /api/v1/services/{id}/tools.',
    level: 'debug',
  },
  'arguments-invalid': {
    status: 422,
    title: 'The arguments do not fit the tool',
    action:
      'Correct the members that `errors` points at; the input schema is in the list of tools.',
    level: 'debug',
  },
  'not-mounted': {
    status: 503,
    title: 'The service is not mounted',
    action: 'Activate it, or try again after the time in Retry-After.',
    level: 'info',
  },
  'revision-unknown': {
    status: 404,
    title: 'The service has no such revision',
    action: 'List the revisions with GET /api/v1/services/{id}/revisions.',
    level: 'debug',
  },
  'too-many-streams': {
    status: 503,
    title: 'Too many event streams are open',
    action: 'Close some, or try again after the time in Retry-After.',
    level: 'warn',
  },
});
