import { describe, expect, it } from '@jest/globals';
import type { IncomingMessage } from 'node:http';
import type { Principal } from '../auth/principal.js';
import { isLargeImport, isYamlImport } from './import-body.js';

const principal = (...scopes: string[]): Principal => ({
  id: 'k',
  kind: 'key',
  scopes: new Set(scopes),
  services: null,
});

function requestOf(method: string, url: string, type: string): IncomingMessage {
  return { method, url, headers: { 'content-type': type } } as unknown as IncomingMessage;
}

describe('the bodies of imports', () => {
  it.each<[string, string, string, Principal | null, 'json' | 'yaml' | null]>([
    ['POST', '/api/v1/import', 'application/json', principal('admin'), 'json'],
    [
      'POST',
      '/api/v1/import?dry_run=true',
      'application/json; charset=utf-8',
      principal('admin'),
      'json',
    ],
    ['POST', '/api/v1/import/', 'application/yaml', principal('admin'), 'yaml'],
    ['POST', '/API/v1/import', 'application/YAML;charset=utf-8', principal('admin'), 'yaml'],
    ['POST', '/api/v1/import', 'application/json', principal('read', 'write'), null],
    ['POST', '/api/v1/import', 'application/yaml', null, null],
    ['POST', '/api/v1/services', 'application/json', principal('admin'), null],
    ['POST', '/api/v1/imports', 'application/json', principal('admin'), null],
    ['PUT', '/api/v1/import', 'application/json', principal('admin'), null],
    ['POST', '/api/v1/import', 'application/yamlx', principal('admin'), null],
    ['POST', '/api/v1/import', 'text/yaml', principal('admin'), null],
  ])('%s %s of %s is read as such only for an admin', (method, url, type, who, kind) => {
    const request = requestOf(method, url, type);
    expect(isLargeImport(request, () => who)).toBe(kind === 'json');
    expect(isYamlImport(request, () => who)).toBe(kind === 'yaml');
  });
});
