import { defineProblems } from '../kernel/problem.js';

/** The closed list of what the alerts module refuses. */
export const alertProblems = defineProblems('alerts', {
  'query-invalid': {
    status: 400,
    title: 'The query is not understood',
    action: 'Correct or leave out the parameters that `errors` points at.',
    level: 'debug',
  },
  'body-invalid': {
    status: 422,
    title: 'The body is not valid',
    action: 'Correct the members that `errors` points at.',
    level: 'debug',
  },
  unknown: {
    status: 404,
    title: 'There is no such alert',
    action: 'List the alerts with GET /api/v1/alerts.',
    level: 'debug',
  },
  'not-firing': {
    status: 409,
    title: 'The alert does not fire',
    action: 'Read the alert: only one that fires can be acknowledged.',
    level: 'info',
  },
  'delivery-unknown': {
    status: 404,
    title: 'There is no such notification',
    action: 'List those that wait or are dead with GET /api/v1/alerts/deliveries.',
    level: 'debug',
  },
  'delivery-not-dead': {
    status: 409,
    title: 'The notification is still being delivered',
    action: 'Wait until it is delivered, or until it is dead and can be sent again.',
    level: 'info',
  },
  'receiver-unknown': {
    status: 404,
    title: 'There is no such receiver',
    action: 'List the receivers with GET /api/v1/alerts/receivers.',
    level: 'debug',
  },
});
