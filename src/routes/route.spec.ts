import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  compareRoutes,
  covers,
  isPathFault,
  parseRoutePath,
  versionInPath,
  type OrderedRoute,
  type RoutePath,
} from './route.js';

function parsed(path: string): RoutePath {
  const result = parseRoutePath(path);
  if (isPathFault(result)) throw new Error(`${path}: ${result.detail}`);
  return result;
}

function ordered(path: string, priority = 0, route_id = path): OrderedRoute {
  return { route_id, priority, parsed: parsed(path) };
}

describe('parseRoutePath', () => {
  it.each([
    ['/mcp/weather', 'literal', 'weather'],
    ['/mcp/weather/v/1.2.0', 'literal', 'weather/v/1.2.0'],
    ['/mcp/{tenant}/weather', 'pattern', '{}/weather'],
    ['/mcp/a/{x}/{y}', 'pattern', 'a/{}/{}'],
    ['/mcp/a/*', 'prefix', 'a/*'],
    ['/mcp/a/{b}/*', 'prefix', 'a/{}/*'],
    ['/mcp/a/b/c/d/e/f/g/h', 'literal', 'a/b/c/d/e/f/g/h'],
  ])('reads %s as a %s', (path, shape, key) => {
    expect(parsed(path)).toMatchObject({ shape, key });
  });

  it.each([
    ['/mcp', 'reserved'],
    ['/mcp/', 'reserved'],
    ['/mcp/sse', 'reserved'],
    ['/mcp/message', 'reserved'],
    ['/mcp/*', 'reserved'],
    ['/mcp/weather/sse', 'reserved'],
    ['/mcp/weather/message', 'reserved'],
    ['/api/v1/x', 'reserved'],
    ['/mcpx/a', 'reserved'],
    ['', 'reserved'],
    ['/mcp/a/b/c/d/e/f/g/h/i', 'path-invalid'],
    ['/mcp/A', 'path-invalid'],
    ['/mcp/a//b', 'path-invalid'],
    ['/mcp/a/', 'path-invalid'],
    ['/mcp/a/../b', 'path-invalid'],
    ['/mcp/a/./b', 'path-invalid'],
    ['/mcp/a/*/b', 'path-invalid'],
    ['/mcp/a/x*', 'path-invalid'],
    ['/mcp/a/{X}', 'path-invalid'],
    ['/mcp/a/{}', 'path-invalid'],
    ['/mcp/a?b', 'path-invalid'],
    ['/mcp/a%2fb', 'path-invalid'],
    ['/mcp/ü', 'path-invalid'],
  ])('refuses %s as %s', (path, code) => {
    expect(parseRoutePath(path)).toMatchObject({ code });
  });

  it('gives equal keys to patterns that differ in variable names only', () => {
    expect(parsed('/mcp/a/{x}').key).toBe(parsed('/mcp/a/{y}').key);
  });

  it('never throws, whatever it is given', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        parseRoutePath(text);
        parseRoutePath(`/mcp/${text}`);
      }),
    );
  });
});

describe('versionInPath', () => {
  it.each([
    ['/mcp/weather/v/1.2.0', '1.2.0'],
    ['/mcp/weather/v/3', '3'],
    ['/mcp/weather', null],
    ['/mcp/weather/v/1/x', null],
    ['/mcp/weather/v/{x}', null],
  ])('of %s is %s', (path, version) => {
    expect(versionInPath(parsed(path))).toBe(version);
  });
});

describe('compareRoutes', () => {
  it('orders by priority, shape, length, specificity, then text', () => {
    const wanted = [
      ordered('/mcp/a/*', 5),
      ordered('/mcp/a/b/c'),
      ordered('/mcp/a/b'),
      ordered('/mcp/a/{x}/c'),
      ordered('/mcp/a/{x}'),
      ordered('/mcp/{x}/b'),
      ordered('/mcp/a/b/*'),
      ordered('/mcp/a/*'),
      ordered('/mcp/z', -1),
    ];
    const paths = wanted.map((route) => `${route.route_id} ${route.priority}`);
    const sorted = [...wanted].reverse().sort(compareRoutes);
    expect(sorted.map((route) => `${route.route_id} ${route.priority}`)).toEqual(paths);
  });

  it('is a total order that does not depend on the order of insertion', () => {
    const segment = fc.constantFrom('a', 'b', '{x}', 'v');
    const path = fc
      .tuple(fc.array(segment, { minLength: 1, maxLength: 4 }), fc.boolean())
      .map(([segments, wide]) => `/mcp/${segments.join('/')}${wide ? '/*' : ''}`);
    const route = fc.tuple(path, fc.integer({ min: -2, max: 2 }), fc.uuid());
    fc.assert(
      fc.property(fc.array(route, { maxLength: 12 }), (routes) => {
        const made = routes.map(([text, priority, id]) => ordered(text, priority, id));
        const forwards = [...made].sort(compareRoutes).map((one) => one.route_id);
        const backwards = [...made]
          .reverse()
          .sort(compareRoutes)
          .map((one) => one.route_id);
        expect(forwards).toEqual(backwards);
      }),
    );
  });

  it('tells routes of equal match set apart by their id', () => {
    expect(compareRoutes(ordered('/mcp/a', 0, '1'), ordered('/mcp/a', 0, '2'))).toBeLessThan(0);
  });
});

describe('covers', () => {
  it.each([
    ['/mcp/a/{x}', '/mcp/a/b', true],
    ['/mcp/a/{x}', '/mcp/a/{y}', true],
    ['/mcp/a/b', '/mcp/a/{x}', false],
    ['/mcp/a/*', '/mcp/a/b', true],
    ['/mcp/a/*', '/mcp/a/b/c', true],
    ['/mcp/a/*', '/mcp/a', false],
    ['/mcp/a/*', '/mcp/a/b/*', true],
    ['/mcp/a/b/*', '/mcp/a/*', false],
    ['/mcp/{x}/b', '/mcp/a/*', false],
    ['/mcp/{x}/*', '/mcp/a/{y}', true],
    ['/mcp/a/b', '/mcp/a/b', true],
    ['/mcp/a/*', '/mcp/a/*', true],
    ['/mcp/a/{x}', '/mcp/a/*', false],
  ])('%s over %s is %s', (outer, inner, answer) => {
    expect(covers(parsed(outer), parsed(inner))).toBe(answer);
  });
});
