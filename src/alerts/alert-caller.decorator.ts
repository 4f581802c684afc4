import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import { authProblems } from '../auth/auth.errors.js';
import type { AdmittedRequest } from '../auth/request-principal.js';
import type { AlertCaller } from './alerts.service.js';

/** Who asks for a change, and the id of the request. */
export const CurrentCaller = createParamDecorator(
  (_options: unknown, context: ExecutionContext): AlertCaller => {
    const { principal, request_id } = context.switchToHttp().getRequest<AdmittedRequest>();
    if (principal === null || principal === undefined) throw authProblems['credentials-missing']();
    return { principal, requestId: request_id ?? null };
  },
);
