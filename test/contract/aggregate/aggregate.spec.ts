import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { CreateMessageRequestSchema } from '@modelcontextprotocol/sdk/types.js';
import { AggregateRig, eventually, names, textOf, type Member } from './aggregate-rig.js';
import { script, tool } from './member-server.js';

let rig: AggregateRig;
beforeEach(() => {
  rig = new AggregateRig();
});
afterEach(async () => {
  await rig.close();
});

const two = async (): Promise<{ a: Member; b: Member }> => {
  const a = rig.member(script('alpha'));
  const b = rig.member(script('beta'), 'session');
  await rig.listen(a, b);
  return { a, b };
};

describe.each([
  ['Streamable HTTP', false],
  ['HTTP+SSE', true],
])('the SDK client at /mcp over %s', (_name, sse) => {
  it('lists the tools of all members under names of both, and calls each', async () => {
    const { a, b } = await two();
    const client = await rig.connect('', { sse });
    const listed = names(await client.listTools());
    expect(listed).toContain('alpha__echo');
    expect(listed).toContain('beta__echo');
    expect(listed).toHaveLength(14);
    expect(b.source.made).toHaveLength(0);
    const args = { text: 'hi' };
    expect(textOf(await client.callTool({ name: 'alpha__echo', arguments: args }))).toBe(
      'alpha/echo:{"text":"hi"}',
    );
    expect(textOf(await client.callTool({ name: 'beta__echo', arguments: args }))).toBe(
      'beta/echo:{"text":"hi"}',
    );
    expect([a.source.made.length, b.source.made.length]).toEqual([1, 1]);
  });

  it('keeps the selection over all messages of the session', async () => {
    await two();
    const client = await rig.connect('?services=beta', { sse });
    expect(names(await client.listTools()).every((name) => name.startsWith('beta__'))).toBe(true);
    expect(textOf(await client.callTool({ name: 'beta__echo' }))).toBe('beta/echo:{}');
    await expect(client.callTool({ name: 'alpha__echo' })).rejects.toMatchObject({ code: -32602 });
  });

  it('passes progress, logs, sampling, errors and cancellation', async () => {
    const { b } = await two();
    const logs: unknown[] = [];
    const client = await rig.connect('', {
      sse,
      capabilities: { sampling: {} },
      prepare: (each) => {
        each.setRequestHandler(CreateMessageRequestSchema, () => ({
          model: 'm',
          role: 'assistant' as const,
          content: { type: 'text' as const, text: 'said' },
        }));
        each.fallbackNotificationHandler = (note) => {
          logs.push(note.params?.data);
          return Promise.resolve();
        };
      },
    });
    const heard: number[] = [];
    const progressing = client.callTool({ name: 'beta__progress' }, undefined, {
      onprogress: ({ progress }) => heard.push(progress),
    });
    await eventually(() => b.script.held.length === 1 && heard.length === 3);
    b.script.held.shift()?.();
    await progressing;
    expect(heard).toEqual([1, 2, 3]);
    await client.callTool({ name: 'beta__log' });
    await eventually(() => logs.includes('beta logs'));
    expect(textOf(await client.callTool({ name: 'beta__sample' }))).toContain('said');
    await expect(client.callTool({ name: 'beta__fail' })).rejects.toThrow('beta failed');
    const abort = new AbortController();
    const held = client.callTool({ name: 'beta__hold' }, undefined, { signal: abort.signal });
    await eventually(() => b.script.held.length === 1);
    abort.abort('enough');
    await expect(held).rejects.toThrow();
    await eventually(() =>
      b.source.latest.seen.some(
        (message) => 'method' in message && message.method === 'notifications/cancelled',
      ),
    );
  });
});

describe('requests of two members at once', () => {
  it('reach the client under ids of their own, and each answer its member', async () => {
    const a = rig.member(script('alpha'), 'session');
    const b = rig.member(script('beta'), 'session');
    await rig.listen(a, b);
    let asked = 0;
    const client = await rig.connect('', {
      capabilities: { sampling: {} },
      prepare: (each) => {
        each.setRequestHandler(CreateMessageRequestSchema, async () => {
          asked += 1;
          const text = `answer ${asked}`;
          await eventually(() => asked === 2);
          return {
            model: 'm',
            role: 'assistant' as const,
            content: { type: 'text' as const, text },
          };
        });
      },
    });
    const answers = await Promise.all([
      client.callTool({ name: 'alpha__sample' }),
      client.callTool({ name: 'beta__sample' }),
    ]);
    expect(answers.map(textOf).map((text) => text.split(' ')[0])).toEqual(['alpha', 'beta']);
    expect(new Set(answers.map((answer) => /answer \d/.exec(textOf(answer))?.[0])).size).toBe(2);
  });
});

