import { Injectable, SetMetadata, type CanActivate, type ExecutionContext } from '@nestjs/common';
import type { AdmittedRequest } from '../auth/request-principal.js';
import { Authenticator } from '../auth/authenticator.js';
import type { EndpointPolicy } from '../gateway/endpoint.js';
import { routesProblems } from './routes.errors.js';

const POLICY = 'switchyard:endpoint-policy';

/** Puts the policy of a service on its dynamic controller, where the guard finds it. */
export const EndpointAccess = (policy: EndpointPolicy): ClassDecorator =>
  SetMetadata(POLICY, policy);

/** Refuses callers that a service's `security.authentication` or `security.allowed_scopes` keeps out. */
@Injectable()
export class EndpointAccessGuard implements CanActivate {
  constructor(private readonly authenticator: Authenticator) {}

  canActivate(context: ExecutionContext): boolean {
    const policy = Reflect.getMetadata(POLICY, context.getClass()) as EndpointPolicy | undefined;
    if (policy === undefined) return true;
    const request = context.switchToHttp().getRequest<AdmittedRequest>();
    const principal = request.principal ?? this.authenticator.authenticate(request.headers);
    if (principal === null || (policy.authenticationRequired && principal.kind === 'local')) {
      throw routesProblems.unauthenticated('The service asks for credentials.');
    }
    const { allowedScopes } = policy;
    if (allowedScopes.length > 0 && !allowedScopes.some((scope) => principal.scopes.has(scope))) {
      throw routesProblems.denied(
        `The service asks for one of the scopes ${allowedScopes.join(', ')}.`,
      );
    }
    return true;
  }
}
