import { describe, expect, it } from '@jest/globals';
import { FakePaths } from '../../test/contract/registry/config-fixture.js';
import { CommandPolicy } from './command-policy.js';

const PATHS = new FakePaths({
  '/usr/bin/node': '/usr/bin/node20',
  '/usr/bin/node20': '/usr/bin/node20',
  '/usr/bin/npx': '/usr/lib/bin/npx-cli.js',
  '/usr/lib/bin/npx-cli.js': '/usr/lib/bin/npx-cli.js',
  '/usr/bin/sh': '/usr/bin/sh',
  '/opt/mcp': '/opt/mcp-1.2',
  '/opt/mcp-1.2/bin/tool': '/opt/mcp-1.2/bin/tool',
  '/opt/mcp/bin/tool': '/opt/mcp-1.2/bin/tool',
  '/opt/mcp/bin/escape': '/usr/bin/sh',
  '/opt/one/bin/x': '/opt/one/bin/x',
  '/opt/mcp/notes.txt': '/opt/mcp-1.2/notes.txt',
  '/first/bin/tool': '/first/bin/tool',
});
const policy = (allowed: string[], path = 'relative:/usr/bin:/opt/mcp/bin'): CommandPolicy =>
  new CommandPolicy(allowed, path, PATHS);

describe('CommandPolicy', () => {
  it.each([
    ['a bare name on the PATH', ['node'], 'node', '/usr/bin/node20'],
    ['the real path behind it', ['npx'], 'npx', '/usr/lib/bin/npx-cli.js'],
    ['the absolute path of an allowed name', ['node'], '/usr/bin/node', '/usr/bin/node20'],
    ['the file behind an allowed name', ['node'], '/usr/bin/node20', '/usr/bin/node20'],
    ['an absolute path on the list', ['/opt/one/bin/x'], '/opt/one/bin/x', '/opt/one/bin/x'],
    [
      'a path in an allowed directory, links resolved',
      ['/opt/mcp/'],
      '/opt/mcp/bin/tool',
      '/opt/mcp-1.2/bin/tool',
    ],
    ['a bare name found in an allowed directory', ['/opt/mcp/'], 'tool', '/opt/mcp-1.2/bin/tool'],
  ])('allows %s', async (_what, allowed, command, real) => {
    await expect(policy(allowed).resolve(command)).resolves.toBe(real);
  });

  it.each([
    ['a name that is not listed', ['node'], 'sh'],
    ['a path that is not listed', ['node'], '/usr/bin/sh'],
    ['a relative path', ['node'], './node'],
    ['a relative path that names a listed one', ['node'], 'bin/node'],
    ['a link that leads out of an allowed directory', ['/opt/mcp/'], '/opt/mcp/bin/escape'],
    [
      'a path that climbs out of an allowed directory',
      ['/opt/mcp/'],
      '/opt/mcp/../../usr/bin/none',
    ],
    ['a path that does not exist and is not listed', ['node'], '/etc/none'],
    ['anything when nothing is allowed', [], 'node'],
  ])('refuses %s', async (_what, allowed, command) => {
    await expect(policy(allowed).resolve(command)).rejects.toMatchObject({
      code: 'config.command-not-allowed',
    });
  });

  it.each([
    ['an allowed name that is not installed', ['uvx'], 'uvx'],
    ['an allowed path that does not exist', ['/opt/none'], '/opt/none'],
    ['a missing file of an allowed directory', ['/opt/mcp/'], '/opt/mcp/bin/none'],
    ['a file that may not be executed', ['/opt/mcp/'], '/opt/mcp/notes.txt'],
  ])('says that %s is missing', async (_what, allowed, command) => {
    await expect(policy(allowed).resolve(command)).rejects.toMatchObject({
      code: 'config.command-missing',
    });
  });

  it('searches the PATH in order', async () => {
    const first = policy(['tool'], '/first/bin:/opt/mcp/bin');
    await expect(first.resolve('tool')).resolves.toBe('/first/bin/tool');
  });

  it('names what is allowed when it refuses', async () => {
    await expect(policy(['node', 'npx']).resolve('sh')).rejects.toThrow('node, npx');
  });
});
