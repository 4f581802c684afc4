import { afterEach, describe, expect, it } from '@jest/globals';
import type { JsonObject } from '../../../src/kernel/json.js';
import { ConversationClient } from '../../../src/upstream/conversation-client.js';
import type { Upstream } from '../../../src/upstream/upstream.js';
import {
  callTool,
  cleanUp,
  failure,
  fixture,
  isAlive,
  nodeCommand,
  remoteAt,
  remoteFixture,
  spec,
  startUpstream,
  until,
  watched,
} from './harness.js';

const listening = { port: 0, path: '' };

const adapters: [name: string, start: () => Promise<Upstream>][] = [
  [
    'stdio, session',
    () => startUpstream(spec('stdio', { command: nodeCommand(fixture('stdio.mjs')) })),
  ],
  [
    'stdio, shared',
    () =>
      startUpstream(spec('stdio', { shared: true, command: nodeCommand(fixture('stdio.mjs')) })),
  ],
  [
    'stdio, shared, in pieces',
    () => {
      const command = nodeCommand(fixture('stdio.mjs'), { MODE: 'split' });
      return startUpstream(spec('stdio', { shared: true, command }));
    },
  ],
  [
    'http',
    async () => {
      const origin = await remoteFixture('http.mjs');
      return startUpstream(spec('streamable_http', { remote: remoteAt(`${origin}/mcp`) }));
    },
  ],
  [
    'sse',
    async () => {
      const origin = await remoteFixture('sse.mjs');
      return startUpstream(spec('sse', { remote: remoteAt(`${origin}/sse`) }));
    },
  ],
  [
    'http, spawned',
    () => {
      const command = nodeCommand(fixture('http.mjs'), {}, { ...listening, path: '/mcp' });
      return startUpstream(spec('streamable_http', { command }));
    },
  ],
  [
    'sse, spawned',
    () => {
      const command = nodeCommand(fixture('sse.mjs'), {}, { ...listening, path: '/sse' });
      return startUpstream(spec('sse', { command }));
    },
  ],
];

afterEach(cleanUp);

