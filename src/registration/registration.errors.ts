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
});
