import { defineProblems } from '../kernel/problem.js';

/** What the data plane answers where no JSON-RPC request is being answered, and what a REST tool call may end in. */
export const gatewayProblems = defineProblems('gateway', {
  denied: {
    status: 403,
    title: 'The caller may not use this service',
    action: 'Ask for a key with the scope and the services that are needed.',
    level: 'info',
  },
  'tool-denied': {
    status: 403,
    title: 'The tool may not be called',
    action: 'Choose a tool that the service allows; GET its tools to see them.',
    level: 'info',
  },
  'unknown-route': {
    status: 404,
    title: 'Nothing is mounted at this path',
    action: 'List the services to see where they are mounted.',
    level: 'debug',
  },
  'method-not-allowed': {
    status: 405,
    title: 'The method is not allowed here',
    action: 'Use one of the methods in the Allow header.',
    level: 'debug',
  },
  'not-acceptable': {
    status: 406,
    title: 'The client accepts nothing that is sent here',
    action: 'Accept application/json and text/event-stream.',
    level: 'debug',
  },
  'body-too-large': {
    status: 413,
    title: 'The request body is too large',
    action: 'Send less, or raise the limit of the service.',
    level: 'info',
  },
  'unsupported-media-type': {
    status: 415,
    title: 'The body has to be plain application/json',
    action: 'Send application/json without a content encoding.',
    level: 'debug',
  },
  limited: {
    status: 429,
    title: 'Too many calls',
    action: 'Try again after the time in Retry-After.',
    level: 'info',
  },
  busy: {
    status: 503,
    title: 'Too many calls are under way',
    action: 'Try again after the time in Retry-After.',
    level: 'warn',
  },
  unavailable: {
    status: 503,
    title: 'The service does not serve now',
    action: 'Look at its conditions and health; try again after the time in Retry-After.',
    level: 'info',
  },
  draining: {
    status: 503,
    title: 'The gateway is shutting down',
    action: 'Try again after the time in Retry-After.',
    level: 'info',
  },
  'too-many-hops': {
    status: 508,
    title: 'The request went through too many gateways',
    action: 'Look for services that point back at this gateway.',
    level: 'warn',
  },
  'guard-failed': {
    status: 500,
    title: "The service's guard failed",
    action: 'Look for the request id in the log.',
    level: 'error',
  },
  'upstream-failed': {
    status: 502,
    title: 'The service behind the gateway failed',
    action: 'Look at its health and logs; the call may have run.',
    level: 'warn',
  },
  'upstream-refused': {
    status: 422,
    title: 'The service behind the gateway refused the call',
    action: 'Read the detail and change the call.',
    level: 'info',
  },
  'upstream-timeout': {
    status: 504,
    title: 'The service behind the gateway did not answer in time',
    action: 'Try a smaller call or raise its timeout; the call may have run.',
    level: 'warn',
  },
});
