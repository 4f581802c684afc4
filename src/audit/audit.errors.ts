import { defineProblems } from '../kernel/problem.js';

/** Why the audit trail is not shown. */
export const auditProblems = defineProblems('audit', {
  'query-invalid': {
    status: 400,
    title: 'The query is not valid',
    action: 'Mend the parameters that `errors` points at.',
    level: 'info',
  },
  'all-services-needed': {
    status: 403,
    title: 'The audit trail is of all services',
    action: 'Use an admin key that is not limited to some services.',
    level: 'warn',
  },
});