describe.each(adapters)('every upstream: %s', (name, start) => {
  const ownsProcess = name.startsWith('stdio') || name.endsWith('spawned');

  it('shakes hands, keeping unknown members, and lists tools over pages', async () => {
    const client = await ConversationClient.open(await start());
    expect(client.server).toMatchObject({
      protocolVersion: '2025-11-25',
      serverInfo: { name: 'fixture', client: { name: 'switchyard' } },
      instructions: 'try echo',
    });
    expect(JSON.parse(client.server.resultJson.toString())).toMatchObject({ unknownMember: [1] });
    const tools = await client.listAllTools();
    expect(tools).toHaveLength(13);
    expect(tools[12]).toMatchObject({ name: 'fork' });
    const seen = (await callTool(client, 'seen')) as { notified: string[] };
    expect(seen.notified).toEqual(['notifications/initialized']);
  });

  it('carries text of any kind and counts its calls', async () => {
    const upstream = await start();
    const client = await ConversationClient.open(upstream);
    const message = 'grüße €😀 "\\\n\r\u2028 {"id":1}';
    expect(await callTool(client, 'echo', { message })).toBe(message);
    const calls = Array.from({ length: 20 }, (_, i) =>
      callTool(client, 'echo', { message: `m${i}` }),
    );
    expect(upstream.inFlight).toBe(20);
    expect(await Promise.all(calls)).toEqual(Array.from({ length: 20 }, (_, i) => `m${i}`));
    expect(upstream.inFlight).toBe(0);
  });

  it('passes errors of the server with their code and data', async () => {
    const client = await ConversationClient.open(await start());
    const error = await failure(callTool(client, 'nonesuch'));
    expect(error.code).toBe('rpc-error');
    expect(error.facts.rpc).toEqual({
      code: -32602,
      message: 'no tool nonesuch',
      data: { name: 'nonesuch' },
    });
  });

  it('brings progress to its call', async () => {
    const client = await ConversationClient.open(await start());
    const heard: string[][] = [[], []];
    const calls = heard.map((own, i) => {
      const onNotification = (message: JsonObject): void => {
        own.push((message.params as { message: string }).message);
      };
      return callTool(client, 'progress', { steps: 3, label: `call ${i}` }, { onNotification });
    });
    expect(await Promise.all(calls)).toEqual(['done', 'done']);
    expect(heard).toEqual([Array(3).fill('call 0'), Array(3).fill('call 1')]);
  });

  it('times a call out and tells the server; progress puts that off', async () => {
    const upstream = await start();
    const client = await ConversationClient.open(upstream);
    const error = await failure(callTool(client, 'sleep', { ms: 60_000 }, { timeoutMs: 150 }));
    expect(error).toMatchObject({ code: 'call-timeout', facts: { mayHaveRun: true } });
    expect(upstream.inFlight).toBeLessThan(2);
    const steady = { timeoutMs: 300, onNotification: (): void => {} };
    expect(await callTool(client, 'progress', { steps: 8, every: 80 }, steady)).toBe('done');
    const seen = (await callTool(client, 'seen')) as { cancelled: unknown[] };
    expect(seen.cancelled).toHaveLength(1);
  });

  it('gives a call up when its caller does', async () => {
    const client = await ConversationClient.open(await start());
    const controller = new AbortController();
    const call = callTool(client, 'sleep', { ms: 60_000 }, { signal: controller.signal });
    setTimeout(() => {
      controller.abort();
    }, 50);
    expect((await failure(call)).code).toBe('aborted');
    for (let turn = 0; turn < 50; turn += 1) {
      const seen = (await callTool(client, 'seen')) as { cancelled: unknown[] };
      if (seen.cancelled.length === 1) return;
    }
    throw new Error('the server did not hear of it');
  });

  it('carries messages of several megabytes both ways', async () => {
    const client = await ConversationClient.open(await start());
    if (!name.includes('pieces')) {
      expect(await callTool(client, 'big', { bytes: 4_000_000 })).toHaveLength(2_000_000);
    }
    const message = 'ß'.repeat(name.includes('pieces') ? 10_000 : 1_500_000);
    expect(await callTool(client, 'echo', { message })).toBe(message);
  });

  it('fails what is under way when it is stopped, once, and opens no more', async () => {
    const upstream = await start();
    const client = await ConversationClient.open(upstream);
    let downs = 0;
    upstream.onDown(() => (downs += 1));
    const call = failure(callTool(client, 'sleep', { ms: 60_000 }));
    const stopped = upstream.stop();
    expect((await call).code).toBe('stopped');
    await stopped;
    await upstream.stop();
    expect(downs).toBe(0);
    expect(upstream.inFlight).toBe(0);
    expect((await failure(ConversationClient.open(upstream))).code).toBe('stopped');
  });

  if (ownsProcess) {
    it('fails calls at once when the process crashes, and repeats none', async () => {
      const upstream = await start();
      const client = await ConversationClient.open(upstream);
      const down = new Promise<unknown>((resolve) => {
        upstream.onDown(resolve);
      });
      const waiting = failure(callTool(client, 'sleep', { ms: 60_000 }));
      const before = performance.now();
      const error = await failure(callTool(client, 'crash'));
      expect(performance.now() - before).toBeLessThan(1000);
      expect(['exited', 'disconnected']).toContain(error.code);
      expect(error.facts.mayHaveRun).toBe(true);
      expect((await waiting).facts.mayHaveRun).toBe(true);
      expect(await down).toMatchObject({ code: 'exited', facts: { exitCode: 3 } });
      expect(upstream.facts()).toMatchObject({
        exit: { code: 3 },
        stderr: expect.arrayContaining(['about to crash']) as unknown,
      });
    });

    it('leaves no process behind, wherever it went', async () => {
      const upstream = await start();
      const client = await ConversationClient.open(upstream);
      const near = (await callTool(client, 'fork')) as number;
      const far = (await callTool(client, 'fork', { escape: true })) as number;
      const pid = (await callTool(client, 'pid')) as number;
      const facts = upstream.facts();
      expect(facts).toMatchObject({ pid, process_group: pid });
      expect(facts.memory_bytes).toBeGreaterThan(1_000_000);
      expect([near, far, pid].map(isAlive)).toEqual([true, true, true]);
      expect(watched.has(pid)).toBe(true);
      await upstream.stop();
      expect(await until(() => ![near, far, pid].some(isAlive), 500)).toBe(true);
      expect(watched.has(pid)).toBe(false);
    });

    it('marks its process and gives it the environment of the spec only', async () => {
      const client = await ConversationClient.open(await start());
      const env = (await callTool(client, 'env')) as Record<string, string>;
      expect(env).toMatchObject({ SWITCHYARD_RUN: 'contract.1' });
      expect(env.SWITCHYARD_INSTANCE).toMatch(/^contract-/);
      const known = ['SWITCHYARD_RUN', 'SWITCHYARD_INSTANCE', 'PORT', 'MODE'];
      expect(Object.keys(env).filter((key) => !known.includes(key))).toEqual([]);
    });
  }
});
