import type { IncomingMessage, ServerResponse } from 'node:http';
import {
  Catch,
  HttpException,
  NotFoundException,
  type ArgumentsHost,
  type ExceptionFilter,
} from '@nestjs/common';
import { Logger } from '../kernel/logger.js';
import { problemDocument, ProblemError } from '../kernel/problem.js';
import { allowedMethods } from './allowed-methods.js';
import { noteProblem } from './answered-problem.js';
import { httpProblem, httpProblems, internalProblem } from './http.errors.js';

/**
 * Problems whose detail is what an upstream answered. The caller gets it as it is; the log does not, as it may hold a secret
 * that the upstream was given.
 */
const FOREIGN_WORDS: ReadonlySet<string> = new Set(['gateway.upstream-refused']);

type Request = IncomingMessage & { originalUrl?: string; app?: unknown; route?: unknown };

/** Every error of the management API as `application/problem+json`, logged once at the level of its definition. */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  constructor(private readonly logger: Logger) {}

  catch(error: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    const request = http.getRequest<Request>();
    const response = http.getResponse<ServerResponse>();
    const path = (request.originalUrl ?? request.url ?? '/').split('?', 1)[0] ?? '/';
    const problem = methodProblem(error, request, path) ?? problemOf(error);
    const requestId = requestIdOf(request, response);
    this.log(problem, error, { request_id: requestId, method: request.method, path });
    noteProblem(response, problem.code);
    if (response.headersSent || response.writableEnded) {
      // Too late to say anything: whoever reads must see that the answer is not whole.
      if (!response.writableEnded) response.destroy();
      return;
    }
    send(response, problem, path, requestId);
  }

  private log(problem: ProblemError, error: unknown, facts: Record<string, unknown>): void {
    const fields = {
      code: problem.code,
      status: problem.status,
      detail: FOREIGN_WORDS.has(problem.code) ? problem.definition.title : problem.message,
      ...facts,
    };
    const { level } = problem.definition;
    const cause = error instanceof ProblemError ? error.cause : error;
    const isFault = problem.status >= 500 && cause !== undefined;
    this.logger[level](isFault ? { ...fields, err: cause } : fields, 'a request was refused');
  }
}

function send(
  response: ServerResponse,
  problem: ProblemError,
  instance: string,
  requestId: string | undefined,
): void {
  response.statusCode = problem.status;
  for (const [name, value] of Object.entries(problem.details.headers ?? {})) {
    response.setHeader(name, value);
  }
  if (problem.details.retry_after_s !== undefined) {
    response.setHeader('Retry-After', String(Math.ceil(problem.details.retry_after_s)));
  }
  if (requestId !== undefined) response.setHeader('X-Request-Id', requestId);
  response.setHeader('Content-Type', 'application/problem+json');
  response.setHeader('Cache-Control', 'no-store');
  response.end(JSON.stringify(problemDocument(problem, { instance, request_id: requestId })));
}

/** The router found no route: is there one at the path for another method? `null` = the error stands for itself. */
function methodProblem(error: unknown, request: Request, path: string): ProblemError | null {
  if (!(error instanceof NotFoundException) || request.route !== undefined) return null;
  const allowed = allowedMethods(request.app, path);
  if (allowed.length === 0) return null;
  const list = allowed.join(', ');
  return httpProblems['method-not-allowed']({
    detail: `${path} takes ${list}, not ${request.method ?? ''}.`,
    headers: { Allow: list },
  });
}

/** What an error amounts to. Only faults of the client speak of themselves; all else is internal. */
export function problemOf(error: unknown): ProblemError {
  if (error instanceof ProblemError) return error;
  const status = statusOf(error);
  if (status === null || status >= 500) return internalProblem(error);
  return httpProblem(status, detailOf(error)) ?? unlisted(status, error);
}

/** A client's status that has no code of its own keeps its number under the code of refusals. */
function unlisted(status: number, error: unknown): ProblemError {
  const refused = httpProblem(422, detailOf(error)) ?? internalProblem(error);
  return new ProblemError(refused.code, { ...refused.definition, status }, refused.details);
}

/** Status of an exception of Nest, or of an error of the body parser (`http-errors`, which marks those it may show). */
function statusOf(error: unknown): number | null {
  if (error instanceof HttpException) return error.getStatus();
  if (!(error instanceof Error) || !('expose' in error) || error.expose !== true) return null;
  const status = 'status' in error ? error.status : null;
  return typeof status === 'number' && status >= 400 && status <= 599 ? status : null;
}

function detailOf(error: unknown): string {
  if (!(error instanceof HttpException)) return error instanceof Error ? error.message : '';
  const body = error.getResponse();
  const message = typeof body === 'object' && 'message' in body ? body.message : error.message;
  return Array.isArray(message) ? message.map(String).join('; ') : String(message);
}

/** The mount in front has answered with it already; without one it is the client's own. */
function requestIdOf(request: IncomingMessage, response: ServerResponse): string | undefined {
  const answered = response.getHeader('x-request-id') ?? request.headers['x-request-id'];
  return typeof answered === 'string' ? answered : undefined;
}
