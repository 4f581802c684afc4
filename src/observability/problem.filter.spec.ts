import { describe, expect, it } from '@jest/globals';
import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import {
  BadRequestException,
  HttpException,
  InternalServerErrorException,
  NotFoundException,
  PayloadTooLargeException,
  type ArgumentsHost,
} from '@nestjs/common';
import type { JsonObject } from '../kernel/json.js';
import { SilentLogger, type LogFields } from '../kernel/logger.js';
import { ProblemError } from '../kernel/problem.js';
import { ProblemFilter } from './problem.filter.js';

class Log extends SilentLogger {
  readonly lines: { level: string; fields: LogFields }[] = [];
  override info(...[fields]: [LogFields?]): void {
    this.lines.push({ level: 'info', fields: fields ?? {} });
  }
  override error(...[fields]: [LogFields?]): void {
    this.lines.push({ level: 'error', fields: fields ?? {} });
  }
}

/** A response that keeps what is sent in memory. */
class Sent extends ServerResponse {
  text = '';
  override end(chunk?: unknown): this {
    this.text += typeof chunk === 'string' ? chunk : '';
    return this;
  }
}

function run(
  error: unknown,
  prepare: (response: Sent) => void = () => undefined,
): { response: Sent; body: JsonObject; log: Log } {
  const request = new IncomingMessage(new Socket());
  Object.assign(request, { url: '/x', originalUrl: '/api/v1/x?token=abc', method: 'GET' });
  const response = new Sent(request);
  response.setHeader('x-request-id', 'r-1');
  prepare(response);
  const log = new Log();
  const http = { getRequest: () => request, getResponse: () => response };
  new ProblemFilter(log).catch(error, { switchToHttp: () => http } as unknown as ArgumentsHost);
  return { response, body: JSON.parse(response.text || '{}') as JsonObject, log };
}

const taken = new ProblemError(
  'registry.name-taken',
  { status: 409, title: 'Taken', action: 'Choose another', level: 'info' },
  {
    detail: 'weather is taken',
    errors: [{ pointer: '/name', detail: 'is taken' }],
    retry_after_s: 1.2,
    headers: { ETag: '"1.1"' },
    extra: { service_id: 'id' },
  },
);

describe('ProblemFilter', () => {
  it('shows a problem of ours whole, with its headers', () => {
    const { response, body } = run(taken);
    expect(response.statusCode).toBe(409);
    expect(response.getHeaders()).toMatchObject({
      'content-type': 'application/problem+json',
      'x-request-id': 'r-1',
      'retry-after': '2',
      etag: '"1.1"',
    });
    expect(body).toEqual({
      type: 'urn:switchyard:problem:registry.name-taken',
      title: 'Taken',
      status: 409,
      detail: 'weather is taken',
      code: 'registry.name-taken',
      action: 'Choose another',
      instance: '/api/v1/x',
      request_id: 'r-1',
      errors: [{ pointer: '/name', detail: 'is taken' }],
      retry_after_s: 1.2,
      service_id: 'id',
    });
  });

  it.each<[string, unknown, number, string]>([
    ['a path that is not there', new NotFoundException('Cannot GET /x'), 404, 'http.not-found'],
    ['malformed JSON', new BadRequestException('Unexpected token'), 400, 'http.malformed'],
    ['a body that is too large', new PayloadTooLargeException(), 413, 'http.too-large'],
    ['an unlisted refusal', new HttpException('teapot', 418), 418, 'http.refused'],
    ['an error of the body parser', parserError(413), 413, 'http.too-large'],
    ['an encoding nobody reads', parserError(415), 415, 'http.unsupported-media-type'],
    ['a bug', new TypeError('internals'), 500, 'internal'],
    ['something thrown that is no error', 'internals', 500, 'internal'],
    ['a failure of the framework', new InternalServerErrorException('internals'), 500, 'internal'],
    [
      'an error with a status that it may not show',
      Object.assign(new Error('internals'), { status: 404 }),
      500,
      'internal',
    ],
  ])('answers %s', (_name, error, status, code) => {
    const { response, body } = run(error);
    expect(response.statusCode).toBe(status);
    expect(body).toMatchObject({ status, code, request_id: 'r-1' });
    expect(response.text).not.toContain('internals');
  });

  it('logs a bug with its error, and a refusal without', () => {
    const bug = new TypeError('internals');
    expect(run(bug).log.lines).toMatchObject([
      { level: 'error', fields: { err: bug, code: 'internal' } },
    ]);
    const [line] = run(taken).log.lines;
    expect(line?.level).toBe('info');
    expect(line?.fields).not.toHaveProperty('err');
  });

  it('logs no stack for a refusal that is no fault of anybody, even as 503', () => {
    const busy = new ProblemError('gateway.unavailable', {
      status: 503,
      title: 'Busy',
      action: 'Wait',
      level: 'info',
    });
    expect(run(busy).log.lines[0]?.fields).not.toHaveProperty('err');
  });

  it('logs nothing of what an upstream answered, which may hold its secret', () => {
    const answered = new ProblemError(
      'gateway.upstream-refused',
      { status: 422, title: 'It refused', action: 'Read', level: 'info' },
      { detail: 'bad key s3cret', extra: { rpc_error: { message: 'bad key s3cret' } } },
    );
    const { body, log } = run(answered);
    expect(body).toMatchObject({ detail: 'bad key s3cret' });
    expect(log.lines).toMatchObject([{ fields: { detail: 'It refused' } }]);
    expect(JSON.stringify(log.lines)).not.toContain('s3cret');
  });

  it('logs no query, which may hold what is not for the log', () => {
    expect(JSON.stringify(run(taken).log.lines)).not.toContain('token');
  });

  it('cuts an answer off that has begun', () => {
    const { response } = run(new Error('late'), (sent) => {
      Object.defineProperty(sent, 'headersSent', { value: true });
    });
    expect(response.text).toBe('');
    expect(response.destroyed).toBe(true);
  });

  it('leaves an answer alone that is complete', () => {
    const { response } = run(new Error('late'), (sent) => {
      Object.defineProperty(sent, 'headersSent', { value: true });
      Object.defineProperty(sent, 'writableEnded', { value: true });
    });
    expect(response.destroyed).toBe(false);
  });
});

function parserError(status: number): Error {
  return Object.assign(new Error('request entity'), { status, expose: true });
}
