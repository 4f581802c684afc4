import { defineProblems, ProblemError, type ProblemDetails } from '../kernel/problem.js';

/** What the HTTP layer refuses before a module of ours sees the request. */
export const httpProblems = defineProblems('http', {
  malformed: {
    status: 400,
    title: 'The request is malformed',
    action: 'Send well-formed JSON, and percent-encode the path properly',
    level: 'info',
  },
  'not-found': {
    status: 404,
    title: 'There is nothing at this path',
    action: 'See GET /openapi.json for the paths there are',
    level: 'debug',
  },
  'method-not-allowed': {
    status: 405,
    title: 'The path does not take this method',
    action: 'See GET /openapi.json for the methods it takes',
    level: 'debug',
  },
  'not-acceptable': {
    status: 406,
    title: 'None of the accepted media types can be answered',
    action: 'Accept application/json',
    level: 'debug',
  },
  'too-large': {
    status: 413,
    title: 'The request is too large',
    action: 'Send a smaller body',
    level: 'info',
  },
  'unsupported-media-type': {
    status: 415,
    title: 'The body has an unsupported media type or encoding',
    action: 'Send UTF-8 JSON with the content type application/json',
    level: 'info',
  },
  refused: {
    status: 422,
    title: 'The request is well-formed but refused',
    action: 'Correct what the detail names',
    level: 'info',
  },
});

/** Whatever nobody foresaw: a bug of ours. It tells the client nothing but the request id to ask about. */
export function internalProblem(cause: unknown): ProblemError {
  const details: ProblemDetails = {
    detail: 'The gateway failed; nothing is known about the request',
    cause,
  };
  return new ProblemError(
    'internal',
    {
      status: 500,
      title: 'Internal error',
      action: 'Report the request id to whoever runs the gateway',
      level: 'error',
    },
    details,
  );
}

const BY_STATUS: Readonly<Record<number, (typeof httpProblems)[keyof typeof httpProblems]>> = {
  400: httpProblems.malformed,
  404: httpProblems['not-found'],
  405: httpProblems['method-not-allowed'],
  406: httpProblems['not-acceptable'],
  413: httpProblems['too-large'],
  415: httpProblems['unsupported-media-type'],
  422: httpProblems.refused,
};

/** The problem of a client's fault that the framework found, or `null` when the status stands for none of the above. */
export function httpProblem(status: number, detail: string): ProblemError | null {
  return BY_STATUS[status]?.(detail) ?? null;
}
