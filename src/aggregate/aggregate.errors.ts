import { defineProblems } from '../kernel/problem.js';

/** Why `/mcp` answers no MCP message at all. */
export const aggregateProblems = defineProblems('aggregate', {
  'selection-invalid': {
    status: 400,
    title: 'The selection of services is not understood',
    action: 'Use services=<name>,<name>, tags=<tag>,<tag> and mode=search.',
    level: 'debug',
  },
  'service-unknown': {
    status: 404,
    title: 'The selection names a service that is not there',
    action: 'Leave the name out, or choose one of the services that the key may use.',
    level: 'debug',
  },
  'service-guarded': {
    status: 403,
    title: 'The service cannot be reached through /mcp',
    action: 'Connect to the service at its own path: its guard needs the HTTP request.',
    level: 'info',
  },
});
