import { describe, expect, it } from '@jest/globals';
import { claimsOf, parseAll } from './route-claims.js';
import { judgeTogether, type ServiceClaims } from './route-judgement.js';

function service(name: string, paths: string[] = [], former: string[] = []): ServiceClaims {
  const configured = paths.map((path) => ({ path, priority: 0, version: null }));
  return { service_id: `id-${name}`, name, former_names: former, configured, extra: [] };
}

const staying = (name: string, ...paths: string[]) =>
  parseAll(claimsOf(`id-${name}`, name, [], service(name, paths).configured));

describe('judgeTogether', () => {
  it.each<[string, ServiceClaims[], ReturnType<typeof staying>, string[]]>([
    ['nothing in common', [service('a'), service('b', ['/mcp/b/x'])], staying('c'), []],
    [
      'the same path twice',
      [service('a', ['/mcp/x']), service('b', ['/mcp/x'])],
      [],
      ['path-conflict'],
    ],
    [
      'a name that is a path of another',
      [service('a', ['/mcp/b']), service('b')],
      [],
      ['path-conflict'],
    ],
    [
      'a path below a name that comes later',
      [service('a', ['/mcp/b/x']), service('b')],
      [],
      ['not-owner'],
    ],
    [
      'a path below a name that is there',
      [service('a', ['/mcp/b/x'])],
      staying('b'),
      ['not-owner'],
    ],
    ['a name above a path that is there', [service('b')], staying('a', '/mcp/b/x'), ['not-owner']],
    [
      'a former name that is a path',
      [service('a', [], ['x'])],
      staying('b', '/mcp/x'),
      ['path-conflict'],
    ],
    ['a path that is none', [service('a', ['/other'])], [], ['reserved']],
  ])('finds %s', (_what, changed, others, codes) => {
    expect(judgeTogether(changed, others).map(({ code }) => code)).toEqual(codes);
  });

  it('lets a service take what another one of them gives up', () => {
    expect(judgeTogether([service('a', ['/mcp/y']), service('b', ['/mcp/x'])], [])).toEqual([]);
  });

  it('judges extra routes by the name that their service is to have', () => {
    const extra = {
      schema_version: '1.0',
      route_id: 'r',
      service_id: 'id-a',
      path: '/mcp/a/v/1',
      priority: 0,
      version: null,
      description: null,
      created_at: '',
      actor: '',
    };
    expect(judgeTogether([{ ...service('a'), extra: [extra] }], [])).toEqual([]);
  });
});
