import { describe, expect, it } from '@jest/globals';
import type { JsonObject } from '../kernel/json.js';
import { normaliseSpec, specErrors } from './service-spec.js';
import { OBSERVED_FIELDS } from './service-spec.schema.js';

const pointersOf = (input: unknown): string[] => specErrors(input).map(({ pointer }) => pointer);

describe('specErrors', () => {
  it('accepts a name alone, and everything a client may write', () => {
    expect(specErrors({ name: 'a' })).toEqual([]);
    expect(
      specErrors({
        name: 'a',
        service_id: '7f000000-0000-4000-8000-000000000001',
        draft: true,
        title: 'A',
        description: '',
        type: 'function',
        hosting_mode: 'sse',
        script_id: '7F000000-0000-4000-8000-000000000002',
        version: '1.2.3-rc.1+build.5',
        tags: ['x'],
        owner: 'team',
        extends: 'function_service@1',
        config: {},
      }),
    ).toEqual([]);
  });

  it('does not look at what is observed', () => {
    expect(specErrors({ name: 'a', status: 3, tools: 'x', revision: null })).toEqual([]);
  });

  it('takes back the whole document that a read answers', () => {
    const read = {
      ...Object.fromEntries(OBSERVED_FIELDS.map((field) => [field, { of: 'the gateway' }])),
      ...normaliseSpec({ name: 'a' }),
      service_id: '7f000000-0000-4000-8000-000000000001',
    };
    expect(specErrors(read)).toEqual([]);
    expect(Object.keys(read)).toEqual(
      expect.arrayContaining(['candidate', 'desired', 'generation', 'schema_version']),
    );
    expect(pointersOf({ ...read, observed: true })).toEqual(['/observed']);
  });

  it.each<[string, unknown, string[]]>([
    ['no object', [], ['']],
    ['no name', {}, ['/name']],
    ['a null name', { name: null }, ['/name']],
    ['a reserved name', { name: 'sse' }, ['/name']],
    ['an unknown field', { name: 'a', colour: 'red' }, ['/colour']],
    ['a version that is none', { name: 'a', version: '1.0' }, ['/version']],
    ['a version with a v', { name: 'a', version: 'v1.0.0' }, ['/version']],
    ['a script id that is no uuid', { name: 'a', script_id: 'x' }, ['/script_id']],
    ['33 tags', { name: 'a', tags: Array.from({ length: 33 }, (_, n) => `t${n}`) }, ['/tags']],
    ['a long tag', { name: 'a', tags: ['x'.repeat(65)] }, ['/tags/0']],
    ['a tag twice', { name: 'a', tags: ['x', 'x'] }, ['/tags']],
    ['a long title', { name: 'a', title: 'x'.repeat(129) }, ['/title']],
    ['a template that is none', { name: 'a', extends: '../x' }, ['/extends']],
    ['a config that is a list', { name: 'a', config: [] }, ['/config']],
    ['several errors', { name: 'A', type: 'x', tags: [1] }, ['/name', '/type', '/tags/0']],
  ])('refuses %s', (_what, input, pointers) => {
    expect(pointersOf(input).sort()).toEqual([...pointers].sort());
  });

  it('refuses names that reach a prototype', () => {
    const input: unknown = JSON.parse('{"name":"a","__proto__":{"x":1}}');
    expect(pointersOf(input)).toEqual(['/__proto__']);
  });
});

describe('normaliseSpec', () => {
  it('fills in the defaults', () => {
    expect(normaliseSpec({ name: 'a' })).toEqual({
      name: 'a',
      title: null,
      description: null,
      type: 'executable',
      hosting_mode: 'stdio',
      script_id: null,
      version: '1.0.0',
      tags: [],
      owner: null,
      extends: null,
      config: {},
    });
  });

  it.each<[JsonObject, string]>([
    [{ config: { runtime: { command: 'npx' } } }, 'stdio'],
    [{ config: { network: { url: 'https://h/sse' } } }, 'sse'],
    [{ config: { network: { url: 'https://h/a/sse/?x=1' } } }, 'sse'],
    [{ config: { network: { url: 'https://h/mcp' } } }, 'streamable_http'],
    [{ config: { network: { url: 'https://h/mcp?x=/sse' } } }, 'streamable_http'],
    [{ extends: 'remote_sse_service@1' }, 'sse'],
    [{ extends: 'remote_http_service' }, 'streamable_http'],
    [{ hosting_mode: 'sse', config: { runtime: { command: 'npx' } } }, 'sse'],
  ])('takes the hosting mode of %j to be %s', (input, mode) => {
    expect(normaliseSpec({ name: 'a', ...input }).hosting_mode).toBe(mode);
  });

  it('writes script ids in lower case and keeps the configuration verbatim, as a copy', () => {
    const config = { runtime: { env: { A: null } } };
    const spec = normaliseSpec({
      name: 'a',
      script_id: '7F000000-0000-4000-8000-0000000000AB',
      config,
    });
    expect(spec.script_id).toBe('7f000000-0000-4000-8000-0000000000ab');
    expect(spec.config).toEqual(config);
    expect(spec.config).not.toBe(config);
  });
});
