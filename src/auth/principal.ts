export type Scope = 'read' | 'write' | 'invoke' | 'exec' | 'admin';

/** Who asks. Made by the authenticator; never changed. */
export interface Principal {
  readonly id: string;
  readonly kind: 'key' | 'local' | 'inbox' | 'hook' | 'system';
  readonly scopes: ReadonlySet<string>;
  /** Patterns (`*` is a wildcard) of the service names it may see and use; `null` = all. */
  readonly services: readonly string[] | null;
}

export function hasScope(principal: Principal, scope: string): boolean {
  return principal.scopes.has(scope) || principal.scopes.has('admin');
}

export function maySeeService(principal: Principal, serviceName: string): boolean {
  return (
    principal.services === null || principal.services.some((p) => matchesPattern(p, serviceName))
  );
}

/** Whether `text` matches `pattern`, in which `*` stands for any run of characters. Linear in time. */
export function matchesPattern(pattern: string, text: string): boolean {
  const parts = pattern.split('*');
  if (parts.length === 1) return pattern === text;
  const first = parts[0] ?? '';
  const last = parts[parts.length - 1] ?? '';
  if (!text.startsWith(first) || text.length < first.length + last.length) return false;
  let at = first.length;
  for (const part of parts.slice(1, -1)) {
    const found = text.indexOf(part, at);
    if (found < 0) return false;
    at = found + part.length;
  }
  return text.endsWith(last) && text.length - last.length >= at;
}
