import { defineProblems } from '../kernel/problem.js';

/** The closed list of what the lifecycle refuses or reports. */
export const lifecycleProblems = defineProblems('lifecycle', {
  'activation-failed': {
    status: 422,
    title: 'The service could not be activated',
    action: 'Mend what the stage and the reason name, then send the change again or activate it.',
    level: 'info',
  },
  'transition-refused': {
    status: 409,
    title: 'The service cannot make that move from its present state',
    action: 'Choose one of the moves that are allowed, or wait until the present one has ended.',
    level: 'info',
  },
  'not-serving': {
    status: 503,
    title: 'The service does not serve now',
    action: 'See the conditions of the service; retry after the time given.',
    level: 'info',
  },
});
