import { describe, expect, it } from '@jest/globals';
import { claimsOf, parseAll } from './route-claims.js';
import { ClaimIndex, isConflict, parseClaim, type ParsedClaim } from './route-conflict.js';
import { judgeClaims } from './route-report.js';
import type { RouteClaim } from './route.js';

function claim(path: string, over: Partial<RouteClaim> = {}): RouteClaim {
  return {
    route_id: `id ${path}`,
    service_id: 'mine',
    service_name: 'mine',
    kind: 'extra',
    path,
    priority: 0,
    version: null,
    ...over,
  };
}

function service(name: string, ...paths: string[]): ParsedClaim[] {
  const routes = paths.map((path) => ({ path, priority: 0, version: null }));
  return parseAll(claimsOf(name, name, [], routes));
}

function found(mine: RouteClaim, others: ParsedClaim[]): string[] {
  return judgeClaims([mine], others).map(({ severity, code }) => `${severity} ${code}`);
}

describe('parseClaim', () => {
  it.each([
    [claim('/mcp/A'), 'path-invalid'],
    [claim('/mcp/x/sse'), 'reserved'],
    [claim('/mcp/x', { priority: 1001 }), 'path-invalid'],
    [claim('/mcp/x', { priority: Number.NaN }), 'path-invalid'],
    [claim('/mcp/{any}/x', { priority: 1 }), 'not-owner'],
    [claim('/mcp/mine/v/1.0.0', { version: '2.0.0' }), 'version-mismatch'],
  ])('refuses %o as %s', (wrong, code) => {
    expect(parseClaim(wrong)).toMatchObject({ severity: 'error', code });
  });

  it('takes the version from the path', () => {
    const result = parseClaim(claim('/mcp/mine/v/1.0.0'));
    expect(isConflict(result) ? null : result.version).toBe('1.0.0');
  });
});

describe('judging claims', () => {
  it('accepts a path that nobody has', () => {
    expect(found(claim('/mcp/free/path'), service('other'))).toEqual([]);
  });

  it('refuses a path below the name of another live service', () => {
    expect(found(claim('/mcp/other/beta'), service('other'))).toEqual(['error not-owner']);
  });

  it('refuses the very path of another live service as a conflict, and names both sides', () => {
    const mine = claim('/mcp/other', { kind: 'configured' });
    expect(judgeClaims([mine], service('other'))).toMatchObject([
      {
        code: 'path-conflict',
        claim: { service_name: 'mine' },
        with: { service_name: 'other', kind: 'default' },
      },
    ]);
  });

  it('refuses it with another priority too: the name is owned', () => {
    expect(found(claim('/mcp/other', { priority: 5 }), service('other'))).toEqual([
      'error not-owner',
    ]);
  });

  it('accepts a path below the own name', () => {
    const mine = service('mine');
    expect(found(claim('/mcp/mine/beta'), mine)).toEqual([]);
  });

  it('refuses an equal match set at equal priority and names both sides', () => {
    const others = service('other', '/mcp/shared/{a}');
    const [conflict] = judgeClaims([claim('/mcp/shared/{b}')], others);
    expect(conflict).toMatchObject({
      severity: 'error',
      code: 'path-conflict',
      claim: { path: '/mcp/shared/{b}', service_name: 'mine' },
      with: { path: '/mcp/shared/{a}', service_name: 'other' },
    });
  });

  it('only warns when the priorities differ', () => {
    const others = service('other', '/mcp/shared/{a}');
    expect(found(claim('/mcp/shared/{b}', { priority: 1 }), others)).toEqual(['warning shadowed']);
  });

  it('warns of a literal that a pattern of higher priority hides', () => {
    const mine = claim('/mcp/shared/*', { priority: 3 });
    expect(found(mine, service('other', '/mcp/shared/x'))).toEqual(['warning shadowed']);
  });

  it('does not warn where the more specific route goes first', () => {
    expect(found(claim('/mcp/shared/*'), service('other', '/mcp/shared/x'))).toEqual([]);
  });

  it('refuses two equal routes of one service', () => {
    const twice = [
      claim('/mcp/free/a', { route_id: '1' }),
      claim('/mcp/free/a', { route_id: '2' }),
    ];
    expect(judgeClaims(twice, [])).toMatchObject([{ code: 'path-conflict' }]);
  });

  it("refuses a name that is another service's alias", () => {
    const others = parseAll(claimsOf('other', 'renamed', ['mine'], []));
    const mine = claimsOf('mine', 'mine', [], []);
    expect(judgeClaims(mine, others)).toMatchObject([{ code: 'path-conflict' }]);
  });

  it('refuses a name under which another service has routes already', () => {
    const others = service('other', '/mcp/mine/x');
    expect(judgeClaims(claimsOf('mine', 'mine', [], []), others)).toMatchObject([
      { code: 'not-owner', with: { path: '/mcp/mine/x' } },
    ]);
  });

  it('puts refusals before warnings', () => {
    const others = [
      ...service('other', '/mcp/shared/{a}'),
      ...service('third', '/mcp/shared/{a}/b'),
    ];
    const mine = [
      claim('/mcp/shared/{b}', { priority: 1, route_id: '1' }),
      claim('/mcp/third/x', { route_id: '2' }),
    ];
    expect(judgeClaims(mine, others).map(({ severity }) => severity)).toEqual(['error', 'warning']);
  });

  it('judges one claim among ten thousand services quickly', () => {
    const many = Array.from({ length: 10_000 }, (_, n) => service(`s${n}`)).flat();
    const index = new ClaimIndex(many);
    const parsed = parseClaim(claim('/mcp/mine/{x}'));
    if (isConflict(parsed)) throw new Error(parsed.detail);
    const before = performance.now();
    for (let round = 0; round < 10; round += 1) index.conflictsOf(parsed);
    expect((performance.now() - before) / 10).toBeLessThan(50);
  });
});
