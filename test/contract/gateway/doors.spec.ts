import { afterEach, describe, expect, it } from '@jest/globals';
import { DEFAULT_FLOW, type Endpoint, type EndpointPolicy } from '../../../src/gateway/endpoint.js';
import { isJsonObject, type JsonObject } from '../../../src/kernel/json.js';
import { ProblemError } from '../../../src/kernel/problem.js';
import { ManualClock } from '../../support/manual-clock.js';
import { FakeSource, TOOLS } from './fake-upstreams.js';
import {
  call,
  endpointOf,
  GatewayRig,
  initialize,
  POST_HEADERS,
  principal,
  readUntil,
  until,
} from './gateway-rig.js';

let rig: GatewayRig;
afterEach(() => rig.close());

const OPEN: EndpointPolicy = {
  authenticationRequired: false,
  allowedScopes: [],
  allowTools: null,
  denyTools: [],
  readOnlyTools: false,
  rateLimit: null,
};

/** What came of calling a tool by one way in: `ok`, or the refusal's reason. `opened` runs just before the call. */
type Way = (rig: GatewayRig, tool: string, opened?: () => void) => Promise<string>;

function outcome(message: unknown): string {
  if (!isJsonObject(message)) return 'nothing';
  if (isJsonObject(message.result)) return 'ok';
  const error = isJsonObject(message.error) ? message.error : {};
  return isJsonObject(error.data) ? String(error.data.reason) : String(error.code);
}

const WAYS: Record<string, Way> = {
  http: async (at, tool, opened) => {
    const headers = await at.open('/mcp/x');
    opened?.();
    const answer = await at.post('/mcp/x', call(1, tool), headers);
    return outcome(answer.json());
  },
  batch: async (at, tool, opened) => {
    const headers = await at.open('/mcp/x', 'ann', '2025-03-26');
    opened?.();
    const answer = await at.post('/mcp/x', [call(1, tool)], headers);
    const [first] = JSON.parse(answer.text) as unknown[];
    return outcome(first);
  },
  'legacy sse': async (at, tool, opened) => {
    const { post, next } = await openLegacy(at);
    opened?.();
    await post(call(1, tool));
    return outcome(await next());
  },
  callTool: async (at, tool, opened) => {
    opened?.();
    const endpoint = at.routes.current.ofService('service-1');
    if (endpoint === null) throw new Error('not mounted');
    return at.dispatcher.callTool(endpoint, principal('ann'), tool, {}).then(
      () => 'ok',
      (error: unknown) =>
        error instanceof ProblemError
          ? String(error.details.extra?.reason ?? error.code)
          : 'thrown',
    );
  },
};

async function openLegacy(
  at: GatewayRig,
  token = 'ann',
): Promise<{ path: string; post(message: JsonObject): Promise<number>; next(): Promise<unknown> }> {
  const authorization = `Bearer ${token}`;
  const stream = await at.send('GET', '/mcp/x/sse', { accept: 'text/event-stream', authorization });
  let text = '';
  stream.on('data', (chunk: Buffer) => (text += chunk.toString('utf8')));
  await until(() => text.includes('\n\n'));
  const path =
    /^event: endpoint\ndata: (\/mcp\/x\/message\?sessionId=\S+)\n\n/.exec(text)?.[1] ?? '';
  text = '';
  const post = async (message: JsonObject): Promise<number> =>
    (await at.post(path, message, { authorization })).status;
  const next = async (): Promise<unknown> => {
    await until(() => /data: .*\n\n/.test(text));
    const [whole, data] = /^[\s\S]*?data: (.*)\n\n/.exec(text) ?? ['', 'null'];
    text = text.slice(whole.length);
    return data?.includes('"heard"') === true ? next() : (JSON.parse(data ?? 'null') as unknown);
  };
  expect(await post(initialize('2024-11-05'))).toBe(202);
  expect(await next()).toMatchObject({ id: 0, result: { 'x-kept': true } });
  await post({ jsonrpc: '2.0', method: 'notifications/initialized' });
  return { path, post, next };
}

const KINDS = [
  ['stdio', 'stdio' as const],
  ['HTTP', 'streamable_http' as const],
] as const;

