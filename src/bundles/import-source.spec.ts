import { describe, expect, it } from '@jest/globals';
import { readImport } from './import-source.js';

const BUNDLE = { bundle_version: '1.0' };
const ID = 'ABCDEF01-1111-4111-8111-111111111111';

describe('what is imported', () => {
  it.each<[string, unknown, string, string[]]>([
    ['an empty bundle', BUNDLE, 'bundle', []],
    ['a bundle of a later minor version', { bundle_version: '1.7' }, 'bundle', []],
    [
      'a bundle as YAML',
      'bundle_version: "1.0"\nservices: [{ spec: { name: a } }]',
      'bundle',
      ['a'],
    ],
    [
      'the file of a client',
      { mcpServers: { 'My Server': { command: 'node' } } },
      'client_servers',
      ['my-server'],
    ],
    [
      'the file of VS Code',
      { servers: { x: { url: 'https://e.example/mcp' } }, inputs: [] },
      'client_servers',
      ['x'],
    ],
    [
      'a server.json',
      { name: 'io.x/y', remotes: [{ type: 'sse', url: 'https://e.example/sse' }] },
      'server_json',
      ['y'],
    ],
  ])('may be %s', (_what, body, format, names) => {
    const source = readImport(body);
    expect(source.format).toBe(format);
    expect(source.bundle.services.map(({ spec }) => spec['name'])).toEqual(names);
  });

  it('has what it may leave out filled in', () => {
    const { bundle } = readImport({
      ...BUNDLE,
      services: [{ service_id: ID, spec: {}, routes: [{ path: '/mcp/a/x' }] }],
      templates: [{ template_id: 't', revision: 1 }],
    });
    expect(bundle.services[0]).toEqual({
      service_id: ID.toLowerCase(),
      spec: {},
      routes: [{ path: '/mcp/a/x', priority: 0, version: null, description: null }],
    });
    expect(bundle.templates[0]).toMatchObject({
      title: 't',
      extends: null,
      config: {},
      overlays: {},
    });
  });

  it.each<[string, unknown, string, string[]]>([
    ['nothing', null, 'bundles.bundle-invalid', ['']],
    ['a list', [], 'bundles.bundle-invalid', ['']],
    ['something else', { a: 1 }, 'bundles.bundle-invalid', ['']],
    [
      'another major version',
      { bundle_version: '2.0' },
      'bundles.bundle-newer',
      ['/bundle_version'],
    ],
    ['no version', { bundle_version: 1 }, 'bundles.bundle-invalid', ['/bundle_version']],
    [
      'unknown members',
      { ...BUNDLE, x: 1, services: [{ spec: {}, y: 1 }] },
      'bundles.bundle-invalid',
      ['/x', '/services/0/y'],
    ],
    [
      'members that reach a prototype',
      JSON.parse('{"bundle_version":"1.0","__proto__":{}}'),
      'bundles.bundle-invalid',
      ['/__proto__'],
    ],
    [
      'a name twice',
      { ...BUNDLE, services: [{ spec: { name: 'a' } }, { spec: { name: 'a' } }] },
      'bundles.bundle-invalid',
      ['/services/1/spec/name'],
    ],
    [
      'an id twice',
      {
        ...BUNDLE,
        services: [
          { service_id: ID, spec: {} },
          { service_id: ID.toLowerCase(), spec: {} },
        ],
      },
      'bundles.bundle-invalid',
      ['/services/1/service_id'],
    ],
    [
      'a revision twice',
      { ...BUNDLE, templates: [1, 1].map((revision) => ({ template_id: 't', revision })) },
      'bundles.bundle-invalid',
      ['/templates/1'],
    ],
    [
      'too many services',
      { ...BUNDLE, services: Array.from({ length: 10_001 }, () => ({ spec: {} })) },
      'bundles.bundle-invalid',
      ['/services'],
    ],
    [
      'a file of a client with errors',
      { mcpServers: { a: {}, b: 1 } },
      'bundles.bundle-invalid',
      ['/mcpServers/a', '/mcpServers/b'],
    ],
  ])('is not %s', (_what, body, code, pointers) => {
    let thrown: unknown;
    try {
      readImport(body);
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toMatchObject({ code, status: 422 });
    const { errors } = (thrown as { details: { errors: { pointer: string }[] } }).details;
    expect(errors.map(({ pointer }) => pointer).sort()).toEqual([...pointers].sort());
  });

  it('says where a pointer of a spec stands in what was sent', () => {
    const bundle = readImport({ ...BUNDLE, services: [{ spec: {} }] });
    expect(bundle.pointer(3, '/config')).toBe('/services/3/spec/config');
    const file = readImport({ mcpServers: { A: { command: 'node' } } });
    expect(file.pointer(0, '/config/runtime/command')).toBe('/mcpServers/A/command');
  });
});

describe('a template that is nested too deep to be compared', () => {
  it.each(['config', 'overlays'])('is refused for its %s, with the place', (member) => {
    const deep: unknown = JSON.parse(`{"x":${'['.repeat(9000)}${']'.repeat(9000)}}`);
    const templates = [{ template_id: 'a', revision: 1, [member]: deep }];
    const read = (): unknown => readImport({ bundle_version: '1.0', services: [], templates });
    expect(read).toThrow(expect.objectContaining({ code: 'bundles.bundle-invalid' }));
    expect(read).toThrow(`/templates/0/${member}/x/0`);
  });
});
