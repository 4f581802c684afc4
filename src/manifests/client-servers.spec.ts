import { describe, expect, it } from '@jest/globals';
import type { JsonObject } from '../kernel/json.js';
import type { FieldError } from '../kernel/problem.js';
import { readClientServers } from './client-servers.js';
import { pointerInManifest } from './manifest-entry.js';

function read(servers: JsonObject) {
  const errors: FieldError[] = [];
  const manifest = readClientServers(servers, '/mcpServers', errors);
  return { entries: manifest?.entries ?? [], errors };
}

describe('the hosting mode of a client’s server', () => {
  it.each<[JsonObject, string]>([
    [{ command: 'node' }, 'stdio'],
    [{ command: 'node', type: 'stdio' }, 'stdio'],
    [{ url: 'https://x.example/mcp' }, 'streamable_http'],
    [{ url: 'https://x.example/sse' }, 'sse'],
    [{ url: 'https://x.example/sse', type: 'http' }, 'streamable_http'],
    [{ url: 'https://x.example/mcp', type: 'sse' }, 'sse'],
    [{ url: 'https://x.example/mcp', transport: 'streamable-http' }, 'streamable_http'],
    [{ url: 'not a url' }, 'streamable_http'],
  ])('of %j is %s', (server, mode) => {
    expect(read({ a: server }).entries[0]?.spec['hosting_mode']).toBe(mode);
  });
});

describe('a pointer into the specification', () => {
  it.each([
    ['/config/runtime/env/TOKEN', '/mcpServers/a~1b/env/TOKEN'],
    ['/config/network/url', '/mcpServers/a~1b/url'],
    ['/name', '/mcpServers/a~1b'],
    ['/hosting_mode', '/mcpServers/a~1b/type'],
  ])('%s is shown at %s', (pointer, shown) => {
    const [entry] = read({ 'a/b': { command: 'node' } }).entries;
    expect(entry === undefined ? '' : pointerInManifest(entry, pointer)).toBe(shown);
  });
});
