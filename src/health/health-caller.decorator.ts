import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import { authProblems } from '../auth/auth.errors.js';
import type { Principal } from '../auth/principal.js';
import type { AdmittedRequest } from '../auth/request-principal.js';

/** Who asks for a change, and the id of the request. */
export interface HealthCaller {
  readonly principal: Principal;
  readonly requestId: string | null;
}

export const CurrentHealthCaller = createParamDecorator(
  (_options: unknown, context: ExecutionContext): HealthCaller => {
    const { principal, request_id } = context.switchToHttp().getRequest<AdmittedRequest>();
    if (principal === null || principal === undefined) throw authProblems['credentials-missing']();
    return { principal, requestId: request_id ?? null };
  },
);
