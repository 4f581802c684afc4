import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import { authProblems } from './auth.errors.js';
import type { Principal } from './principal.js';
import type { AdmittedRequest } from './request-principal.js';

/** Who asks. Only for handlers behind `ManagementGuard`, which refuses requests without a principal. */
export const CurrentPrincipal = createParamDecorator(
  (_options: unknown, context: ExecutionContext): Principal => {
    const { principal } = context.switchToHttp().getRequest<AdmittedRequest>();
    if (principal === null || principal === undefined) throw authProblems['credentials-missing']();
    return principal;
  },
);
