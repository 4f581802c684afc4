import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { chmod, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sha256Hex } from '../../../src/kernel/ids.js';
import { ManualClock } from '../../support/manual-clock.js';
import { SystemRandom } from '../../../src/kernel/random.js';
import { run } from '../../../src/cli/program.js';
import type { Terminal } from '../../../src/cli/terminal.js';

interface Sent {
  readonly method: string;
  readonly url: string;
  readonly headers: Record<string, string>;
  readonly body: unknown;
}

const SERVICE = {
  service_id: 'id-a',
  name: 'a',
  version: '1.0.0',
  revision: 1,
  state: 'active',
  health: { level: 'healthy', summary: 'all well' },
  proof: { level: 'executed', tool: 'echo', duration_ms: 11.6 },
  endpoints: { streamable_http: 'http://127.0.0.1:8090/mcp/a' },
  tools: [{ name: 'echo' }, { name: 'sum' }],
};

let folder: string;
let sent: Sent[];
let answers: { status: number; body?: unknown; etag?: string }[];
let output: { out: string; err: string };
let served: number;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cli-'));
  sent = [];
  answers = [];
  output = { out: '', err: '' };
  served = 0;
});

afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

function terminal(changes: Partial<Terminal> = {}): Terminal {
  return {
    out: (text) => (output.out += text),
    err: (text) => (output.err += text),
    stdin: stdinOf(''),
    isInteractive: false,
    clock: new ManualClock(),
    fetch: (url, init) => {
      const headers = init.headers as Record<string, string>;
      const body = typeof init.body === 'string' ? (JSON.parse(init.body) as unknown) : undefined;
      sent.push({ method: init.method ?? '', url, headers, body });
      const { status, body: answer, etag } = answers.shift() ?? { status: 200, body: {} };
      const text = answer === undefined ? null : JSON.stringify(answer);
      return Promise.resolve(new Response(text, { status, headers: etag ? { etag } : {} }));
    },
    random: new SystemRandom(),
    version: '9.9.9',
    serve: () => {
      served += 1;
      return Promise.resolve();
    },
    migrate: () => Promise.resolve({}),
    ...changes,
  };
}

async function* stdinOf(text: string): AsyncGenerator<string> {
  await Promise.resolve();
  yield text;
}

async function fileOf(content: string): Promise<string> {
  const path = join(folder, 'manifest.json');
  await writeFile(path, content);
  return path;
}

describe('the command line', () => {
  it.each([[[]], [['serve']]])('serves with %j', async (argv) => {
    expect(await run(argv, terminal())).toBe(0);
    expect(served).toBe(1);
  });

  it.each([[['version']], [['--version']]])('prints the version with %j', async (argv) => {
    expect(await run(argv, terminal())).toBe(0);
    expect(output.out).toBe('9.9.9\n');
  });

  it.each([
    [['frobnicate']],
    [['register']],
    [['list', '--colour']],
    [['--url', 'ftp://x', 'list']],
    [['call', 'a', 'echo', '[1]']],
    [['call', 'a', 'echo', '{']],
    [['register', '/does/not/exist']],
    [['register', '-', '--wait', '1000']],
    [['keys', 'create', '--id', 'ci', '--scopes', 'root']],
    [['keys', 'create', '--id', 'c i', '--scopes', 'read']],
    [['keys', 'create', '--id', 'ci', '--scopes', 'read', '--services', 'A B']],
    [['keys', 'create', '--id', 'ci', '--scopes', 'read', '--expires', 'tomorrow']],
  ])('ends %j with 2 and says why', async (argv) => {
    expect(await run(argv, terminal())).toBe(2);
    expect(output.err).not.toBe('');
    expect([served, sent.length]).toEqual([0, 0]);
  });
});

describe('register', () => {
  it('sends the file to the hook and prints what came of it', async () => {
    answers = [{ status: 201, body: { ...SERVICE, outcome: 'created', warnings: ['mind this'] } }];
    const path = await fileOf('{"mcpServers":{}}');
    expect(await run(['register', path, '--wait', '5'], terminal())).toBe(0);
    expect(sent[0]).toMatchObject({
      method: 'POST',
      url: 'http://127.0.0.1:8090/api/v1/hooks/wrapper-generated',
      headers: { prefer: 'wait=5' },
      body: { mcpServers: {} },
    });
    expect(output.out).toContain('a: created');
    expect(output.out).toContain('echo ran in 12 ms');
    expect(output.out).toContain('Warning: mind this');
  });

  it('reads the standard input, sends the key and plans only', async () => {
    const argv = ['--url', 'https://gw.example/', '--api-key', 'k', 'register', '-', '--dry-run'];
    expect(await run(argv, terminal({ stdin: stdinOf('{"name":"a"}') }))).toBe(0);
    expect(sent[0]).toMatchObject({
      url: 'https://gw.example/api/v1/hooks/wrapper-generated?dry_run=true',
      headers: { authorization: 'Bearer k' },
      body: { name: 'a' },
    });
  });

  it('prints each server of a file', async () => {
    const items = [
      { name: 'a', outcome: 'created', service: SERVICE },
      { name: 'b', outcome: 'unchanged' },
    ];
    answers = [{ status: 201, body: { items, warnings: [] } }];
    await run(['register', await fileOf('{}')], terminal());
    expect(output.out).toBe('a: created · http://127.0.0.1:8090/mcp/a\nb: unchanged\n');
  });

  it('ends with 1 when it is refused, and shows where, why and what next', async () => {
    const problem = {
      title: 'The service could not be activated',
      code: 'lifecycle.activation-failed',
      detail: 'Stage start: exited with 1',
      errors: [{ pointer: '/wrapper/command', detail: 'is missing' }],
      stderr: ['boom\u001b[31m'],
      action: 'Read its stderr.',
    };
    answers = [{ status: 422, body: problem }];
    expect(await run(['register', await fileOf('{}')], terminal())).toBe(1);
    expect(output.err.split('\n')).toEqual([
      'The service could not be activated (lifecycle.activation-failed, 422)',
      'Stage start: exited with 1',
      '  /wrapper/command: is missing',
      '  | boom[31m',
      'Next: Read its stderr.',
      '',
    ]);
  });

  it('prints the problem as it is with --json', async () => {
    answers = [{ status: 422, body: { code: 'x.y' } }];
    expect(await run(['--json', 'register', await fileOf('{}')], terminal())).toBe(1);
    expect(JSON.parse(output.out)).toEqual({ code: 'x.y' });
  });
});

