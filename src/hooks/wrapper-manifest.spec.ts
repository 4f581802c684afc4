import { describe, expect, it } from '@jest/globals';
import { ProblemError } from '../kernel/problem.js';
import { readManifest } from './wrapper-manifest.js';

const SCRIPT = '6f1c1a5e-6f0e-4c5e-9a57-7a2d1c9f3b10';

function pointersOf(document: unknown): readonly string[] {
  try {
    readManifest(document);
  } catch (error) {
    if (error instanceof ProblemError)
      return (error.details.errors ?? []).map((each) => each.pointer);
    throw error;
  }
  return ['nothing was refused'];
}

function specOf(document: unknown): unknown {
  return readManifest(document).entries[0]?.spec;
}

describe('a generator manifest', () => {
  const manifest = {
    script_id: SCRIPT,
    name: 'weather',
    type: 'function',
    hosting_mode: 'stdio',
    version: '1.2.0',
    tags: ['geo'],
    wrapper: { command: 'node', args: ['w.mjs'], env: { LANG: 'C' }, cwd: '/srv' },
    config: { runtime: { isolation: 'shared' }, monitoring: { checks: [] } },
    tools: [{ name: 'forecast' }, 'history'],
  };

  it('becomes a specification with the wrapper in its configuration', () => {
    expect(specOf(manifest)).toEqual({
      script_id: SCRIPT,
      name: 'weather',
      type: 'function',
      hosting_mode: 'stdio',
      version: '1.2.0',
      tags: ['geo'],
      config: {
        runtime: {
          isolation: 'shared',
          command: 'node',
          args: ['w.mjs'],
          env: { LANG: 'C' },
          cwd: '/srv',
        },
        monitoring: { checks: [] },
      },
    });
  });

  it('keeps the names of the tools that it announces', () => {
    expect(readManifest(manifest).entries[0]?.declaredTools).toEqual(['forecast', 'history']);
  });

  it('may point to a server that runs elsewhere', () => {
    const wrapper = { url: 'https://x.example/mcp', headers: { a: 'b' } };
    const remote = { ...manifest, config: {}, wrapper };
    expect(specOf(remote)).toMatchObject({
      config: { network: { url: 'https://x.example/mcp', headers: { a: 'b' } } },
    });
  });

  it.each<[string, object, string[]]>([
    ['no script and no name', { wrapper: { command: 'node' } }, ['/script_id', '/name']],
    ['neither command nor url', { ...manifest, wrapper: {} }, ['/wrapper']],
    ['both command and url', { ...manifest, wrapper: { command: 'a', url: 'b' } }, ['/wrapper']],
    ['an unknown member', { ...manifest, colour: 1 }, ['/colour']],
    [
      'an unknown member of the wrapper',
      { ...manifest, wrapper: { command: 'a', x: 1 } },
      ['/wrapper/x'],
    ],
    ['a wrapper that is no object', { ...manifest, wrapper: 'node' }, ['/wrapper']],
    ['a configuration that is no object', { ...manifest, config: [] }, ['/config']],
    [
      'a value in two places',
      { ...manifest, config: { runtime: { command: 'node' } } },
      ['/config/runtime/command'],
    ],
    ['tools that are none', { ...manifest, tools: [{ title: 'x' }] }, ['/tools/0']],
    ['tools that are no list', { ...manifest, tools: {} }, ['/tools']],
  ])('is refused with %s', (_what, document, pointers) => {
    expect(pointersOf(document)).toEqual(pointers);
  });
});

describe('a client file', () => {
  it('gives one specification a server', () => {
    const servers = {
      'My Files': { command: 'npx', args: ['-y', 'server-files', '/tmp'], env: { A: 'b' } },
      remote: { type: 'http', url: 'https://x.example/mcp', headers: { h: 'v' } },
      old: { url: 'https://x.example/sse' },
    };
    const { kind, entries, warnings } = readManifest({ mcpServers: servers });
    expect([kind, warnings]).toEqual(['client_servers', []]);
    expect(entries.map((entry) => entry.spec)).toEqual([
      {
        name: 'my-files',
        title: 'My Files',
        type: 'executable',
        hosting_mode: 'stdio',
        config: {
          runtime: { command: 'npx', args: ['-y', 'server-files', '/tmp'], env: { A: 'b' } },
        },
      },
      {
        name: 'remote',
        type: 'executable',
        hosting_mode: 'streamable_http',
        config: { network: { url: 'https://x.example/mcp', headers: { h: 'v' } } },
      },
      {
        name: 'old',
        type: 'executable',
        hosting_mode: 'sse',
        config: { network: { url: 'https://x.example/sse' } },
      },
    ]);
  });

  it('is read under the member "servers" as well', () => {
    expect(readManifest({ servers: { a: { command: 'node' } }, inputs: [] }).entries).toHaveLength(
      1,
    );
  });

  it('leaves out what is disabled and says what it ignored', () => {
    const servers = {
      off: { command: 'a', disabled: true },
      on: { command: 'b', autoApprove: ['x'], timeout: 5 },
    };
    const { entries, warnings } = readManifest({ mcpServers: servers });
    expect(entries.map((entry) => entry.label)).toEqual(['on']);
    expect(warnings).toEqual([
      '"off" is disabled in the file and was left out.',
      '"on": autoApprove, timeout mean nothing here and were ignored.',
    ]);
  });

  it.each<[string, unknown, string[]]>([
    ['a server that is no object', { a: 'node' }, ['/mcpServers/a']],
    ['neither command nor url', { a: {} }, ['/mcpServers/a']],
    ['an unknown transport', { a: { command: 'x', type: 'websocket' } }, ['/mcpServers/a/type']],
    [
      'two servers of one name',
      { 'a b': { command: 'x' }, 'a-b': { command: 'y' } },
      ['/mcpServers/a-b'],
    ],
    ['a name of which nothing is left', { '§': { command: 'x' } }, ['/mcpServers/§']],
    ['a slash in a name, escaped', { 'a/b': 1 }, ['/mcpServers/a~1b']],
    ['no server', {}, ['/mcpServers']],
    ['a list', [], ['/mcpServers']],
  ])('is refused with %s', (_what, mcpServers, pointers) => {
    expect(pointersOf({ mcpServers })).toEqual(pointers);
  });
});

describe('a service specification', () => {
  it('is taken as it is', () => {
    const spec = { name: 'a', config: { network: { url: 'https://x.example/mcp' } } };
    expect(readManifest(spec)).toMatchObject({ kind: 'service', entries: [{ label: 'a', spec }] });
  });
});

describe('anything else', () => {
  it.each([[null], [[]], ['x'], [{}], [{ name: 'a' }]])('%j is refused', (document) => {
    expect(pointersOf(document)).toEqual(['']);
  });
});
