import { afterEach, describe, expect, it } from '@jest/globals';
import { fileURLToPath } from 'node:url';
import { ConversationClient } from '../../../src/upstream/conversation-client.js';
import type { Upstream } from '../../../src/upstream/upstream.js';
import type { UpstreamError } from '../../../src/upstream/upstream.errors.js';
import type { UpstreamSpec } from '../../../src/upstream/upstream-spec.js';
import {
  callTool,
  cleanUp,
  factory,
  failure,
  fixture,
  isAlive,
  nodeCommand,
  spec,
  startUpstream,
  until,
  watched,
} from './harness.js';
import { RawClient } from './raw.js';

afterEach(cleanUp);

const LIMITS = { memoryBytes: null, processes: null, openFiles: null, lineBytes: 100_000 };

function stdio(
  shared: boolean,
  env: Record<string, string> = {},
  over: Partial<UpstreamSpec> = {},
): UpstreamSpec {
  return spec('stdio', { shared, command: nodeCommand(fixture('stdio.mjs'), env), ...over });
}

describe('a shared stdio upstream', () => {
  it('keeps equal ids, tokens and cancellations of its conversations apart', async () => {
    const upstream = await startUpstream(stdio(true));
    const clients = [await RawClient.open(upstream), await RawClient.open(upstream)] as const;
    const progress = (label: string): string =>
      `{"jsonrpc":"2.0","params":{"_meta":{"progressToken":"t"},"name":"progress","arguments":{"steps":2,"label":"${label}"}},"method":"tools/call","id":"same"}`;
    const heard = await Promise.all(clients.map((client, i) => client.request(progress(`c${i}`))));
    heard.forEach(({ reply, related }, i) => {
      expect(reply).toMatchObject({ id: 'same' });
      expect(related).toMatchObject([
        { params: { progressToken: 't', message: `c${i}` } },
        { params: { progressToken: 't', message: `c${i}` } },
      ]);
    });
    expect(await clients[0].tool('id', {}, 1)).not.toBe(await clients[1].tool('id', {}, 1));

    const sleep =
      '{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":"sleep","arguments":{"ms":400}}}';
    const [first, second] = [failure(clients[0].request(sleep)), clients[1].request(sleep)];
    clients[0].send({
      jsonrpc: '2.0',
      method: 'notifications/cancelled',
      params: { requestId: 7, reason: 'r' },
    });
    expect((await first).code).toBe('aborted');
    expect((await second).reply).toMatchObject({ id: 7 });
    const seen = (await clients[0].tool('seen')) as { cancelled: unknown[] };
    expect(seen.cancelled).toHaveLength(1);
    clients[0].send({
      jsonrpc: '2.0',
      method: 'notifications/cancelled',
      params: { requestId: 99 },
    });
    expect(((await clients[0].tool('seen')) as { cancelled: unknown[] }).cancelled).toHaveLength(1);
  });

  it('tells list changes to all, and closes one conversation without the others', async () => {
    const upstream = await startUpstream(stdio(true));
    const [a, b] = [await RawClient.open(upstream), await RawClient.open(upstream)];
    await a.tool('announce');
    expect([a.messages, b.messages].map((list) => list.map(({ method }) => method))).toEqual([
      ['notifications/tools/list_changed'],
      ['notifications/tools/list_changed'],
    ]);
    const waiting = failure(
      a.request(
        '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"sleep","arguments":{"ms":9999}}}',
      ),
    );
    a.conversation.close();
    expect((await waiting).code).toBe('stopped');
    await b.tool('announce');
    expect([a.messages.length, b.messages.length]).toEqual([1, 2]);
    expect((await failure(a.tool('pid'))).code).toBe('stopped');
  });

  it('subscribes upstream once, and tells updates to subscribers only', async () => {
    const upstream = await startUpstream(stdio(true));
    const [a, b, c] = [
      await RawClient.open(upstream),
      await RawClient.open(upstream),
      await RawClient.open(upstream),
    ];
    const ask = (verb: string): string =>
      `{"jsonrpc":"2.0","id":5,"method":"resources/${verb}","params":{"uri":"x:1"}}`;
    for (const client of [a, b]) {
      expect((await client.request(ask('subscribe'))).reply).toEqual({
        jsonrpc: '2.0',
        id: 5,
        result: {},
      });
    }
    await c.tool('touch', { uri: 'x:1' });
    await c.tool('touch', { uri: 'x:2' });
    expect([a, b, c].map(({ messages }) => messages.length)).toEqual([1, 1, 0]);
    await a.request(ask('unsubscribe'));
    await c.tool('touch', { uri: 'x:1' });
    expect([a, b].map(({ messages }) => messages.length)).toEqual([1, 2]);
    b.conversation.close();
    const seen = (await c.tool('seen')) as { subscribed: string[] };
    expect(seen.subscribed).toEqual(['subscribe x:1', 'unsubscribe x:1']);
  });

  it('refuses what the server asks of a client, and says how to allow it', async () => {
    const client = await RawClient.open(await startUpstream(stdio(true)));
    const answer = (await client.tool('ask')) as { error: { code: number; message: string } };
    expect(answer.error.code).toBe(-32601);
    expect(answer.error.message).toContain('runtime.isolation');
    expect(client.messages).toEqual([]);
  });

  it('writes bodies over several lines as one line', async () => {
    const client = await RawClient.open(await startUpstream(stdio(true)));
    const text =
      '{\r\n "jsonrpc": "2.0",\n "method": "tools/call",\r "id": 3,\n "params": {\n "name": "echo", "arguments": {"message": "hi"}}}\n';
    expect((await client.request(text)).reply).toMatchObject({
      id: 3,
      result: { content: [{ text: 'hi' }] },
    });
  });
});