describe('tools of members', () => {
  it('are shown verbatim but for the name, cut and mended names with a hash that stays', async () => {
    const odd = tool('files.read/all', {
      title: 'Read',
      description: 'Reads it all',
      annotations: { readOnlyHint: true, 'x-hint': 1 },
      icons: [{ src: 'https://example.test/i.png' }],
      _meta: { 'x/y': [1] },
      'x-unknown': { deep: true },
    });
    const long = tool('a'.repeat(80));
    const a = rig.member(script('alpha', { tools: [odd, long] }));
    await rig.listen(a);
    const headers = await rig.gateway.open('/mcp');
    const list = { jsonrpc: '2.0', id: 7, method: 'tools/list' };
    const answer = (await rig.gateway.post('/mcp', list, headers)).json() as {
      id: number;
      result: { tools: Record<string, unknown>[] };
    };
    expect(answer.id).toBe(7);
    const [first, second] = answer.result.tools;
    expect({ ...first, name: odd.name }).toEqual(odd);
    expect(first?.name).toMatch(/^alpha__files_read_all_[0-9a-f]{8}$/);
    expect(second?.name).toMatch(/^[a-z_0-9]{64}$/);
    const client = await rig.connect();
    for (const each of [first, second]) {
      const name = String(each?.name);
      const own = name.includes('files') ? 'files.read/all' : 'a'.repeat(80);
      expect(textOf(await client.callTool({ name }))).toBe(`alpha/${own}:{}`);
    }
  });

  it('come in pages where there are very many, and every one once', async () => {
    const tools = Array.from({ length: 1_300 }, (_, i) => tool(`t${i}`));
    const a = rig.member(script('alpha', { tools }));
    const b = rig.member(script('beta', { tools }));
    await rig.listen(a, b);
    const client = await rig.connect();
    const found: string[] = [];
    let cursor: string | undefined;
    do {
      const page = await client.listTools({ cursor });
      found.push(...names(page));
      cursor = page.nextCursor;
    } while (cursor !== undefined);
    expect(found).toHaveLength(2_600);
    expect(new Set(found).size).toBe(2_600);
    await expect(client.listTools({ cursor: 'x' })).rejects.toMatchObject({ code: -32602 });
  });

  it('that the policy of the service refuses are neither shown nor called', async () => {
    const policy = {
      authenticationRequired: false,
      allowedScopes: [],
      allowTools: null,
      denyTools: ['h*'],
      readOnlyTools: false,
      rateLimit: { requests: 2, window_ms: 60_000 },
    };
    const a = rig.member(script('alpha'), 'shared', { policy });
    await rig.listen(a);
    const client = await rig.connect();
    expect(names(await client.listTools())).not.toContain('alpha__hold');
    await expect(client.callTool({ name: 'alpha__hold' })).rejects.toMatchObject({ code: -32011 });
    await client.callTool({ name: 'alpha__echo' });
    await client.callTool({ name: 'alpha__echo' });
    await expect(client.callTool({ name: 'alpha__echo' })).rejects.toMatchObject({ code: -32012 });
  });

  it('of another kind of client are those of its own session once it has one', async () => {
    const own = script('alpha', { tools: [tool('echo')] });
    const a = rig.member(own, 'session');
    await rig.listen(a);
    const client = await rig.connect();
    own.tools.push(tool('later'));
    expect(names(await client.listTools())).toEqual(['alpha__echo']);
    await client.callTool({ name: 'alpha__echo' });
    expect(names(await client.listTools())).toEqual(['alpha__echo', 'alpha__later']);
  });

  it('of a service with a long name are its own although another has the first part for a name', async () => {
    const short = 'n'.repeat(24);
    const long = `${short}-of-a-longer-name-that-fills-the-room`;
    const members = [short, long].map((name) => rig.member(script(name)));
    await rig.listen(...members);
    const client = await rig.connect();
    const cut = names(await client.listTools()).filter((name) => !name.endsWith('__progress'));
    const answers = cut.filter((name) => name.includes('echo'));
    expect(answers).toHaveLength(2);
    for (const [at, name] of answers.entries()) {
      expect(textOf(await client.callTool({ name }))).toBe(`${[short, long][at] ?? ''}/echo:{}`);
    }
  });

  it('are called even when nobody lists them yet, and unknown ones are refused', async () => {
    await two();
    const client = await rig.connect();
    expect(textOf(await client.callTool({ name: 'alpha__brand-new' }))).toBe('alpha/brand-new:{}');
    for (const name of ['echo', 'gamma__echo', '__echo', 'alpha__']) {
      await expect(client.callTool({ name })).rejects.toMatchObject({ code: -32602 });
    }
  });
});

describe('initialize', () => {
  it('tells what there is, and which services', async () => {
    await two();
    const client = await rig.connect();
    expect(client.getServerVersion()).toMatchObject({ name: 'switchyard' });
    expect(client.getServerCapabilities()).toMatchObject({
      tools: { listChanged: true },
      prompts: { listChanged: true },
      resources: { listChanged: true, subscribe: true },
      completions: {},
      logging: {},
    });
    expect(client.getInstructions()).toContain('- alpha: All about alpha');
    await client.ping();
    const headers = await rig.gateway.open('/mcp');
    const odd = { jsonrpc: '2.0', id: 'q', method: 'x/unknown' };
    const answer = await rig.gateway.post('/mcp', odd, headers);
    expect(answer.json()).toMatchObject({ id: 'q', error: { code: -32601 } });
  });
});
