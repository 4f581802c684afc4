import { afterEach, describe, expect, it } from '@jest/globals';
import { ConversationClient } from '../../../src/upstream/conversation-client.js';
import { cleanUp, factory, failure, until } from './harness.js';
import {
  ALICE,
  LegacyClient,
  type Message,
  type Seen,
  startStateless,
  type Transport,
} from './stateless-harness.js';

const VERSION = 'io.modelcontextprotocol/protocolVersion';
const LEVEL = 'io.modelcontextprotocol/logLevel';

afterEach(cleanUp);

const accept = (content: Record<string, string>): { result: object } => ({
  result: { action: 'accept', content },
});

function answerForms(request: Message): { result: object } {
  const { message } = request.params as { message: string };
  return message === 'Your name?' ? accept({ name: 'Zoë "Z"' }) : accept({ color: 'red' });
}

describe.each<[Transport]>([['stdio'], ['shared'], ['http']])(
  'a legacy client of a server that is stateless only: %s',
  (transport) => {
    const shared = transport !== 'stdio';

    it('is greeted as if the server had been initialised', async () => {
      const client = await LegacyClient.open(await startStateless(transport, 'modern'));
      const { server } = client.conversation;
      expect(server).toMatchObject({
        protocolVersion: '2025-06-18',
        serverInfo: { name: 'stateless-fixture', version: '1.2.3' },
        capabilities: { resources: { subscribe: true, listChanged: true }, logging: {} },
        instructions: 'try echo',
      });
      const result = JSON.parse(server.resultJson.toString()) as object;
      expect(result).toMatchObject({ protocolVersion: '2025-06-18', instructions: 'try echo' });
      expect(result).not.toHaveProperty('supportedVersions');
    });

    it('calls tools, and the server sees who asks', async () => {
      const client = await LegacyClient.open(await startStateless(transport, 'modern'));
      const { result } = await client.request('tools/list');
      expect((result?.tools as object[]).length).toBeGreaterThan(10);
      expect(await client.tool('echo', { message: 'grüße\n' })).toBe('grüße\n');
      const { envelope } = (await client.tool('seen')) as Seen;
      expect(envelope).toMatchObject({
        [VERSION]: '2026-07-28',
        'io.modelcontextprotocol/clientInfo': ALICE.clientInfo,
        'io.modelcontextprotocol/clientCapabilities': ALICE.capabilities,
      });
    });

    it('gets pings and log levels answered in the server’s stead', async () => {
      const client = await LegacyClient.open(await startStateless(transport, 'modern'));
      expect((await client.request('ping')).result).toEqual({});
      const related: Message[] = [];
      await client.tool('log', {}, undefined, related);
      expect(related).toEqual([]);
      expect((await client.request('logging/setLevel', { level: 'info' })).result).toEqual({});
      expect((await client.request('logging/setLevel', { level: 'loud' })).error?.code).toBe(
        -32602,
      );
      await client.tool('log', { message: 'm' }, undefined, related);
      expect(related.map(({ params }) => params?.data)).toEqual(['info m', 'error m']);
      const { requests } = (await client.tool('seen')) as Seen;
      expect(requests.map(({ method }) => method)).not.toContain('ping');
      expect(requests.map(({ method }) => method)).not.toContain('notifications/initialized');
      expect(requests.at(-1)?.meta).toMatchObject({ [LEVEL]: 'info' });
    });

    it('hears progress under its own token', async () => {
      const client = await LegacyClient.open(await startStateless(transport, 'modern'));
      const related: Message[] = [];
      expect(
        await client.tool('slow', { ms: 60, steps: 3 }, { progressToken: 'mine' }, related),
      ).toBe('done');
      expect(related.map(({ params }) => params)).toEqual(
        [1, 2, 3].map((step) => expect.objectContaining({ progressToken: 'mine', progress: step })),
      );
    });

    it('gets large results whole', async () => {
      const client = await LegacyClient.open(await startStateless(transport, 'modern'));
      expect(await client.tool('big', { bytes: 3_000_000 })).toHaveLength(3_000_000);
    });

    it('gets errors as the server gives them', async () => {
      const client = await LegacyClient.open(await startStateless(transport, 'modern'));
      expect((await client.request('bogus/method')).error).toMatchObject({ code: -32601 });
      const read = await client.request('resources/read', { uri: 'note://none' });
      expect(read.error).toMatchObject({ code: -32602, data: { uri: 'note://none' } });
    });

    it('is asked what the server wants to know, in as many rounds as it takes', async () => {
      const client = await LegacyClient.open(
        await startStateless(transport, 'modern'),
        answerForms,
      );
      expect(await client.tool('ask')).toBe('Zoë "Z" likes red');
      expect(client.asked.map(({ method }) => method)).toEqual(Array(2).fill('elicitation/create'));
      expect(new Set(client.asked.map(({ id }) => id)).size).toBe(2);
      const { requests } = (await client.tool('seen')) as Seen;
      const ids = requests.filter(({ name }) => name === 'ask').map(({ id }) => id);
      expect(new Set(ids).size).toBe(3);
    });

    it('is asked several things at once', async () => {
      const client = await LegacyClient.open(
        await startStateless(transport, 'modern'),
        ({ method }) =>
          method === 'roots/list'
            ? { result: { roots: [{ uri: 'file:///r' }] } }
            : accept({ name: 'Ada' }),
      );
      expect(await client.tool('survey')).toBe('Ada at file:///r');
    });

    it('is asked to visit a URL with an id, and for a completion', async () => {
      const client = await LegacyClient.open(
        await startStateless(transport, 'modern'),
        ({ method }) => {
          if (method === 'elicitation/create') return { result: { action: 'decline' } };
          const content = { type: 'text', text: 'hi' };
          return { result: { role: 'assistant', model: 'm', content } };
        },
      );
      expect(await client.tool('ask_url')).toBe('visit: decline');
      expect(client.asked[0]?.params?.elicitationId).toEqual(expect.any(String));
      expect(await client.tool('sample')).toBe('sampled: hi');
    });

    it('whose answer is an error cancels an elicitation and fails another request', async () => {
      const error = { code: -1, message: 'User rejected it' };
      const client = await LegacyClient.open(await startStateless(transport, 'modern'), () => ({
        error,
      }));
      expect(await client.tool('ask')).toBe('no name: cancel');
      const sampled = await client.request('tools/call', { name: 'sample', arguments: {} });
      expect(sampled.error).toMatchObject(error);
    });

    it('is spared requests that only want to be sent again, but not for ever', async () => {
      const client = await LegacyClient.open(await startStateless(transport, 'modern'));
      expect(await client.tool('again', { times: 5 })).toBe('after 5');
      const { error } = await client.request('tools/call', {
        name: 'again',
        arguments: { times: 99 },
      });
      expect(error).toMatchObject({ code: -32603 });
    });

    it('that declared no capability is told by the server which one is missing', async () => {
      const upstream = await startStateless(transport, 'modern');
      const facts = { ...ALICE, capabilities: {} };
      const client = await LegacyClient.open(upstream, () => null, facts);
      const { error } = await client.request('tools/call', { name: 'sample', arguments: {} });
      expect(error).toMatchObject({
        code: -32021,
        data: { requiredCapabilities: { sampling: {} } },
      });
    });

    it('takes a call back, and the server stops', async () => {
      const client = await LegacyClient.open(await startStateless(transport, 'modern'));
      const call = failure(
        client.request(
          'tools/call',
          { name: 'slow', arguments: { ms: 1500, steps: 50 } },
          { id: 'c' },
        ),
      );
      await client.tool('echo', { message: '' });
      client.send({ method: 'notifications/cancelled', params: { requestId: 'c', reason: 'r' } });
      expect((await call).code).toBe('aborted');
      await expectSeen(client, ({ cancelled }) => cancelled === 1);
    });

    it('gives a call up, and the server stops', async () => {
      const upstream = await startStateless(transport, 'modern');
      const client = await LegacyClient.open(upstream);
      const started: { abandon(tell: boolean): void }[] = [];
      void client.request(
        'tools/call',
        { name: 'slow', arguments: { ms: 1500, steps: 50 } },
        { started: (call) => started.push(call) },
      );
      await client.tool('echo', { message: '' });
      started[0]?.abandon(true);
      await expectSeen(client, ({ cancelled }) => cancelled === 1);
      expect(upstream.inFlight).toBe(0);
    });

    it('subscribes to resources', async () => {
      const client = await LegacyClient.open(await startStateless(transport, 'modern'));
      expect((await client.request('resources/subscribe', { uri: 'note://one' })).result).toEqual(
        {},
      );
      expect((await client.request('resources/subscribe', { uri: 'note://two' })).result).toEqual(
        {},
      );
      await client.tool('touch', { uri: 'note://one' });
      await client.tool('touch', { uri: 'note://two' });
      const updates = (): unknown[] =>
        client.messages
          .filter(({ method }) => method === 'notifications/resources/updated')
          .map(({ params }) => params);
      expect(await until(() => updates().length >= 2, 3000)).toBe(true);
      expect(updates()).toEqual([{ uri: 'note://one' }, { uri: 'note://two' }]);
      expect((await client.request('resources/unsubscribe', { uri: 'note://one' })).result).toEqual(
        {},
      );
      await expectSeen(client, ({ requests }) => {
        const last = requests.filter(({ method }) => method === 'subscriptions/listen').at(-1);
        return JSON.stringify(last?.filter?.resourceSubscriptions) === '["note://two"]';
      });
    });

    it('hears that the list of tools has changed, and gets the new one', async () => {
      const client = await LegacyClient.open(await startStateless(transport, 'modern'));
      await expectSeen(client, ({ requests }) =>
        requests.some(({ method }) => method === 'subscriptions/listen'),
      );
      await client.tool('change_tools');
      const changed = (): boolean =>
        client.messages.some(({ method }) => method === 'notifications/tools/list_changed');
      expect(await until(changed, 3000)).toBe(true);
      expect(client.messages[0]).not.toHaveProperty('params._meta');
      expect(await client.tool('added')).toBe('added');
    });

    it('has its waiting calls failed when the server crashes', async () => {
      const upstream = await startStateless(transport, 'modern');
      const client = await LegacyClient.open(upstream);
      const down = new Promise((resolve) => {
        upstream.onDown(resolve);
      });
      const waiting = failure(client.request('tools/call', { name: 'sample', arguments: {} }));
      await until(() => client.asked.length === 1, 3000);
      expect(upstream.inFlight).toBe(1);
      await failure(client.request('tools/call', { name: 'crash', arguments: {} }));
      await down;
      expect((await waiting).facts.mayHaveRun).toBe(true);
      expect(upstream.inFlight).toBe(0);
      expect(client.ended).not.toBeNull();
    });

    it('is our own probe, too', async () => {
      const client = await ConversationClient.open(await startStateless(transport, 'modern'));
      expect((await client.listAllTools()).length).toBeGreaterThan(10);
      const result = await client.request('tools/call', {
        name: 'echo',
        arguments: { message: 'm' },
      });
      expect(result).toMatchObject({ content: [{ text: 'm' }] });
      await client.request('ping');
      client.close();
    });

    if (shared) {
      it('shares the server with others that are not like it', async () => {
        const upstream = await startStateless(transport, 'modern');
        const bob = { ...ALICE, capabilities: {}, clientInfo: { name: 'bob', version: '2' } };
        const first = await LegacyClient.open(upstream, answerForms);
        const second = await LegacyClient.open(upstream, () => null, bob);
        await first.request('resources/subscribe', { uri: 'note://one' });
        const [asked, seen] = await Promise.all([first.tool('ask'), second.tool('seen')]);
        expect(asked).toBe('Zoë "Z" likes red');
        expect((seen as Seen).envelope['io.modelcontextprotocol/clientInfo']).toEqual(
          bob.clientInfo,
        );
        await second.tool('touch');
        expect(await until(() => first.messages.length > 0, 3000)).toBe(true);
        expect(second.messages).toEqual([]);
        expect(second.asked).toEqual([]);
        first.conversation.close();
        expect(await second.tool('echo', { message: 'm' })).toBe('m');
      });
    }
  },
);