describe('a stdio upstream of one session', () => {
  it('passes requests of the server and their answers, and takes one conversation only', async () => {
    const upstream = await startUpstream(stdio(false));
    const client = await RawClient.open(upstream);
    expect((await failure(RawClient.open(upstream))).code).toBe('capacity');
    const asked = client.tool('ask');
    expect(await until(() => client.messages.length === 1, 2000)).toBe(true);
    const [request] = client.messages;
    expect(request).toMatchObject({ method: 'roots/list', id: 'ask-1' });
    client.send({ jsonrpc: '2.0', id: request?.id, result: { roots: ['r'] } });
    expect(await asked).toEqual({ roots: ['r'] });
    client.conversation.close();
    expect(await until(() => !isAlive(upstream.facts().pid ?? 0), 3000)).toBe(true);
  });

  it('tells the conversation of a crash', async () => {
    const client = await RawClient.open(await startUpstream(stdio(false)));
    await failure(client.tool('crash'));
    expect(client.ended).toMatchObject({ code: 'exited', facts: { exitCode: 3 } });
  });
});

describe('a stdio handshake', () => {
  const short = { startTimeoutMs: 700, secrets: ['tops3cret'] };
  const env = { KEY: 'tops3cret' };

  it.each([
    ['exit', 'exited-early', 'exit code 7'],
    ['hang', 'handshake-timeout', 'did not answer initialize within'],
    ['garbage', 'not-json', '"line 0"'],
    ['garbage-hang', 'not-json', '"ready to serve"'],
    ['garbage-exit', 'not-json', '"Usage: fixture [options]"'],
    ['wrong-json', 'not-mcp', 'protocolVersion'],
    ['refuse', 'handshake-refused', 'no licence for [secret]'],
    ['huge', 'line-too-long', '100000'],
    ['close-stdout', 'disconnected', 'pipes'],
  ])('names the reason: %s is %s', async (mode, code, words) => {
    for (const shared of [true, false]) {
      // A closed pipe is believed after 500 ms, to which the start of a process comes on top.
      const startTimeoutMs = mode === 'close-stdout' ? 3000 : short.startTimeoutMs;
      const over = { ...short, startTimeoutMs, limits: LIMITS };
      const made = stdio(shared, { ...env, MODE: mode }, over);
      const start = async (): Promise<unknown> => RawClient.open(await startUpstream(made));
      const error = await failure(start());
      expect([error.code, error.message]).toEqual([code, expect.stringContaining(words)]);
      expect(error.message).not.toContain('tops3cret');
      if (mode === 'exit') {
        expect(error.facts).toMatchObject({ exitCode: 7, stderr: ['cannot go on with [secret]'] });
      }
    }
    expect(await until(() => watched.size === 0, 4000)).toBe(true);
  });

  it('tells of a child that ended before anybody talked to it that it was too early', async () => {
    const upstream = factory().create(stdio(false, { ...env, MODE: 'exit' }, short));
    const down = new Promise<UpstreamError>((resolve) => {
      upstream.onDown(resolve);
    });
    await upstream.start(new AbortController().signal);
    const { code, facts } = await down;
    expect([code, facts.exitCode, facts.stderr]).toEqual([
      'exited-early',
      7,
      ['cannot go on with [secret]'],
    ]);
  });

  it.each([true, false])(
    'quotes what is JSON but no message before whoever waits as long gives up (shared: %s)',
    async (shared) => {
      const upstream = factory().create(stdio(shared, { MODE: 'hello' }, { startTimeoutMs: 1500 }));
      const start = async (): Promise<unknown> => {
        await upstream.start(AbortSignal.timeout(1500));
        return ConversationClient.open(upstream, { signal: AbortSignal.timeout(1500) });
      };
      const error = await failure(start());
      const quoted = String.raw`{\"hello\":\"world\"}`;
      expect([error.code, error.message]).toEqual(['not-mcp', expect.stringContaining(quoted)]);
    },
  );

  it.each([
    ['9.9', 'protocol-version'],
    ['2024-11-05', null],
  ])('with version %s: %s', async (version, code) => {
    const start = startUpstream(stdio(true, { ANSWER_VERSION: version }));
    if (code === null) await start;
    else expect((await failure(start)).code).toBe(code);
  });

  it.each(['banner', 'noisy'])('puts up with other lines: %s', async (mode) => {
    const upstream = await startUpstream(stdio(true, { MODE: mode }));
    const client = await ConversationClient.open(upstream);
    expect(await callTool(client, 'echo', { message: 'm' })).toBe('m');
    expect(upstream.facts().stderr.join()).toContain('not a message');
  });

  it.each<[string, Partial<UpstreamSpec['command'] & object>, string]>([
    ['a command that is absent', { file: '/nonexistent/command' }, 'command-missing'],
    ['a file that is no program', { file: fixture('core.mjs') }, 'command-denied'],
    ['a directory that is absent', { cwd: '/nonexistent' }, 'spawn-failed'],
  ])('refuses %s', async (_name, over, code) => {
    const command = { ...nodeCommand(fixture('stdio.mjs')), ...over };
    expect((await failure(startUpstream(spec('stdio', { command })))).code).toBe(code);
  });

  it('can be given up', async () => {
    const upstream = factory().create(stdio(true, { MODE: 'hang' }));
    const controller = new AbortController();
    const start = failure(upstream.start(controller.signal));
    expect(await until(() => upstream.facts().pid !== null, 2000)).toBe(true);
    controller.abort();
    expect((await start).code).toBe('aborted');
    expect(upstream.facts().exit).not.toBeNull();
  });
});

