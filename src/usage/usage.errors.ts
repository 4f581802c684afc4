import { defineProblems } from '../kernel/problem.js';

/** The closed list of what usage refuses. */
export const usageProblems = defineProblems('usage', {
  'query-invalid': {
    status: 400,
    title: 'The query is not valid',
    action: 'Correct the parameters named in `errors`: tools is 1 to 50.',
    level: 'debug',
  },
});
