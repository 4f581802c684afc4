import { describe, expect, it } from '@jest/globals';
import {
  accessRefusal,
  accessRule,
  fragmentNeedsExec,
  missingCredentials,
  missingScope,
  needsExec,
  type AccessRule,
} from './access-policy.js';
import type { Principal } from './principal.js';

const principal = (...scopes: string[]): Principal => ({
  id: 'ci',
  kind: 'key',
  scopes: new Set(scopes),
  services: null,
});

function demandOf(rule: AccessRule): string {
  return rule.kind === 'scopes' ? rule.scopes.join(' ') : rule.kind;
}

describe('accessRule', () => {
  it.each([
    ['GET', '/healthz', 'open'],
    ['GET', '/readyz', 'open'],
    ['HEAD', '/healthz', 'open'],
    ['GET', '/healthz/', 'open'],
    ['GET', '/healthz/x', 'read'],
    ['GET', '/healthzz', 'read'],
    ['GET', '/', 'read'],
    ['GET', '/metrics', 'read'],
    ['GET', '/docs', 'read'],
    ['GET', '/openapi.json', 'read'],
    ['GET', '/v0.1/servers', 'read'],
    ['POST', '/mcp', 'invoke'],
    ['GET', '/mcp/everything/sse', 'invoke'],
    ['DELETE', '/mcp/everything', 'invoke'],
    ['POST', '/MCP/everything', 'invoke'],
    ['GET', '/mcpx', 'read'],
    ['POST', '/mcpx', 'write'],
    ['GET', '/api/v1/services', 'read'],
    ['HEAD', '/api/v1/services', 'read'],
    ['POST', '/api/v1/services', 'write'],
    ['PUT', '/api/v1/services/a', 'write'],
    ['PATCH', '/api/v1/services/a', 'write'],
    ['DELETE', '/api/v1/services/a', 'write'],
    ['POST', '/api/v1/services/a/restart', 'write'],
    ['POST', '/api/v1/services/a/health/check', 'write'],
    ['TRACE', '/api/v1/services', 'write'],
    ['GET', '/api/v1/services/a/tools', 'read'],
    ['GET', '/api/v1/services/a/tools/echo', 'read'],
    ['POST', '/api/v1/services/a/tools/echo', 'invoke'],
    ['POST', '/api/v1/services/a/tools/echo/', 'invoke'],
    ['POST', '/api/v1/services/a/tools/a%2Fb', 'invoke'],
    ['POST', '/api/v1/services/a/tool-pins/approve', 'write'],
    ['POST', '/api/v1/services/a/tools/approve', 'invoke'],
    ['GET', '/api/v1/services/a/tool-pins', 'read'],
    ['POST', '/api/v1/services/a/tools', 'write'],
    ['POST', '/api/v1/services/a/tools/', 'write'],
    ['POST', '/api/v1/services/a/tools/echo/x', 'write'],
    ['PUT', '/api/v1/services/a/tools/echo', 'write'],
    ['POST', '/api/v1/services/tools/tools', 'write'],
    ['POST', '/api/v1/templates/a/tools/echo', 'write'],
    ['POST', '/api/v1/routes', 'write'],
    ['POST', '/api/v1/routes/validate', 'read'],
    ['PUT', '/api/v1/routes/validate', 'write'],
    ['GET', '/api/v1/backups', 'admin'],
    ['HEAD', '/api/v1/backups', 'admin'],
    ['POST', '/api/v1/backups', 'admin'],
    ['POST', '/api/v1/backups/b1/restore', 'admin'],
    ['POST', '/api/v1/backups/', 'admin'],
    ['POST', '/API/V1/Backups', 'admin'],
    ['POST', '/api/v1/import', 'admin'],
    ['GET', '/api/v1/export', 'read'],
    ['GET', '/api/v1/audit', 'read'],
    ['POST', '/api/v1/hooks/wrapper-generated', 'own'],
    ['GET', '/api/v1/hooks/wrapper-generated', 'read'],
    ['PUT', '/api/v1/hooks/wrapper-generated', 'write'],
    ['POST', '/api/v2/hooks/wrapper-generated', 'write'],
  ])('%s %s asks for %s', (method, path, demand) => {
    expect(demandOf(accessRule(method, path))).toBe(demand);
  });

  // Express serves none of these: it neither decodes a path nor joins slashes before it compares.
  it.each([
    ['POST', '/api/v1%2Fbackups', 'write'],
    ['POST', '/api/v1/%62ackups', 'write'],
    ['POST', '//api/v1/backups', 'write'],
    ['POST', '/api//v1/backups', 'write'],
    ['POST', '/x/../api/v1/hooks/wrapper-generated', 'write'],
    ['POST', '/healthz%2F..%2Fapi', 'write'],
    ['GET', '//healthz', 'read'],
    ['GET', '/%68ealthz', 'read'],
  ])('%s %s, which leads nowhere, is never open', (method, path, demand) => {
    expect(demandOf(accessRule(method, path))).toBe(demand);
  });

  // The router behind takes the path out of the first and cuts the fragment off the others.
  it.each([
    ['http://localhost/api/v1/backups'],
    ['http://localhost/healthz'],
    ['/api/v1/backups#x'],
    ['/healthz#/../api/v1/services'],
    ['\\api\\v1\\backups'],
    [''],
  ])('the target %p, which the router reads differently, asks for everything', (target) => {
    expect(demandOf(accessRule('GET', target))).toBe('admin');
  });
});

