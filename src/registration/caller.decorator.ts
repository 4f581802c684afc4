import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { AdmittedRequest } from '../auth/request-principal.js';
import { authProblems } from '../auth/auth.errors.js';
import { changeContext } from '../registry/change-context.js';
import type { ChangeContext } from '../registry/service.js';
import type { WriteParameters } from './write-options.js';

/** Who asks for the change, for the audit entry and for access decisions. */
export const Caller = createParamDecorator(
  (_options: unknown, context: ExecutionContext): ChangeContext => {
    const { principal, request_id, headers } = context.switchToHttp().getRequest<AdmittedRequest>();
    if (principal === null || principal === undefined) throw authProblems['credentials-missing']();
    const given = headers['x-request-id'];
    return changeContext(principal, request_id ?? (typeof given === 'string' ? given : null));
  },
);

/** Query, `Prefer` and `If-Match` of the request. */
export const Parameters = createParamDecorator(
  (_options: unknown, context: ExecutionContext): WriteParameters => {
    const request = context
      .switchToHttp()
      .getRequest<AdmittedRequest & { query?: Record<string, unknown> }>();
    const { prefer } = request.headers;
    return {
      query: request.query ?? {},
      prefer: Array.isArray(prefer) ? prefer.join(',') : prefer,
      ifMatch: request.headers['if-match'],
    };
  },
);
