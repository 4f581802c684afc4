import { describe, expect, it } from '@jest/globals';
import type { JsonObject } from '../kernel/json.js';
import type { Endpoint } from '../gateway/endpoint.js';
import { namedTools, type NamedItems } from './named-items.js';
import { ToolIndex } from './tool-index.js';

const named = (service: string, ...tools: JsonObject[]): NamedItems =>
  namedTools({ serviceName: service, policy: null } as Endpoint, tools);
const all = (): boolean => true;
const search = (index: ToolIndex, query: string, limit = 10): string[] =>
  index.search(query, limit, all).map(({ tool }) => tool.name);

const github = (): NamedItems =>
  named(
    'github',
    { name: 'createIssue', title: 'New issue', description: 'Opens an issue in a repository' },
    { name: 'list_pulls', description: 'Lists pull requests' },
    {
      name: 'merge',
      inputSchema: { properties: { strategy: { description: 'squash or rebase' } } },
    },
  );

describe('the tool index', () => {
  it.each([
    ['create issue', 'github__createIssue'],
    ['pulls', 'github__list_pulls'],
    ['pull request', 'github__list_pulls'],
    ['rebase', 'github__merge'],
    ['stratgy', 'github__merge'],
    ['repo', 'github__createIssue'],
  ])('finds by %j the tool %s', (query, name) => {
    const index = new ToolIndex();
    index.put('g', 'github', github());
    index.put('f', 'files', named('files', { name: 'read', description: 'Reads a file' }));
    expect(search(index, query)[0]).toBe(name);
  });

  it('leaves out services that are not included, and counts those that are', () => {
    const index = new ToolIndex();
    index.put('a', 'alpha', named('alpha', { name: 'read' }));
    index.put('b', 'beta', named('beta', { name: 'read' }, { name: 'write' }));
    const found = index.search('read', 10, (id) => id === 'b');
    expect(found.map(({ tool }) => tool.name)).toEqual(['beta__read']);
    expect(index.countOf(['b', 'none'])).toBe(2);
  });

  it('lists in order without words, up to the limit', () => {
    const index = new ToolIndex();
    index.put('b', 'beta', named('beta', { name: 'x' }, { name: 'y' }));
    index.put('a', 'alpha', named('alpha', { name: 'z' }));
    expect(search(index, ' ?! ', 2)).toEqual(['alpha__z', 'beta__x']);
  });

  it('replaces what a service lists, and forgets services that are gone', () => {
    const index = new ToolIndex();
    const first = github();
    index.put('g', 'github', first);
    index.put('g', 'github', first);
    expect(index.size).toBe(3);
    index.put('g', 'github', named('github', { name: 'fork' }));
    expect(search(index, 'issue')).toEqual([]);
    expect(search(index, 'fork')).toEqual(['github__fork']);
    index.retain(() => false);
    expect(index.size).toBe(0);
  });
});
