import { defineProblems } from '../kernel/problem.js';

/** The closed list of what registration refuses of its own; registry, routes, config and lifecycle have theirs. */
export const registrationProblems = defineProblems('registration', {
  'invalid-request': {
    status: 422,
    title: 'The request is not valid',
    action: 'Correct the members named in `errors` and send it again.',
    level: 'info',
  },
  'invalid-query': {
    status: 400,
    title: 'The query is not valid',
    action: 'Correct the parameters named in `errors`.',
    level: 'info',
  },
  superseded: {
    status: 409,
    title: 'A newer command took the place of this one',
    action: 'Read the service; its document shows what the newer command made of it.',
    level: 'info',
  },
  'idempotency-key-invalid': {
    status: 400,
    title: 'The Idempotency-Key is not valid',
    action: 'Send 1 to 255 printable ASCII characters, such as a UUID.',
    level: 'info',
  },
  'idempotency-mismatch': {
    status: 422,
    title: 'The Idempotency-Key was used with another request body',
    action: 'Send the first body again, or use a new key for this one.',
    level: 'info',
  },
  'idempotency-answer-dropped': {
    status: 409,
    title: 'The request was carried out before, but its answer was too large to keep',
    action:
      'Read the resource to see what the first request made of it; `first_status` says how it ended.',
    level: 'info',
  },
  'rollout-unknown': {
    status: 404,
    title: 'There is no such rollout of a template',
    action: 'GET /api/v1/template-rollouts lists the rollouts that are kept.',
    level: 'debug',
  },
  'rollout-running': {
    status: 409,
    title: 'A rollout of this template is under way',
    action: 'Wait for it to end, or cancel it with POST /api/v1/template-rollouts/{id}/cancel.',
    level: 'info',
  },
  'rollout-ended': {
    status: 409,
    title: 'The rollout has ended',
    action: 'Read it to see what it did; start another one for what is left.',
    level: 'info',
  },
  'rollout-refused': {
    status: 422,
    title: 'The rollout names services that it cannot move',
    action:
      'GET /api/v1/templates/{id}/services lists those that can be; correct the names in `errors`.',
    level: 'info',
  },
  'rollout-overdue': {
    status: 504,
    title: 'A service was not proven in time',
    action: 'Read the service to see what it waits for, then start another rollout for it.',
    level: 'warn',
  },
});
