import { authProblems } from '../auth/auth.errors.js';
import { matchesPattern } from '../auth/principal.js';
import type { ConfigFragment, ServiceConfig } from '../config/service-config.js';
import { canonicalJson, equalJson, isJsonObject, type JsonObject } from '../kernel/json.js';
import type { ChangeContext, ServiceDocument } from '../registry/service.js';

/**
 * What a change needs of its caller: the scope `write`, a service that the caller may touch, and `exec` to set what is
 * run. It is decided here for every door: the API, the hook, the inbox and in-process callers alike.
 */
export function requireWrite(ctx: ChangeContext): void {
  if (mayUse(ctx, 'write')) return;
  throw authProblems['scope-missing']({
    detail: `${ctx.actor} lacks the scope "write".`,
    extra: { scope: 'write' },
  });
}

/** For a service that exists: a caller that may not see it hears that there is none. */
export function requireVisible(ctx: ChangeContext, name: string): void {
  if (mayTouch(ctx, name)) return;
  throw authProblems['service-unknown']({ detail: `${ctx.actor} knows no service "${name}".` });
}

/** For a name that a service is to get. */
export function requireNameAllowed(ctx: ChangeContext, name: string): void {
  if (mayTouch(ctx, name)) return;
  throw authProblems['scope-missing']({
    detail: `${ctx.actor} may not use the name "${name}": its credentials are for ${(ctx.services ?? []).join(', ')}.`,
    extra: { services: ctx.services },
  });
}

export interface Executable {
  readonly spec: { readonly config: ConfigFragment };
  readonly effective: ServiceConfig;
}

/**
 * Setting `runtime.command`, `args`, `env` or `cwd` needs `exec`, wherever it is written: in the service, in one of its
 * overlays, or by choosing a template that sets them. Keeping what is stored already does not.
 */
export function requireExecution(
  ctx: ChangeContext,
  wanted: Executable,
  current: ServiceDocument | null,
): void {
  if (mayUse(ctx, 'exec') || !setsExecution(wanted, current)) return;
  throw authProblems['scope-missing']({
    detail: `${ctx.actor} lacks the scope "exec", which setting runtime.command, args, env or cwd needs.`,
    extra: { scope: 'exec' },
  });
}

export function setsExecution(wanted: Executable, current: ServiceDocument | null): boolean {
  const written = executionIn(wanted.spec.config);
  const runs = executionOf(wanted.effective);
  if (current === null) {
    return Object.keys(written).length > 0 || runs !== NOTHING_RUN;
  }
  const isSame =
    equalJson(written, executionIn(current.spec.config)) && runs === executionOf(current.effective);
  return !isSame && (Object.keys(written).length > 0 || runs !== NOTHING_RUN);
}

const FIELDS = ['command', 'args', 'env', 'cwd'] as const;
const NOTHING_RUN = canonicalJson({ command: null, args: [], env: {}, cwd: null });

function executionOf({ runtime }: ServiceConfig): string {
  const { command, args, env, cwd } = runtime;
  return canonicalJson({ command, args, env, cwd });
}

/** What a fragment and its overlays say about execution, by where they say it. */
function executionIn(fragment: ConfigFragment): JsonObject {
  const found: JsonObject = {};
  collect(fragment, 'runtime', found);
  const overlays = fragment['overlays'];
  for (const [name, overlay] of Object.entries(isJsonObject(overlays) ? overlays : {})) {
    collect(overlay, `overlays/${name}/runtime`, found);
  }
  return found;
}

function collect(fragment: unknown, at: string, into: JsonObject): void {
  const runtime = isJsonObject(fragment) ? fragment['runtime'] : undefined;
  if (!isJsonObject(runtime)) return;
  for (const field of FIELDS) {
    const value = runtime[field];
    if (value !== undefined) into[`${at}/${field}`] = value;
  }
}

function mayUse(ctx: ChangeContext, scope: string): boolean {
  return ctx.scopes.has(scope) || ctx.scopes.has('admin');
}

function mayTouch(ctx: ChangeContext, name: string): boolean {
  return ctx.services === null || ctx.services.some((pattern) => matchesPattern(pattern, name));
}
