import {
  Injectable,
  type CallHandler,
  type ExecutionContext,
  type NestInterceptor,
} from '@nestjs/common';
import type { Response } from 'express';
import { from, lastValueFrom, type Observable } from 'rxjs';
import { pathOf, type AdmittedRequest } from '../auth/request-principal.js';
import { IdempotentRequests, readIdempotencyKey, type KeptAnswer } from './idempotency.js';

const KEPT_HEADERS = ['etag', 'location', 'preference-applied'] as const;
/** Why not tool calls: their results are the callers' own and are never written to our disk. */
const TOOL_CALL = /\/tools\/[^/]+\/?$/;

/**
 * `Idempotency-Key` on every POST of the management API. It runs inside the guards, so an answer is repeated only to a
 * principal that may ask for it, and it notes what the inner interceptors wrote on the response.
 */
@Injectable()
export class IdempotencyInterceptor implements NestInterceptor {
  constructor(private readonly requests: IdempotentRequests) {}

  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    if (context.getType() !== 'http') return next.handle();
    const http = context.switchToHttp();
    const request = http.getRequest<AdmittedRequest>();
    const header = request.headers['idempotency-key'];
    const path = pathOf(request);
    if (request.method !== 'POST' || header === undefined || TOOL_CALL.test(path)) {
      return next.handle();
    }
    return from(this.answer(request, readIdempotencyKey(header), http.getResponse(), next));
  }

  private async answer(
    request: AdmittedRequest,
    key: string,
    response: Response,
    next: CallHandler,
  ): Promise<unknown> {
    const { answer, replayed } = await this.requests.run(
      {
        principal: request.principal?.id ?? '',
        method: 'POST',
        // The query belongs to it: a dry run is another request than the change itself.
        path: request.originalUrl ?? request.url ?? '',
        key,
        body: request.body,
      },
      async () => answerOn(response, await lastValueFrom(next.handle(), { defaultValue: null })),
    );
    if (replayed) {
      response.status(answer.status);
      response.set({ ...answer.headers, 'Idempotency-Replayed': 'true' });
    }
    return answer.body ?? undefined;
  }
}

function answerOn(response: Response, body: unknown): KeptAnswer {
  const headers: Record<string, string> = {};
  for (const name of KEPT_HEADERS) {
    const value = response.getHeader(name);
    if (typeof value === 'string') headers[name] = value;
  }
  return { status: response.statusCode, headers, body: body ?? null };
}