describe('a legacy client of a stateless server over HTTP', () => {
  it('sends the headers that the protocol requires, and no session', async () => {
    const client = await LegacyClient.open(await startStateless('http', 'modern'));
    await client.request('resources/read', { uri: 'note://by-name/ä ' });
    await client.tool('echo', { message: 'm' });
    const { requests } = (await client.tool('seen')) as Seen;
    const read = requests.find(({ method }) => method === 'resources/read');
    expect(read?.headers).toMatchObject({
      'mcp-protocol-version': '2026-07-28',
      'mcp-method': 'resources/read',
      'mcp-name': `=?base64?${Buffer.from('note://by-name/ä ').toString('base64')}?=`,
      'x-switchyard-hop': '1',
    });
    const call = requests.find(({ name }) => name === 'echo');
    expect(call?.headers).toMatchObject({ 'mcp-method': 'tools/call', 'mcp-name': 'echo' });
    expect(requests.filter(({ headers }) => headers?.['mcp-session-id'] !== undefined)).toEqual([]);
  });

  it('sends parameters as headers, learning of them when it must', async () => {
    const client = await LegacyClient.open(await startStateless('http', 'modern'));
    const args = { region: 'eu ', limits: { rows: 7 }, query: 'q' };
    expect(await client.tool('region', args)).toEqual({
      args,
      region: `=?base64?${Buffer.from('eu ').toString('base64')}?=`,
      rows: '7',
    });
    expect(await client.tool('region', { region: 'us' })).toMatchObject({
      region: 'us',
      rows: null,
    });
    const { requests } = (await client.tool('seen')) as Seen;
    const calls = requests.filter(({ name }) => name === 'region');
    expect(calls).toHaveLength(3);
    expect(requests.filter(({ method }) => method === 'tools/list')).toHaveLength(1);
  });

  it('is not offered tools whose header annotations are forbidden', async () => {
    const client = await LegacyClient.open(
      await startStateless('http', 'modern', ['--invalid-tool']),
    );
    const { result } = await client.request('tools/list');
    const names = (result?.tools as { name: string }[]).map(({ name }) => name);
    expect(names).toContain('region');
    expect(names).not.toContain('invalid');
  });

  it.each(['json', 'sse'])('takes answers as %s', async (response) => {
    const upstream = await startStateless('http', 'modern', ['--response', response]);
    const client = await LegacyClient.open(upstream, answerForms);
    expect(await client.tool('ask')).toBe('Zoë "Z" likes red');
    expect((await client.request('bogus')).error?.code).toBe(-32601);
  });

  it('has its subscriptions opened again when the server cuts them, and is told that it may have missed something', async () => {
    const client = await LegacyClient.open(await startStateless('http', 'modern'));
    await client.request('resources/subscribe', { uri: 'note://one' });
    expect(await client.tool('drop_listeners')).toBeGreaterThan(0);
    const heard = (): string[] => client.messages.map(({ method }) => method ?? '');
    expect(await until(() => heard().includes('notifications/resources/updated'), 5000)).toBe(true);
    expect(heard()).toContain('notifications/tools/list_changed');
    client.messages.length = 0;
    await client.tool('touch');
    expect(await until(() => heard().includes('notifications/resources/updated'), 3000)).toBe(true);
  });

  it('refuses requests that run in circles', async () => {
    const upstream = await startStateless('http', 'modern');
    const sink = { onMessage() {}, onEnd() {} };
    expect((await failure(upstream.open(ALICE, sink, undefined, 3))).code).toBe('hop-limit');
    expect((await failure(upstream.openStateless(sink, undefined, 3))).code).toBe('hop-limit');
  });
});