const MATRIX: [string, Partial<EndpointPolicy>, string, string][] = [
  ['nothing is restricted', {}, 'secret', 'ok'],
  ['a pattern denies the tool', { denyTools: ['se*'] }, 'secret', 'tool-denied'],
  ['another tool is denied', { denyTools: ['se*'] }, 'echo', 'ok'],
  ['only others are allowed', { allowTools: ['echo'] }, 'secret', 'tool-not-allowed'],
  ['denial wins over allowance', { allowTools: ['*'], denyTools: ['echo'] }, 'echo', 'tool-denied'],
  ['a tool that reads under read-only', { readOnlyTools: true }, 'echo', 'ok'],
  ['a tool that writes under read-only', { readOnlyTools: true }, 'secret', 'not-read-only'],
  ['an unknown tool under read-only', { readOnlyTools: true }, 'no-such', 'not-read-only'],
];

describe.each(Object.entries(WAYS))('the door behind %s', (_way, go) => {
  describe.each(KINDS)('in front of a %s upstream', (_kind, transport) => {
    it.each(MATRIX)('%s', async (_case, policy, tool, expected) => {
      const source = new FakeSource(transport, true);
      rig = await new GatewayRig().listen(
        endpointOf(source, { transport, policy: { ...OPEN, ...policy } }),
      );
      expect(await go(rig, tool)).toBe(expected);
      const reached = source.server.methods().includes('tools/call');
      expect(reached).toBe(expected === 'ok');
    });

    it('counts calls of one principal against the rate limit', async () => {
      const clock = new ManualClock();
      const policy = { ...OPEN, rateLimit: { requests: 3, window_ms: 60_000 } };
      const source = new FakeSource(transport, true);
      rig = await new GatewayRig(clock).listen(endpointOf(source, { transport, policy }));
      const outcomes: string[] = [];
      for (let i = 0; i < 4 && outcomes.at(-1) !== 'rate-limit'; i += 1) {
        outcomes.push(await go(rig, 'echo').catch(() => 'rate-limit'));
      }
      expect(outcomes.at(0)).toBe('ok');
      expect(outcomes.at(-1)).toBe('rate-limit');
    });

    /** An endpoint that takes one call at a time, with one under way. */
    const crowded = async (queueSize: number): Promise<FakeSource> => {
      clock = new ManualClock();
      const source = new FakeSource(transport, true);
      const flow = { ...DEFAULT_FLOW, queueSize };
      endpoint = endpointOf(source, { transport, maxInFlight: 1, flow });
      rig = await new GatewayRig(clock).listen(endpoint);
      const headers = await rig.open('/mcp/x', 'bob');
      running = rig.post('/mcp/x', call(1, 'hold'), headers);
      await until(() => source.server.held.length === 1);
      return source;
    };
    let clock: ManualClock;
    let endpoint: Endpoint;
    let running: Promise<unknown>;

    const echoes = ({ server }: FakeSource): number =>
      server.seen.filter(({ params }) => isJsonObject(params) && params.name === 'echo').length;

    it('lets a call wait while as many as may be are under way', async () => {
      const source = await crowded(1);
      const outcomeOf = go(rig, 'echo');
      await until(() => endpoint.load.waiting === 1);
      expect(echoes(source)).toBe(0);
      source.server.release();
      expect(await outcomeOf).toBe('ok');
      await running;
      expect([endpoint.load.inFlight, endpoint.load.waiting]).toEqual([0, 0]);
    });

    it('refuses a call that finds the queue full', async () => {
      const source = await crowded(0);
      expect(await go(rig, 'echo')).toBe('queue-full');
      source.server.release();
      await running;
      expect([echoes(source), endpoint.load.inFlight]).toEqual([0, 0]);
    });

    it('refuses a call that has waited too long', async () => {
      const source = await crowded(1);
      const outcomeOf = go(rig, 'echo');
      await until(() => endpoint.load.waiting === 1);
      await clock.advance(DEFAULT_FLOW.queueTimeoutMs);
      expect(await outcomeOf).toBe('queue-timeout');
      source.server.release();
      await running;
      expect([echoes(source), endpoint.load.inFlight, endpoint.load.waiting]).toEqual([0, 0, 0]);
    });

    it('refuses a call while the circuit is open', async () => {
      const source = new FakeSource(transport, true);
      endpoint = endpointOf(source, { transport });
      rig = await new GatewayRig(new ManualClock()).listen(endpoint);
      const open = (): void => {
        Object.assign(endpoint.load, { failures: 5, openings: 1, openUntilMs: 1_000 });
      };
      expect(await go(rig, 'echo', open)).toBe('circuit-open');
      expect(echoes(source)).toBe(0);
    });

    it('a guard that denies stops the call', async () => {
      const source = new FakeSource(transport, true);
      const guarded = (): Promise<unknown> => Promise.resolve(false);
      rig = await new GatewayRig().listen(endpointOf(source, { transport, guarded }));
      await expect(
        go(rig, 'echo').then((o) => (o === 'ok' ? 'ok' : Promise.reject(new Error(o)))),
      ).rejects.toThrow();
      expect(source.server.seen).toEqual([]);
    });
  });
});

