import { describe, expect, it } from '@jest/globals';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { isJsonObject, type JsonObject } from '../kernel/json.js';
import { CONFIG_OPENAPI_SCHEMA, CONFIG_SCHEMA, validateFragment } from './config-schema.js';
import { DEFAULT_CONFIG } from './defaults.js';

const pointersOf = (fragment: unknown): string[] =>
  validateFragment(fragment, '/config').map(({ pointer }) => pointer);

describe('validateFragment', () => {
  it('accepts an empty fragment and one with every category', () => {
    expect(validateFragment({}, '')).toEqual([]);
    expect(
      validateFragment(
        {
          runtime: { command: 'npx', args: ['-y'], env: { A: 'b' }, limits: { memory_mb: 512 } },
          network: { headers: { 'x-a': 'b' }, routes: [{ path: '/mcp/a/{name}/*', priority: 5 }] },
          security: { tools: { allow: ['read_*'] }, rate_limit: { requests: 5 } },
          integration: { dependencies: [{ service: 'b', version: '^1.0.0' }] },
          monitoring: {
            checks: [{ kind: 'functional', tool: 'echo', arguments: { a: null } }],
            alerts: { enabled: false, hold_intervals: 0, repeat_ms: 60_000 },
          },
          extensions: { 'team-a': { anything: [1, null, 'x'] } },
          overlays: { production: { runtime: { warm: 2 } } },
        },
        '',
      ),
    ).toEqual([]);
  });

  it('accepts null wherever a fragment may delete', () => {
    const fragment = { runtime: null, network: { headers: { a: null }, tls: null, url: null } };
    expect(validateFragment(fragment, '')).toEqual([]);
  });

  it.each([
    ['an unknown category', { runtim: {} }, ['/config/runtim']],
    ['an unknown field', { runtime: { comand: 'x' } }, ['/config/runtime/comand']],
    [
      'a field of a later capability',
      { security: { sandbox: 'none' } },
      ['/config/security/sandbox'],
    ],
    ['an unknown field in an overlay', { overlays: { dev: { x: 1 } } }, ['/config/overlays/dev/x']],
    [
      'overlays in overlays',
      { overlays: { a: { overlays: {} } } },
      ['/config/overlays/a/overlays'],
    ],
    ['a number out of bounds', { runtime: { replicas: 0 } }, ['/config/runtime/replicas']],
    ['a fraction where units are whole', { runtime: { warm: 1.5 } }, ['/config/runtime/warm']],
    ['a wrong type', { runtime: { args: 'x' } }, ['/config/runtime/args']],
    ['a list in place of an object', { runtime: [] }, ['/config/runtime']],
    ['a null in a list', { runtime: { args: ['a', null] } }, ['/config/runtime/args/1']],
    ['a wrong choice', { runtime: { isolation: 'none' } }, ['/config/runtime/isolation']],
    [
      'a variable with a bad name',
      { runtime: { env: { 'A-B': '' } } },
      ['/config/runtime/env/A-B'],
    ],
    ['a value that is no text', { runtime: { env: { A: 1 } } }, ['/config/runtime/env/A']],
    [
      'a header with a line break',
      { network: { headers: { a: 'x\ny' } } },
      ['/config/network/headers/a'],
    ],
    [
      'a body limit above 64 MiB',
      { network: { max_body_bytes: 67_108_865 } },
      ['/config/network/max_body_bytes'],
    ],
    ['a relative directory', { runtime: { cwd: 'x' } }, ['/config/runtime/cwd']],
    [
      'a route outside /mcp/',
      { network: { routes: [{ path: '/api/x' }] } },
      ['/config/network/routes/0/path'],
    ],
    [
      'a route of 9 segments',
      { network: { routes: [{ path: '/mcp/1/2/3/4/5/6/7/8/9' }] } },
      ['/config/network/routes/0/path'],
    ],
    [
      'a reserved route',
      { network: { routes: [{ path: '/mcp/sse' }] } },
      ['/config/network/routes/0/path'],
    ],
    ['a route without a path', { network: { routes: [{}] } }, ['/config/network/routes/0/path']],
    [
      'a bad semver range',
      { integration: { dependencies: [{ service: 'a', version: 'one' }] } },
      ['/config/integration/dependencies/0/version'],
    ],
    [
      'a webhook without a secret, and one for an unknown severity',
      {
        integration: {
          webhooks: [{ url: 'https://a.example' }, { url: 'x', secret: 'y', min_severity: 'info' }],
        },
      },
      ['/config/integration/webhooks/0/secret', '/config/integration/webhooks/1/min_severity'],
    ],
    [
      'alerts that are told too often',
      { monitoring: { alerts: { repeat_ms: 9_999, hold_intervals: 101 } } },
      ['/config/monitoring/alerts/hold_intervals', '/config/monitoring/alerts/repeat_ms'],
    ],
    [
      'a check that runs too often',
      { monitoring: { checks: [{ kind: 'basic', interval_ms: 999 }] } },
      ['/config/monitoring/checks/0/interval_ms'],
    ],
    [
      'a kind of check that is not there yet',
      { monitoring: { checks: [{ kind: 'secrecy' }] } },
      ['/config/monitoring/checks/0/kind'],
    ],
    ['a fragment that is no object', 'x', ['/config']],
  ])('refuses %s with its pointer', (_what, fragment, pointers) => {
    expect(pointersOf(fragment)).toEqual(pointers);
  });

  it('reports every error at once', () => {
    const fragment = {
      runtime: { replicas: 0, nope: 1 },
      network: { port: 70_000 },
      monitoring: { checks: [{ kind: 'functional', assert: [{}] }] },
      surprise: true,
    };
    expect(pointersOf(fragment).sort()).toEqual([
      '/config/monitoring/checks/0/assert/0',
      '/config/network/port',
      '/config/runtime/nope',
      '/config/runtime/replicas',
      '/config/surprise',
    ]);
  });

  it.each(['__proto__', 'constructor', 'prototype'])(
    'refuses a field named %s anywhere',
    (name) => {
      const fragment: unknown = JSON.parse(
        `{"extensions":{"a":{"b":[{"${name}":{"polluted":true}}]}}}`,
      );
      expect(pointersOf(fragment)).toEqual([`/config/extensions/a/b/0/${name}`]);
      expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
    },
  );

  it('refuses a document that is nested too deep, without a deep recursion', () => {
    const deep: unknown = JSON.parse(`${'{"a":'.repeat(200)}1${'}'.repeat(200)}`);
    const [error, ...more] = validateFragment({ extensions: { a: deep } }, '');
    expect(error?.detail).toContain('32 levels');
    expect(more).toEqual([]);
  });

  it('refuses a document above 256 KiB', () => {
    const fragment = { extensions: { a: 'x'.repeat(256 * 1024) } };
    expect(validateFragment(fragment, '/config')[0]?.pointer).toBe('/config');
  });

  it('says what is wrong in words and never shows a pattern', () => {
    const errors = validateFragment({ runtime: { cwd: 'x', warm: 'y', isolation: 'z' } }, '');
    expect(Object.fromEntries(errors.map(({ pointer, detail }) => [pointer, detail]))).toEqual({
      '/runtime/cwd': 'must be an absolute path.',
      '/runtime/warm': 'must be of type integer, not string.',
      '/runtime/isolation': 'must be one of session, shared.',
    });
  });
});

