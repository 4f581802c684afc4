import { authProblems } from '../auth/auth.errors.js';
import { matchesPattern } from '../auth/principal.js';
import { execFieldsOf } from '../config/exec-fields.js';
import type { TemplateContent } from '../config/template.js';
import { equalJson, type JsonObject } from '../kernel/json.js';
import type { ChangeContext } from '../registry/service.js';
import { requireWrite } from './change-access.js';

/** A template is for every service, so credentials that are for some of them may not change one. */
export function requireTemplateWrite(ctx: ChangeContext): void {
  requireWrite(ctx);
  if (ctx.services === null) return;
  throw authProblems['scope-missing']({
    detail: `${ctx.actor} may not change templates, which are for all services: its credentials are for ${ctx.services.join(', ')}.`,
    extra: { services: ctx.services },
  });
}

/**
 * As for a service: to set what is run, in a layer, an overlay, or by standing on a template that sets it, needs the scope
 * `exec`; to keep it does not. The chains are those of the template as it would be and as it is.
 */
export function requireTemplateExecution(
  ctx: ChangeContext,
  wanted: readonly TemplateContent[],
  present: readonly TemplateContent[],
): void {
  const sets = wanted.map(executionOf);
  const isNothing = sets.every((fields) => Object.keys(fields).length === 0);
  const had = present.map(executionOf);
  if (isNothing || equalJson(worded(sets), worded(had))) return;
  requireExecScope(ctx, 'a template that sets runtime.command, args, env or cwd');
}

export function requireExecScope(ctx: ChangeContext, what: string): void {
  if (ctx.scopes.has('exec') || ctx.scopes.has('admin')) return;
  throw authProblems['scope-missing']({
    detail: `${ctx.actor} lacks the scope "exec", which ${what} needs.`,
    extra: { scope: 'exec' },
  });
}

export function maySeeName(ctx: Pick<ChangeContext, 'services'>, name: string): boolean {
  return ctx.services === null || ctx.services.some((pattern) => matchesPattern(pattern, name));
}

function executionOf({ config, overlays }: TemplateContent): JsonObject {
  return execFieldsOf({ ...config, overlays });
}

function worded(chain: readonly JsonObject[]): readonly JsonObject[] {
  return chain.filter((fields) => Object.keys(fields).length > 0);
}