describe.each(KINDS)('a list in front of a %s upstream', (_kind, transport) => {
  it('hides what may not be called', async () => {
    const policy = { ...OPEN, readOnlyTools: true };
    rig = await new GatewayRig().listen(
      endpointOf(new FakeSource(transport, true), { transport, policy }),
    );
    const list = { jsonrpc: '2.0', id: 'l', method: 'tools/list' };
    const answer = await rig.post('/mcp/x', list, await rig.open('/mcp/x'));
    expect(answer.json()).toEqual({ jsonrpc: '2.0', id: 'l', result: { tools: [TOOLS[0]] } });
    const legacy = await openLegacy(rig);
    await legacy.post(list);
    expect(await legacy.next()).toMatchObject({ id: 'l', result: { tools: [{ name: 'echo' }] } });
  });
});

describe('a legacy client', () => {
  it.each(KINDS)(
    'calls, hears progress and answers requests in front of a %s upstream',
    async (_kind, transport) => {
      const isolation = 'session' as const;
      const source = new FakeSource(transport, true);
      rig = await new GatewayRig().listen(endpointOf(source, { transport, isolation }));
      const { post, next } = await openLegacy(rig);
      await post(call(1, 'progress', {}, { progressToken: 'p' }));
      for (let i = 1; i <= 3; i += 1)
        expect(await next()).toMatchObject({ params: { progress: i } });
      source.server.release();
      expect(await next()).toMatchObject({ id: 1 });
      await post(call(2, 'sample'));
      expect(await next()).toMatchObject({ id: 'ask-0', method: 'sampling/createMessage' });
      await post({ jsonrpc: '2.0', id: 'ask-0', result: { ok: 1 } });
      expect(JSON.stringify(await next())).toContain('sampled');
      const listened = source.server.methods().filter((method) => method === 'GET');
      expect(listened).toHaveLength(transport === 'streamable_http' ? 1 : 0);
    },
  );

  it('may be used by nobody else, and ends with its stream', async () => {
    const source = new FakeSource('stdio', true);
    rig = await new GatewayRig().listen(endpointOf(source));
    const { path } = await openLegacy(rig);
    const other = await rig.post(path, call(1, 'echo'), { authorization: 'Bearer bob' });
    expect([other.status, other.json()]).toMatchObject([404, { error: { code: -32001 } }]);
    expect(source.made[0]?.listeners).toBe(1);
    await rig.close();
    expect([rig.sessions.size, source.leases]).toEqual([0, 0]);
    await new Promise<void>((resolve) => rig.server.listen(0, '127.0.0.1', resolve));
  });
});

