import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import { authProblems } from './auth.errors.js';
import type { Principal } from './principal.js';
import type { AdmittedRequest } from './request-principal.js';

/** Who asks for a change, and the id of the request. */
export interface RequestCaller {
  readonly principal: Principal;
  readonly requestId: string | null;
}

export const CurrentCaller = createParamDecorator(
  (_options: unknown, context: ExecutionContext): RequestCaller => {
    const { principal, request_id } = context.switchToHttp().getRequest<AdmittedRequest>();
    if (principal === null || principal === undefined) throw authProblems['credentials-missing']();
    return { principal, requestId: request_id ?? null };
  },
);