describe('a child', () => {
  async function down(upstream: Upstream): Promise<string> {
    return new Promise((resolve) => {
      upstream.onDown((error) => {
        resolve(error.code);
      });
    });
  }

  it.each([
    ['memory', { memoryBytes: 1_000_000 }, 'memory-limit'],
    ['processes', { processes: 1 }, 'process-limit'],
  ])('that exceeds its %s is killed', async (_name, limit, code) => {
    const upstream = await startUpstream(stdio(true, {}, { limits: { ...LIMITS, ...limit } }));
    const ended = down(upstream);
    const client = await RawClient.open(upstream);
    await client.tool('fork').catch(() => {});
    expect(await ended).toBe(code);
    expect(client.ended?.code).toBe(code);
  });

  it('has the open files it may have', async () => {
    const command = {
      file: '/bin/sh',
      args: ['-c', 'ulimit -n >&2; printf "%s\\n" "$1" >&2', 'sh', '$(id) "; x'],
      env: {},
      cwd: null,
      listen: null,
    };
    const made = spec('stdio', { command, limits: { ...LIMITS, openFiles: 77 } });
    const upstream = await startUpstream(made);
    await failure(RawClient.open(upstream));
    expect(upstream.facts().stderr).toEqual(['77', '$(id) "; x']);
  });

  it('that sends a line beyond the limit is ended', async () => {
    const upstream = await startUpstream(stdio(true, {}, { limits: LIMITS }));
    const ended = down(upstream);
    const client = await RawClient.open(upstream);
    expect((await failure(client.tool('big', { bytes: 200_000 }))).code).toBe('line-too-long');
    expect(await ended).toBe('line-too-long');
  });

  it('is ended alone when what it says meets a fault of ours', async () => {
    const upstream = await startUpstream(stdio(true));
    const ended = down(upstream);
    const client = await RawClient.open(upstream);
    client.onMessage = () => {
      throw new Error('a fault');
    };
    const waiting = failure(client.tool('sleep', { ms: 4_000 }, 2));
    await client.tool('announce', {}, 1).catch(() => undefined);
    expect(await ended).toBe('disconnected');
    expect((await waiting).code).toBe('disconnected');
  });

  it('that does not read is not written to without bound', async () => {
    const script =
      'process.stdin.once("data", (d) => { process.stdin.pause(); const id = JSON.parse(d).id; console.log(JSON.stringify({ jsonrpc: "2.0", id, result: { protocolVersion: "2025-06-18" } })); }); setInterval(() => {}, 1000)';
    const command = {
      file: process.execPath,
      args: ['-e', script],
      env: {},
      cwd: null,
      listen: null,
    };
    const client = await RawClient.open(await startUpstream(spec('stdio', { command })));
    const message = 'x'.repeat(4_000_000);
    const text = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'm', params: { message } });
    const calls = Array.from({ length: 25 }, () => failure(client.request(text, 800)));
    const codes = (await Promise.all(calls)).map(({ code }) => code);
    expect(new Set(codes)).toEqual(new Set(['capacity', 'call-timeout']));
  });

  it.each(['together', 'escape'])(
    'that ignores every polite request is gone after 8 s, with its own child (%s)',
    async (how) => {
      const upstream = factory().create(
        spec('stdio', { command: nodeCommand(fixture('stubborn.mjs'), {}, null, [how]) }),
      );
      await upstream.start(new AbortController().signal);
      const opening = failure(
        upstream.open(
          { protocolVersion: '2025-06-18', capabilities: {}, clientInfo: {} },
          { onMessage() {}, onEnd() {} },
        ),
      );
      expect(await until(() => upstream.facts().stderr.length > 0, 3000)).toBe(true);
      const pids = (upstream.facts().stderr[0] ?? '').match(/\d+/g)?.map(Number) ?? [];
      expect(pids).toHaveLength(2);
      const before = performance.now();
      await upstream.stop();
      const tookMs = performance.now() - before;
      expect(tookMs).toBeGreaterThan(7500);
      expect(tookMs).toBeLessThan(10_000);
      expect((await opening).code).toBe('stopped');
      expect(await until(() => !pids.some(isAlive), 500)).toBe(true);
    },
    15_000,
  );
});

describe('the reference server', () => {
  it('lists and calls its tools', async () => {
    const script = fileURLToPath(
      new URL(
        '../../../node_modules/@modelcontextprotocol/server-everything/dist/index.js',
        import.meta.url,
      ),
    );
    const upstream = await startUpstream(
      spec('stdio', { command: nodeCommand(script, {}, null, ['stdio']), startTimeoutMs: 20_000 }),
    );
    const client = await ConversationClient.open(upstream);
    const tools = await client.listAllTools();
    expect(tools.map(({ name }) => name)).toContain('echo');
    const result = await client.request('tools/call', {
      name: 'echo',
      arguments: { message: 'hello' },
    });
    expect(JSON.stringify(result)).toContain('hello');
  }, 30_000);
});