describe('a REST tool call', () => {
  it('answers what the tool answered, its error included, and gives the instance back', async () => {
    const source = new FakeSource('streamable_http', true);
    const endpoint = endpointOf(source, { transport: 'streamable_http' });
    rig = await new GatewayRig().listen(endpoint);
    const outcomeOf = await rig.dispatcher.callTool(endpoint, principal('ann'), 'echo', {
      text: 'r',
    });
    expect(outcomeOf).toMatchObject({ is_error: false, result: { content: [{ text: 'fake:r' }] } });
    await expect(
      rig.dispatcher.callTool(endpoint, principal('ann'), 'fail', {}),
    ).rejects.toMatchObject({
      code: 'gateway.upstream-refused',
      status: 422,
    });
    await expect(
      rig.dispatcher.callTool(endpoint, principal('ann'), 'crash', {}),
    ).rejects.toMatchObject({
      code: 'gateway.upstream-failed',
      status: 502,
    });
    expect([source.leases, endpoint.load.inFlight]).toEqual([0, 0]);
  });

  it.each(['streamable_http', 'stdio'] as const)(
    'shares one conversation with a %s upstream, under ids of its own, and moves with the source',
    async (transport) => {
      const [first, second] = [
        new FakeSource(transport, true, 'first'),
        new FakeSource(transport, true, 'second'),
      ];
      const endpoint = endpointOf(first, { transport });
      rig = await new GatewayRig().listen(endpoint);
      const { dispatcher } = rig;
      const texts = ['a', 'b', 'c'];
      const outcomes = await Promise.all(
        texts.map((text) => dispatcher.callTool(endpoint, principal('ann'), 'echo', { text })),
      );
      expect(outcomes.map(({ result }) => JSON.stringify(result))).toEqual(
        texts.map((text) => expect.stringContaining(`first:${text}`)),
      );
      const ids = first.server.seen.map(({ id }) => id).filter((id) => id !== undefined);
      expect(new Set(ids).size).toBe(3);
      expect(first.made[0]?.open$.size).toBe(1);
      const moved = endpointOf(second, { transport, revision: 2 });
      const next = await dispatcher.callTool(moved, principal('ann'), 'echo', {});
      expect(JSON.stringify(next.result)).toContain('second:');
      expect([first.leases, second.leases, endpoint.load.inFlight]).toEqual([0, 0, 0]);
    },
  );

  it('is refused what the server asks of a client, and gets its answer all the same', async () => {
    const source = new FakeSource('streamable_http', true);
    const endpoint = endpointOf(source, { transport: 'streamable_http' });
    rig = await new GatewayRig().listen(endpoint);
    await rig.dispatcher.callTool(endpoint, principal('ann'), 'sample', {});
    expect(source.server.seen).toContainEqual(
      expect.objectContaining({ id: 'ask-0', error: expect.objectContaining({ code: -32601 }) }),
    );
  });

  it('ends when its caller gives up', async () => {
    const source = new FakeSource('stdio', true);
    const endpoint = endpointOf(source);
    rig = await new GatewayRig().listen(endpoint);
    const abort = new AbortController();
    const going = rig.dispatcher.callTool(
      endpoint,
      principal('ann'),
      'hold',
      {},
      { signal: abort.signal },
    );
    await until(() => source.server.held.length === 1);
    abort.abort();
    await expect(going).rejects.toMatchObject({ code: 'gateway.upstream-failed' });
    expect([source.leases, endpoint.load.inFlight]).toEqual([0, 0]);
  });
});

describe('a batch', () => {
  it('answers every request in one array and only notifications with 202', async () => {
    rig = await new GatewayRig().listen(endpointOf(new FakeSource('stdio', true)));
    const headers = await rig.open('/mcp/x', 'ann', '2025-03-26');
    const note = { jsonrpc: '2.0', method: 'notifications/roots/list_changed' };
    expect((await rig.post('/mcp/x', [note], headers)).status).toBe(202);
    const answer = await rig.post(
      '/mcp/x',
      [call(1, 'echo'), note, call('b', 'fail'), { bad: 1 }],
      headers,
    );
    const answers = JSON.parse(answer.text) as JsonObject[];
    expect(answers.map((a) => a.id)).toEqual(expect.arrayContaining([1, 'b', null]));
    expect(answers).toHaveLength(3);
  });
});

it('a reader of the event stream sees what belongs to it only', async () => {
  const source = new FakeSource('stdio', true);
  rig = await new GatewayRig().listen(endpointOf(source));
  const headers = await rig.open('/mcp/x');
  const body = JSON.stringify(call(1, 'progress', {}, { progressToken: 9 }));
  const response = await rig.send('POST', '/mcp/x', { ...POST_HEADERS, ...headers }, body);
  const text = await readUntil(response, (seen) => seen.split('"progress":').length === 4);
  expect(text).not.toContain('"progressToken":8');
});
