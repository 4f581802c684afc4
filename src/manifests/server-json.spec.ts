import { describe, expect, it } from '@jest/globals';
import type { FieldError } from '../kernel/problem.js';
import type { JsonObject } from '../kernel/json.js';
import { readServerJson } from './server-json.js';

const HEAD = { name: 'io.example/weather', description: 'Weather.', version: '1.2.0' };
const NPM = { registryType: 'npm', identifier: '@example/weather', version: '1.2.0' };

function read(document: object) {
  const errors: FieldError[] = [];
  const manifest = readServerJson(document as JsonObject, errors);
  return { spec: manifest?.entries[0]?.spec, warnings: manifest?.warnings, errors };
}

describe('readServerJson', () => {
  it('starts an npm package with npx', () => {
    expect(read({ ...HEAD, packages: [NPM] }).spec).toEqual({
      name: 'weather',
      title: 'io.example/weather',
      description: 'Weather.',
      version: '1.2.0',
      type: 'executable',
      hosting_mode: 'stdio',
      config: { runtime: { command: 'npx', args: ['-y', '@example/weather@1.2.0'] } },
    });
  });

  it('starts a PyPI package with uvx', () => {
    const packages = [{ registryType: 'pypi', identifier: 'weather-mcp', version: '0.5.0' }];
    expect(read({ ...HEAD, packages }).spec).toMatchObject({
      config: { runtime: { command: 'uvx', args: ['weather-mcp@0.5.0'] } },
    });
  });

  it('passes arguments and environment in their order', () => {
    const packages = [
      {
        ...NPM,
        runtimeArguments: [{ type: 'named', name: '--yes', isRequired: true }],
        packageArguments: [
          { type: 'positional', value: 'start' },
          { type: 'named', name: '--units', default: 'metric' },
          { type: 'named', name: '--host', value: '{host}', variables: { host: { default: 'h' } } },
          { type: 'named', name: '--verbose', isRequired: true },
          { type: 'named', name: '--port' },
        ],
        environmentVariables: [
          { name: 'LOG', default: 'info' },
          { name: 'OPTIONAL' },
          { name: 'OTHER_TOKEN', isSecret: true },
        ],
      },
    ];
    expect(read({ ...HEAD, packages }).spec).toMatchObject({
      config: {
        runtime: {
          args: [
            '--yes',
            '-y',
            '@example/weather@1.2.0',
            'start',
            '--units',
            'metric',
            '--host',
            'h',
            '--verbose',
          ],
          env: { LOG: 'info' },
        },
      },
    });
  });

  it('makes a reference of a required secret and says where it is read', () => {
    const environmentVariables = [{ name: 'Weather-Key', isRequired: true, isSecret: true }];
    const { spec, warnings } = read({ ...HEAD, packages: [{ ...NPM, environmentVariables }] });
    expect(spec).toMatchObject({
      config: { runtime: { env: { 'Weather-Key': '${env:SWITCHYARD_SECRET_WEATHER_KEY}' } } },
    });
    expect(warnings?.[0]).toContain('SWITCHYARD_SECRET_WEATHER_KEY');
  });

  it('prefers a remote that needs nothing to a package', () => {
    const remotes = [
      {
        type: 'sse',
        url: 'https://x.example/sse',
        headers: [{ name: 'Key', isSecret: true, isRequired: true }],
      },
      { type: 'streamable-http', url: 'https://x.example/mcp' },
    ];
    expect(read({ ...HEAD, packages: [NPM], remotes }).spec).toMatchObject({
      hosting_mode: 'streamable_http',
      config: { network: { url: 'https://x.example/mcp' } },
    });
  });

  it('takes a remote with a secret when there is nothing else, and keeps the words around it', () => {
    const headers = [
      { name: 'Authorization', value: 'Bearer {token}', isRequired: true, isSecret: true },
      { name: 'Region', default: 'eu' },
    ];
    const remotes = [{ type: 'sse', url: 'https://x.example/sse', headers }];
    expect(read({ ...HEAD, remotes }).spec).toMatchObject({
      hosting_mode: 'sse',
      config: {
        network: {
          headers: {
            Authorization: 'Bearer ${env:SWITCHYARD_SECRET_AUTHORIZATION}',
            Region: 'eu',
          },
        },
      },
    });
  });

  it.each<[string, object, string[]]>([
    ['no name', { packages: [NPM] }, ['/name']],
    ['neither package nor remote', { ...HEAD, packages: [] }, ['']],
    ['packages that are no list', { ...HEAD, packages: {} }, ['/packages']],
    [
      'an image',
      { ...HEAD, packages: [{ ...NPM, registryType: 'oci' }] },
      ['/packages/0/registryType'],
    ],
    [
      'an option for a package',
      { ...HEAD, packages: [{ ...NPM, identifier: '-c' }] },
      ['/packages/0/identifier'],
    ],
    [
      'a package that listens',
      { ...HEAD, packages: [{ ...NPM, transport: { type: 'sse', url: 'http://localhost:1' } }] },
      ['/packages/0/transport/type'],
    ],
    [
      'a value only the user knows',
      {
        ...HEAD,
        packages: [{ ...NPM, environmentVariables: [{ name: 'CITY', isRequired: true }] }],
      },
      ['/packages/0/environmentVariables/0'],
    ],
    [
      'a variable only the user knows',
      {
        ...HEAD,
        packages: [
          {
            ...NPM,
            packageArguments: [{ type: 'positional', value: '{dir}', variables: { dir: {} } }],
          },
        ],
      },
      ['/packages/0/packageArguments/0/variables/dir'],
    ],
    [
      'a URL with variables',
      { ...HEAD, remotes: [{ type: 'sse', url: 'https://{t}.example' }] },
      ['/remotes/0/url'],
    ],
    [
      'an unknown transport',
      { ...HEAD, remotes: [{ type: 'ws', url: 'https://x.example' }] },
      ['/remotes/0/type'],
    ],
  ])('refuses %s', (_what, document, pointers) => {
    expect(read(document).errors.map((error) => error.pointer)).toEqual(pointers);
  });
});
