import { defineProblems } from '../kernel/problem.js';

/** The closed list of what the routes module refuses. */
export const routesProblems = defineProblems('routes', {
  'path-invalid': {
    status: 422,
    title: 'The path is not a route',
    action:
      'Write `/mcp/` and at most 8 segments of `a-z 0-9 . _ -`; a segment may be `{name}`, the last one `*`.',
    level: 'info',
  },
  reserved: {
    status: 422,
    title: 'The path is reserved',
    action: 'Choose a path below `/mcp/` that does not end in `sse` or `message`.',
    level: 'info',
  },
  'not-owner': {
    status: 422,
    title: 'The path belongs to another service',
    action: 'Choose a first segment that is not the name of another service.',
    level: 'info',
  },
  'version-mismatch': {
    status: 422,
    title: 'The path and the version of the route disagree',
    action: 'Leave `version` out, or write the same one after `/v/`.',
    level: 'info',
  },
  'version-unknown': {
    status: 422,
    title: 'The service has no such version',
    action: 'Name a revision number or the version of a stored revision of the service.',
    level: 'info',
  },
  'path-conflict': {
    status: 409,
    title: 'Another route matches exactly the same paths with the same priority',
    action: 'Change the path or the priority; `conflicts` names both sides.',
    level: 'info',
  },
  unknown: {
    status: 404,
    title: 'There is no such route',
    action: 'List the routes with `GET /api/v1/routes`.',
    level: 'debug',
  },
  'service-unknown': {
    status: 404,
    title: 'There is no such service',
    action: 'List the services with `GET /api/v1/services`.',
    level: 'debug',
  },
  derived: {
    status: 409,
    title: 'The route follows from its service',
    action:
      'Change `network.routes` or the name of the service; only routes created here can be deleted here.',
    level: 'info',
  },
  'query-invalid': {
    status: 400,
    title: 'The query is not understood',
    action: 'Correct or leave out the parameters that `errors` points at.',
    level: 'debug',
  },
  'body-invalid': {
    status: 422,
    title: 'The body is not a route',
    action: 'Correct the members that `errors` points at.',
    level: 'debug',
  },
  'if-match-missing': {
    status: 428,
    title: 'The request needs If-Match',
    action: 'Send the ETag of the route as `If-Match`.',
    level: 'debug',
  },
  'etag-stale': {
    status: 412,
    title: 'The route is not what the request thinks it is',
    action: 'Read the route again and decide anew; `etag` is the current one.',
    level: 'debug',
  },
  denied: {
    status: 403,
    title: 'The caller may not use this endpoint',
    action: 'Use credentials with the scopes that the service asks for.',
    level: 'info',
  },
  unauthenticated: {
    status: 401,
    title: 'The endpoint needs credentials',
    action: 'Send an API key as `Authorization: Bearer <key>`.',
    level: 'info',
  },
});
