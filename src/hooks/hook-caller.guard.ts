import { Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { missingCredentials } from '../auth/access-policy.js';
import { authProblems } from '../auth/auth.errors.js';
import type { AdmittedRequest } from '../auth/request-principal.js';
import { WebhookSignatures } from '../auth/webhook-signature.js';

/**
 * Who calls the hook: the signer of a signed request, else the principal of an API key. A bad signature is refused even
 * beside a good key. Why a guard: answers kept for an `Idempotency-Key` must not go out before the signature is checked.
 */
@Injectable()
export class HookCallerGuard implements CanActivate {
  constructor(private readonly signatures: WebhookSignatures) {}

  canActivate(context: ExecutionContext): boolean {
    const request = context.switchToHttp().getRequest<AdmittedRequest & { rawBody?: Buffer }>();
    if (this.signatures.isSigned(request.headers)) {
      const verdict = this.signatures.verify(request.headers, request.rawBody ?? Buffer.alloc(0));
      if (!verdict.ok) throw verdict.problem;
      request.principal = verdict.principal;
    }
    if (request.principal !== null && request.principal !== undefined) return true;
    const { detail, headers } = missingCredentials();
    throw authProblems['credentials-missing']({ detail, headers });
  }
}