describe('accessRefusal', () => {
  it('lets a key do what its scopes say', () => {
    expect(accessRefusal('GET', '/api/v1/services', principal('read'))).toBeNull();
    expect(accessRefusal('POST', '/api/v1/backups', principal('admin'))).toBeNull();
  });

  it.each([
    ['GET', '/api/v1/services', 'write', 'read'],
    ['POST', '/api/v1/services', 'read', 'write'],
    ['POST', '/mcp/a', 'write', 'invoke'],
    ['GET', '/api/v1/backups', 'read', 'admin'],
  ])('refuses %s %s to a key that has only %p', (method, path, has, needs) => {
    const refusal = accessRefusal(method, path, principal(has));
    expect([refusal?.status, refusal?.code]).toEqual([403, 'auth.scope-missing']);
    expect(refusal?.detail).toContain(`"${needs}"`);
  });

  it('sends strangers away with a challenge', () => {
    const refusal = accessRefusal('GET', '/api/v1/services', null);
    expect(refusal).toEqual(missingCredentials());
    expect([refusal?.status, refusal?.code]).toEqual([401, 'auth.credentials-missing']);
    expect(refusal?.headers?.['WWW-Authenticate']).toBe('Bearer realm="switchyard"');
  });

  it.each([
    ['GET', '/healthz', 'a path that is open'],
    ['POST', '/api/v1/hooks/wrapper-generated', 'a path that looks at credentials itself'],
    ['OPTIONS', '/api/v1/backups', 'a preflight, which carries none'],
  ])('asks nothing for %s %s: %s', (method, path) => {
    expect(accessRefusal(method, path, null)).toBeNull();
  });
});

describe('missingScope', () => {
  it('names the first scope that is missing, in the challenge too', () => {
    const refusal = missingScope(principal('write'), ['write', 'exec', 'invoke']);
    expect(refusal?.detail).toBe('The key "ci" lacks the scope "exec"');
    expect(refusal?.headers?.['WWW-Authenticate']).toContain('scope="exec"');
  });

  it('is satisfied by all of them, and by none where none is asked', () => {
    expect(missingScope(principal('write', 'exec'), ['write', 'exec'])).toBeNull();
    expect(missingScope(principal(), [])).toBeNull();
  });
});

describe('needsExec', () => {
  it.each<[string, unknown]>([
    ['the command of a service', { config: { runtime: { command: 'node' } } }],
    ['its arguments', { config: { runtime: { args: [] } } }],
    ['its environment', { config: { runtime: { env: {} } } }],
    ['its directory', { config: { runtime: { cwd: '/' } } }],
    ['what it inherits', { config: { security: { env_allow: ['EDITOR'] } } }],
    ['what it inherits in an overlay', { overlays: { p: { security: { env_allow: null } } } }],
    ['a command set to null', { config: { runtime: { command: null } } }],
    ['a command in an overlay', { config: { overlays: { prod: { runtime: { args: ['x'] } } } } }],
    ['a command in a bare fragment', { runtime: { command: 'node' } }],
    ['a command in an overlay of a bare fragment', { overlays: { p: { runtime: { cwd: '' } } } }],
    ['a command in the fragment of a template', { fragment: { runtime: { env: { A: 'b' } } } }],
    ['the wrapper of a generator', { wrapper: { command: 'node' } }],
  ])('is needed to set %s', (_what, body) => {
    expect(needsExec(body)).toBe(true);
  });

  it.each<[string, unknown]>([
    ['nothing', undefined],
    ['null', null],
    ['a text', 'command'],
    ['an array', [{ runtime: { command: 'node' } }]],
    ['other fields of the security', { config: { security: { allowed_scopes: ['a'] } } }],
    ['other fields of the runtime', { config: { runtime: { isolation: 'session' } } }],
    ['a command elsewhere', { command: 'node', config: { network: { command: 'x' } } }],
    ['a wrapper with a URL', { wrapper: { url: 'https://a.example' } }],
    ['fields of wrong types', { config: [], wrapper: 'node', fragment: 1, overlays: null }],
    ['an inherited name', { config: { runtime: { constructor: 'x' } } }],
  ])('is not needed for %s', (_what, body) => {
    expect(needsExec(body)).toBe(false);
  });

  it('looks through a body that is nested too deep for recursion', () => {
    const nest = (inner: string): unknown =>
      JSON.parse(`${'{"overlays":{"a":'.repeat(100_000)}${inner}${'}}'.repeat(100_000)}`);
    expect(fragmentNeedsExec(nest('{}'))).toBe(false);
    expect(fragmentNeedsExec(nest('{"runtime":{"command":"sh"}}'))).toBe(true);
  });
});