describe('a gateway that cannot be reached', () => {
  it('ends with 3', async () => {
    const fetch = () =>
      Promise.reject(new TypeError('fetch failed', { cause: new Error('ECONNREFUSED') }));
    expect(await run(['list'], terminal({ fetch }))).toBe(3);
    expect(output.err).toContain('ECONNREFUSED');
    expect(output.err).toContain('switchyard serve');
  });

  it('ends with 3 when something else answers there', async () => {
    const fetch = () => Promise.resolve(new Response('<html>', { status: 200 }));
    expect(await run(['list'], terminal({ fetch }))).toBe(3);
  });
});

describe('reading', () => {
  it('lists all pages as one table', async () => {
    answers = [
      { status: 200, body: { items: [SERVICE], next_cursor: 'x y' } },
      { status: 200, body: { items: [{ ...SERVICE, name: 'longer' }], next_cursor: null } },
    ];
    expect(await run(['list'], terminal())).toBe(0);
    expect(sent[1]?.url).toContain('cursor=x+y');
    expect(output.out.split('\n').map((line) => line.split(/\s{2,}/)[0])).toEqual([
      'NAME',
      'a',
      'longer',
      '',
    ]);
  });

  it('says when there is none', async () => {
    answers = [{ status: 200, body: { items: [], next_cursor: null } }];
    await run(['list'], terminal());
    expect(output.out).toBe('No services.\n');
  });

  it('shows one service', async () => {
    answers = [{ status: 200, body: SERVICE }];
    await run(['show', 'a/b'], terminal());
    expect(sent[0]?.url).toBe('http://127.0.0.1:8090/api/v1/services/a%2Fb');
    expect(output.out).toContain('healthy · all well');
    expect(output.out).toContain('echo, sum');
  });
});

describe('call', () => {
  it('prints the text of the result', async () => {
    answers = [{ status: 200, body: { content: [{ type: 'text', text: 'hi' }], is_error: false } }];
    expect(await run(['call', 'a', 'echo', '{"message":"hi"}'], terminal())).toBe(0);
    expect(sent[0]).toMatchObject({ method: 'POST', body: { message: 'hi' } });
    expect(output.out).toBe('hi\n');
  });

  it('ends with 1 when the tool reports an error', async () => {
    answers = [{ status: 200, body: { content: [{ type: 'text', text: 'no' }], is_error: true } }];
    expect(await run(['call', 'a', 'echo'], terminal())).toBe(1);
    expect(output.out).toBe('no\n');
  });
});

describe('delete', () => {
  it('sends the ETag that it read', async () => {
    answers = [{ status: 200, body: SERVICE, etag: '"3.9"' }, { status: 204 }];
    expect(await run(['delete', 'a', '--force', '--cascade'], terminal())).toBe(0);
    expect(sent[1]).toMatchObject({
      method: 'DELETE',
      url: 'http://127.0.0.1:8090/api/v1/services/a?force=true&cascade=deactivate',
      headers: { 'if-match': '"3.9"' },
    });
    expect(output.out).toBe('a: deleted\n');
  });
});

describe('keys create', () => {
  const argv = ['keys', 'create', '--id', 'ci', '--scopes', 'read, write'];

  it('shows the key once and the entry to add', async () => {
    expect(await run([...argv, '--services', 'geo-*', '--json'], terminal())).toBe(0);
    const { key, entry } = JSON.parse(output.out) as { key: string; entry: object };
    expect(entry).toEqual({
      id: 'ci',
      sha256: sha256Hex(key),
      scopes: ['read', 'write'],
      services: ['geo-*'],
      expires_at: null,
    });
  });

  it('makes the keys file for its owner alone, adds to it, and refuses an id twice', async () => {
    const path = join(folder, 'keys', 'api.json');
    expect(await run([...argv, '--file', path], terminal())).toBe(0);
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    await chmod(path, 0o600);
    const second = ['keys', 'create', '--id', 'ops', '--scopes', 'admin', '--file', path];
    expect(await run(second, terminal())).toBe(0);
    expect(await run(second, terminal())).toBe(1);
    const { keys } = JSON.parse(await readFile(path, 'utf8')) as { keys: { id: string }[] };
    expect(keys.map((entry) => entry.id)).toEqual(['ci', 'ops']);
    expect(await readFile(path, 'utf8')).not.toContain(/sy_[\w-]+/.exec(output.out)?.[0]);
  });

  it('leaves a file alone that is none of keys', async () => {
    const path = await fileOf('{"other":1}');
    expect(await run([...argv, '--file', path], terminal())).toBe(1);
    expect(await readFile(path, 'utf8')).toBe('{"other":1}');
  });
});