describe('finding out what a server speaks', () => {
  it.each<[Transport]>([['stdio'], ['shared'], ['http']])(
    'leaves a server of both kinds to its handshake: %s',
    async (transport) => {
      const client = await LegacyClient.open(await startStateless(transport, 'dual')).catch(
        (error: unknown) => {
          if ((error as Error).message !== 'an exchange') throw error;
          return null;
        },
      );
      expect(client === null).toBe(transport === 'http');
      if (client === null) return;
      const { requests } = (await client.tool('seen')) as Seen;
      expect(requests.map(({ method }) => method)).not.toContain('server/discover');
    },
  );

  it.each<[Transport]>([['stdio'], ['shared']])(
    'starts a child again that ended over initialize: %s',
    async (transport) => {
      const from = factory();
      const knobs = ['--exit-on', 'initialize'];
      const first = await LegacyClient.open(await startStateless(transport, 'modern', knobs, from));
      expect(await first.tool('echo', { message: 'm' })).toBe('m');
      const again = await LegacyClient.open(await startStateless(transport, 'modern', knobs, from));
      const { requests } = (await again.tool('seen')) as Seen;
      expect(requests[0]?.method).toBe('server/discover');
    },
  );

  it('reports the refusal of initialize when the server is neither', async () => {
    const upstream = await startStateless('stdio', 'legacy', ['--exit-on', 'initialize']);
    const error = await failure(upstream.open(ALICE, { onMessage() {}, onEnd() {} }));
    expect(error).toMatchObject({ code: 'exited-early', facts: { exitCode: 9 } });
  });
});

async function expectSeen(client: LegacyClient, holds: (seen: Seen) => boolean): Promise<void> {
  for (let turn = 0; turn < 100; turn += 1) {
    if (holds((await client.tool('seen')) as Seen)) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error('the server did not see it');
}