describe('the exported schema', () => {
  it('is a valid JSON Schema 2020-12 that agrees with the validation', () => {
    const validate = new Ajv2020({ strict: false }).compile(CONFIG_SCHEMA);
    expect(validate({ runtime: { replicas: 2 } })).toBe(true);
    expect(validate({ runtime: { replicas: 0 } })).toBe(false);
    expect(validate({ unknown: 1 })).toBe(false);
  });

  it('states the default that merging gives, for each field', () => {
    expect(differingDefaults(CONFIG_SCHEMA, DEFAULT_CONFIG as unknown as JsonObject, '')).toEqual(
      [],
    );
  });

  it('describes every field', () => {
    expect(undescribed(CONFIG_SCHEMA, '')).toEqual([]);
  });

  it('has no list of types and no keyword that OpenAPI 3.0 lacks', () => {
    const text = JSON.stringify(CONFIG_OPENAPI_SCHEMA);
    expect(text).not.toContain('"type":[');
    expect(text).not.toContain('propertyNames');
  });
});

function propertiesOf(schema: JsonObject): [string, JsonObject][] {
  const properties = schema['properties'];
  if (!isJsonObject(properties)) return [];
  return Object.entries(properties).map(([name, one]) => [name, one as JsonObject]);
}

function differingDefaults(schema: JsonObject, defaults: JsonObject, at: string): string[] {
  return propertiesOf(schema).flatMap(([name, field]) => {
    const pointer = `${at}/${name}`;
    if (pointer === '/overlays') return [];
    const value = defaults[name];
    if (value === undefined) return [`${pointer} is not in the defaults`];
    if (isJsonObject(value) && field['properties'] !== undefined) {
      return differingDefaults(field, value, pointer);
    }
    const stated = JSON.stringify(field['default']);
    return stated === JSON.stringify(value) ? [] : [`${pointer} states ${stated}`];
  });
}

function undescribed(schema: JsonObject, at: string): string[] {
  return propertiesOf(schema).flatMap(([name, field]) => [
    ...(typeof field['description'] === 'string' ? [] : [`${at}/${name}`]),
    ...undescribed(field, `${at}/${name}`),
    ...(isJsonObject(field['items']) ? undescribed(field['items'], `${at}/${name}/0`) : []),
  ]);
}
