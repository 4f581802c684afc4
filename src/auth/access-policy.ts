import { isJsonObject } from '../kernel/json.js';
import { authProblems } from './auth.errors.js';
import { hasScope, type Principal, type Scope } from './principal.js';
import { isOriginForm, type GateRefusal } from './request-gate.js';

/** What a path asks of its caller. `open`: nothing. `own`: the path looks at credentials itself (signed webhooks). */
export type AccessRule =
  | { readonly kind: 'open' }
  | { readonly kind: 'own' }
  | { readonly kind: 'scopes'; readonly scopes: readonly Scope[] };

const OPEN: AccessRule = { kind: 'open' };
const OWN: AccessRule = { kind: 'own' };
const READ: AccessRule = { kind: 'scopes', scopes: ['read'] };
const WRITE: AccessRule = { kind: 'scopes', scopes: ['write'] };
const INVOKE: AccessRule = { kind: 'scopes', scopes: ['invoke'] };
const ADMIN: AccessRule = { kind: 'scopes', scopes: ['admin'] };

const EXEC_FIELDS = ['command', 'args', 'env', 'cwd'];
const WHOLE_STORE = new Set(['backups', 'import']);

/**
 * Which scopes `method` on `path` needs (03, "Who may do what"). `path` has no query. Letter case and a trailing slash
 * make no difference, as they make none to the router behind. What the router would read differently than we do asks for
 * everything; the gate has refused it before.
 */
export function accessRule(method: string, path: string): AccessRule {
  if (!isOriginForm(path)) return ADMIN;
  const segments = path.toLowerCase().replace(/\/$/, '').split('/').slice(1);
  const [first, second, area, , verb] = segments;
  if (segments.length === 1 && (first === 'healthz' || first === 'readyz')) return OPEN;
  if (first === 'mcp') return INVOKE;
  const isRead = method === 'GET' || method === 'HEAD';
  if (first === 'api' && second === 'v1') {
    if (area === 'hooks' && method === 'POST') return OWN;
    if (area !== undefined && WHOLE_STORE.has(area)) return ADMIN;
    if (area === 'services' && verb === 'tools' && method === 'POST' && segments.length === 6) {
      return INVOKE;
    }
    if (area === 'routes' && segments[3] === 'validate' && method === 'POST') return READ;
  }
  return isRead ? READ : WRITE;
}

/** Why `principal` may not do `method` on `path`, or `null`. The management guard and the mount in front share it. */
export function accessRefusal(
  method: string,
  path: string,
  principal: Principal | null,
): GateRefusal | null {
  const rule = accessRule(method, path);
  if (rule.kind !== 'scopes' || method === 'OPTIONS') return null;
  if (principal === null) return missingCredentials();
  return missingScope(principal, rule.scopes);
}

export function missingCredentials(): GateRefusal {
  const { code, status } = authProblems['credentials-missing']();
  const detail = 'No API key was sent, or it is unknown or has expired';
  return { status, code, detail, headers: { 'WWW-Authenticate': 'Bearer realm="switchyard"' } };
}

/** The refusal that names the first of `scopes` which `principal` lacks, or `null`. */
export function missingScope(principal: Principal, scopes: readonly string[]): GateRefusal | null {
  const missing = scopes.find((scope) => !hasScope(principal, scope));
  if (missing === undefined) return null;
  const { code, status } = authProblems['scope-missing']();
  return {
    status,
    code,
    detail: `The key "${principal.id}" lacks the scope "${missing}"`,
    headers: {
      'WWW-Authenticate': `Bearer realm="switchyard", error="insufficient_scope", scope="${missing}"`,
    },
  };
}

/**
 * Whether a body sets what is run: `runtime.command, args, env, cwd` and `security.env_allow` in a service, a template, an overlay, or a bare
 * fragment, or the same fields of a generator's `wrapper`. Setting one to `null` counts.
 */
export function needsExec(body: unknown): boolean {
  if (!isJsonObject(body)) return false;
  const { wrapper, config, fragment } = body;
  if (isJsonObject(wrapper) && setsAny(wrapper)) return true;
  return [body, config, fragment].some(fragmentNeedsExec);
}

/** The same for one configuration fragment and its overlays. Not recursive: a body may nest them as deep as it likes. */
export function fragmentNeedsExec(fragment: unknown): boolean {
  const pending: unknown[] = [fragment];
  while (pending.length > 0) {
    const next = pending.pop();
    if (!isJsonObject(next)) continue;
    const { runtime, security, overlays } = next;
    if (isJsonObject(runtime) && setsAny(runtime)) return true;
    if (isJsonObject(security) && Object.hasOwn(security, 'env_allow')) return true;
    if (isJsonObject(overlays))
      for (const overlay of Object.values(overlays)) pending.push(overlay);
  }
  return false;
}

function setsAny(fields: Readonly<Record<string, unknown>>): boolean {
  return EXEC_FIELDS.some((field) => Object.hasOwn(fields, field));
}
