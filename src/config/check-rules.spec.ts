import { describe, expect, it } from '@jest/globals';
import { checkRuleErrors } from './check-rules.js';
import type { JsonObject } from '../kernel/json.js';

const errorsOf = (...checks: JsonObject[]): { pointer: string; detail: string }[] =>
  checkRuleErrors({ monitoring: { checks } }, '');
const functional = (...assert: JsonObject[]): JsonObject => ({
  kind: 'functional',
  tool: 'echo',
  assert,
});
const AT = '/monitoring/checks/0';

describe('rules of health checks', () => {
  it.each<[string, JsonObject]>([
    ['contains', { contains: 'hi' }],
    ['equals, null included', { equals: null }],
    ['equals at a pointer', { pointer: '/structuredContent/n', equals: 3 }],
    ['a schema', { schema: { type: 'object', required: ['content'] } }],
    [
      'a draft-07 schema',
      { schema: { $schema: 'http://json-schema.org/draft-07/schema#', type: 'string' } },
    ],
    ['a latency', { max_ms: 500 }],
  ])('accept one judgement: %s', (_what, assertion) => {
    expect(errorsOf(functional(assertion))).toEqual([]);
  });

  it.each<[string, JsonObject, string]>([
    ['none', {}, `${AT}/assert/0`],
    ['a pointer alone', { pointer: '/a' }, `${AT}/assert/0`],
    ['two', { contains: 'a', max_ms: 5 }, `${AT}/assert/0`],
    ['a latency at a pointer', { pointer: '/a', max_ms: 5 }, `${AT}/assert/0/pointer`],
    ['a schema that is none', { schema: { type: 'strnig' } }, `${AT}/assert/0/schema`],
    [
      'a schema elsewhere',
      { schema: { $ref: 'https://example.org/x.json' } },
      `${AT}/assert/0/schema`,
    ],
    ['a reference to nothing', { schema: { $ref: '#/$defs/none' } }, `${AT}/assert/0/schema`],
    ['a pattern no linear engine runs', { schema: { pattern: '(a)\\1' } }, `${AT}/assert/0/schema`],
  ])('refuse an assertion with %s', (_what, assertion, pointer) => {
    expect(errorsOf(functional(assertion)).map((error) => error.pointer)).toEqual([pointer]);
  });

  it('names the judgements that were found', () => {
    expect(errorsOf(functional({ contains: 'a', max_ms: 5 }))[0]?.detail).toContain(
      'contains, max_ms',
    );
  });

  it('refuse arguments without a tool', () => {
    expect(errorsOf({ kind: 'functional', arguments: {} })[0]?.pointer).toBe(`${AT}/arguments`);
  });

  it('refuse a tool, arguments and assertions on a basic check', () => {
    const check = { kind: 'basic', tool: 'x', arguments: {}, assert: [{ max_ms: 1 }] };
    expect(errorsOf(check).map((error) => error.pointer)).toContain(`${AT}/tool`);
    expect(errorsOf({ kind: 'basic', assert: [], tool: null })).toEqual([]);
  });

  it.each<[string, JsonObject, string[]]>([
    [
      'limits of calls on a functional check',
      { kind: 'functional', max_p95_ms: 5 },
      ['max_p95_ms'],
    ],
    [
      'a tool and a timeout on a performance check',
      { kind: 'performance', tool: 'a', timeout_ms: 50 },
      ['tool', 'timeout_ms'],
    ],
    ['a limit on a basic check', { kind: 'basic', max_error_rate: 0 }, ['max_error_rate']],
  ])('refuse %s', (_what, check, fields) => {
    expect(errorsOf(check).map(({ pointer }) => pointer)).toEqual(
      fields.map((field) => `${AT}/${field}`),
    );
  });

  it('accept every limit on a performance check', () => {
    const check = { max_p95_ms: 1, max_error_rate: 0.1, max_memory_mb: 5, max_cpu_percent: 90 };
    expect(errorsOf({ kind: 'performance', min_samples: 5, ...check })).toEqual([]);
  });

  it('refuse a name that is used twice', () => {
    const errors = errorsOf({ kind: 'basic', name: 'a' }, { kind: 'functional', name: 'a' });
    expect(errors.map((error) => error.pointer)).toEqual(['/monitoring/checks/1/name']);
  });
});

describe('rules of external resources', () => {
  const pointersOf = (...external: JsonObject[]): string[] =>
    checkRuleErrors({ integration: { external } }, '').map(({ pointer }) => pointer);
  const at = '/integration/external/0';

  it.each<[string, JsonObject, string[]]>([
    ['a port', { tcp: 'db:5432' }, []],
    ['a URL', { url: 'https://example.org/health', tcp: null }, []],
    ['neither', {}, [at]],
    ['both', { url: 'https://a', tcp: 'a:1' }, [at]],
    ['a URL with credentials', { url: 'https://u:p@a/' }, [`${at}/url`]],
    ['a URL of another kind', { url: 'ftp://a/' }, [`${at}/url`]],
    ['a port that is none', { tcp: 'a:70000' }, [`${at}/tcp`]],
  ])('judge %s', (_name, resource, pointers) => {
    expect(pointersOf({ name: 'r', ...resource })).toEqual(pointers);
  });
});

describe('other rules between fields', () => {
  it('tolerate any shape', () => {
    expect(checkRuleErrors({ monitoring: 3, network: { routes: [null, 1] } }, '')).toEqual([]);
    expect(checkRuleErrors({ monitoring: { checks: [7, { assert: 'x' }] } }, '')).toEqual([]);
  });

  it('accept semver ranges and refuse other text', () => {
    const withRange = (version: string): JsonObject => ({
      integration: { dependencies: [{ service: 'a', version }] },
    });
    expect(checkRuleErrors(withRange('>=1 <3 || 4.x'), '')).toEqual([]);
    expect(checkRuleErrors(withRange('new'), '')[0]?.pointer).toBe(
      '/integration/dependencies/0/version',
    );
  });
});
