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
});
