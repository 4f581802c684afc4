import { Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { isUuid } from '../kernel/ids.js';
import type { ProblemError } from '../kernel/problem.js';
import { accessRefusal, missingScope, needsExec } from './access-policy.js';
import { authProblems } from './auth.errors.js';
import { Authenticator } from './authenticator.js';
import { maySeeService, type Principal } from './principal.js';
import type { GateRefusal } from './request-gate.js';
import { pathOf, type AdmittedRequest } from './request-principal.js';
import { REQUIRED_SCOPES } from './require-scopes.decorator.js';

/**
 * Decides on every call of a controller: credentials, scopes of the path, scopes the handler declares, `exec` for bodies
 * that set what is run, and the names a key may use. Services named by id are checked where ids are resolved.
 */
@Injectable()
export class ManagementGuard implements CanActivate {
  constructor(
    private readonly authenticator: Authenticator,
    private readonly reflector: Reflector,
  ) {}

  canActivate(context: ExecutionContext): boolean {
    if (context.getType() !== 'http') return true;
    const request = context.switchToHttp().getRequest<AdmittedRequest>();
    request.principal ??= this.authenticator.authenticate(request.headers);
    request.request_id ??= singleHeader(request, 'x-request-id');
    const { principal } = request;
    const method = request.method ?? 'GET';
    const path = pathOf(request);
    raise(accessRefusal(method, path, principal));
    if (principal === null) return true;
    raise(missingScope(principal, this.declaredScopes(context)));
    if (writesConfiguration(method, path) && needsExec(request.body)) {
      raise(missingScope(principal, ['exec']));
    }
    return this.checkName(principal, path);
  }

  private declaredScopes(context: ExecutionContext): readonly string[] {
    const targets = [context.getHandler(), context.getClass()];
    return this.reflector
      .getAll<(readonly string[] | undefined)[]>(REQUIRED_SCOPES, targets)
      .flatMap((scopes) => scopes ?? []);
  }

  /** 404 rather than 403, whether the service exists or not, so that names do not leak. */
  private checkName(principal: Principal, path: string): boolean {
    const match = /^\/api\/v1\/services\/([^/]+)/i.exec(path);
    if (principal.services === null || match?.[1] === undefined) return true;
    const name = decode(match[1]);
    if (isUuid(name) || maySeeService(principal, name)) return true;
    throw authProblems['service-unknown'](
      `The key "${principal.id}" gives access to no service "${name}"`,
    );
  }
}

function writesConfiguration(method: string, path: string): boolean {
  return (
    method !== 'GET' &&
    method !== 'HEAD' &&
    /^\/api\/v1\/(services|templates)(\/[^/]+)?\/?$/i.test(path)
  );
}

function singleHeader(request: AdmittedRequest, name: string): string | undefined {
  const value = request.headers[name];
  return typeof value === 'string' ? value : undefined;
}

function decode(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}

function raise(refusal: GateRefusal | null): void {
  if (refusal === null) return;
  const name = refusal.code.slice('auth.'.length) as keyof typeof authProblems;
  const problem: ProblemError = authProblems[name]({
    detail: refusal.detail,
    headers: refusal.headers,
  });
  throw problem;
}
