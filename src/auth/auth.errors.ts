import { defineProblems } from '../kernel/problem.js';

/** Why a request is refused before it reaches what it asks for. */
export const authProblems = defineProblems('auth', {
  'target-malformed': {
    status: 400,
    title: 'The request target is not a path',
    action: 'Send the path alone, from the slash, without scheme, host or fragment',
    level: 'info',
  },
  'host-malformed': {
    status: 400,
    title: 'The Host header is missing or ambiguous',
    action: 'Send exactly one Host header',
    level: 'info',
  },
  'host-refused': {
    status: 403,
    title: 'This host name is not served',
    action: 'Use localhost or the public URL, or add the name to SWITCHYARD_ALLOWED_HOSTS',
    level: 'warn',
  },
  'origin-refused': {
    status: 403,
    title: 'Pages of this origin may not use the gateway',
    action: 'Add the origin to SWITCHYARD_ALLOWED_ORIGINS if the page is to be trusted',
    level: 'warn',
  },
  'content-type-refused': {
    status: 415,
    title: 'The body has an unsupported media type',
    action: 'Send JSON with the content type application/json',
    level: 'info',
  },
  'own-header-missing': {
    status: 415,
    title: 'A write without a body needs a header that no web page can send unasked',
    action: 'Send the content type application/json, or a header such as X-Requested-With',
    level: 'info',
  },
  'credentials-missing': {
    status: 401,
    title: 'Valid credentials are needed',
    action: 'Send an API key as "Authorization: Bearer <key>" or "X-API-Key: <key>"',
    level: 'info',
  },
  'scope-missing': {
    status: 403,
    title: 'The credentials do not allow this',
    action: 'Use a key that has the scope named in the detail',
    level: 'warn',
  },
  'service-unknown': {
    status: 404,
    title: 'The credentials give access to no such service',
    action: 'List the services that the key may use with GET /api/v1/services',
    level: 'info',
  },
  'signature-refused': {
    status: 401,
    title: 'The webhook signature is not valid',
    action: 'Sign "<webhook-id>.<webhook-timestamp>.<body>" with a configured secret, now',
    level: 'warn',
  },
  'signature-replayed': {
    status: 409,
    title: 'This webhook was received already',
    action: 'Send a retry with a new webhook-timestamp and signature',
    level: 'warn',
  },
});
