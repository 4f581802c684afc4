import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { callChannel, circuitChannel } from '../../../src/gateway/channels.js';
import { DEFAULT_FLOW, type Endpoint, type FlowLimits } from '../../../src/gateway/endpoint.js';
import { isJsonObject, type JsonObject } from '../../../src/kernel/json.js';
import { UpstreamError } from '../../../src/upstream/upstream.errors.js';
import { ManualClock } from '../../support/manual-clock.js';
import { FakeSource } from './fake-upstreams.js';
import {
  type Answer,
  call,
  endpointOf,
  GatewayRig,
  initialize,
  POST_HEADERS,
  principal,
  until,
} from './gateway-rig.js';

const KINDS = [
  ['a stdio upstream', 'stdio' as const],
  ['an HTTP upstream', 'streamable_http' as const],
] as const;

let clock: ManualClock;
let rig: GatewayRig;
let source: FakeSource;
let endpoint: Endpoint;

beforeEach(() => {
  clock = new ManualClock();
});
afterEach(() => rig.close());

async function serve(
  transport: 'stdio' | 'streamable_http',
  maxInFlight: number,
  flow: Partial<FlowLimits> = {},
): Promise<void> {
  source = new FakeSource(transport, true);
  endpoint = endpointOf(source, { transport, maxInFlight, flow: { ...DEFAULT_FLOW, ...flow } });
  rig = await new GatewayRig(clock).listen(endpoint);
}

/** Texts of the tool calls that reached the upstream, in order. */
function reached({ server } = source): string[] {
  return server.seen
    .filter(({ method }) => method === 'tools/call')
    .map(({ params }) => (isJsonObject(params) ? params.arguments : null))
    .map((args) => String(isJsonObject(args) ? args.text : ''));
}

const hold = (text: string): JsonObject => call(text, 'hold', { text });
const errorOf = (answer: Answer): JsonObject => answer.json().error as JsonObject;
const waiting = (count: number): Promise<void> => until(() => endpoint.load.waiting === count);

describe.each(KINDS)('calls in front of %s that can take no more', (_kind, transport) => {
  it('are never more at once, and go in the order they came in', async () => {
    await serve(transport, 2);
    const headers = await rig.open('/mcp/x');
    const texts = ['a', 'b', 'c', 'd', 'e'];
    const answers: Promise<Answer>[] = [];
    for (const [i, text] of texts.entries()) {
      answers.push(rig.post('/mcp/x', hold(text), headers));
      await until(() => endpoint.load.inFlight + endpoint.load.waiting === i + 1);
    }
    await until(() => source.server.held.length === 2);
    for (let done = 0; done < texts.length; done += 1) {
      expect(source.server.held.length).toBeLessThanOrEqual(2);
      source.server.held.shift()?.();
      await until(() => reached().length === Math.min(texts.length, done + 3));
    }
    expect(reached()).toEqual(texts);
    expect((await Promise.all(answers)).map(({ status }) => status)).toEqual(texts.map(() => 200));
    expect([endpoint.load.inFlight, endpoint.load.waiting]).toEqual([0, 0]);
  });

  it('take turns by principal', async () => {
    await serve(transport, 1);
    const [ann, bob] = [await rig.open('/mcp/x', 'ann'), await rig.open('/mcp/x', 'bob')];
    const answers = [rig.post('/mcp/x', hold('running'), ann)];
    await until(() => source.server.held.length === 1);
    for (const text of ['a1', 'a2', 'a3', 'b1']) {
      answers.push(rig.post('/mcp/x', hold(text), text.startsWith('a') ? ann : bob));
      await waiting(answers.length - 1);
    }
    for (let i = 1; i <= 5; i += 1) {
      await until(() => reached().length === i);
      await until(() => source.server.held.length === 1);
      source.server.release();
    }
    await Promise.all(answers);
    expect(reached()).toEqual(['running', 'a1', 'b1', 'a2', 'a3']);
  });

  it('are answered 503 with Retry-After when the queue is full or takes too long', async () => {
    await serve(transport, 1, { queueSize: 1, queueTimeoutMs: 700 });
    const headers = await rig.open('/mcp/x');
    const running = rig.post('/mcp/x', hold('running'), headers);
    await until(() => source.server.held.length === 1);
    const late = rig.post('/mcp/x', hold('late'), headers);
    await waiting(1);
    const full = await rig.post('/mcp/x', hold('full'), headers);
    await clock.advance(700);
    for (const [answer, reason] of [
      [full, 'queue-full'],
      [await late, 'queue-timeout'],
    ] as const) {
      expect([answer.status, answer.headers['retry-after']]).toEqual([503, '1']);
      expect(errorOf(answer)).toMatchObject({ code: -32012, data: { service: 'x', reason } });
    }
    source.server.release();
    expect((await running).text).toContain('held:running');
    expect(reached()).toEqual(['running']);
  });

  it('leave the queue with their connection, and when they are cancelled', async () => {
    const outcomes: unknown[] = [];
    const onCall = (message: unknown): void => {
      if (isJsonObject(message)) outcomes.push(message.outcome);
    };
    callChannel.subscribe(onCall);
    try {
      await serve(transport, 1);
      const headers = await rig.open('/mcp/x');
      const running = rig.post('/mcp/x', hold('running'), headers);
      await until(() => source.server.held.length === 1);
      const body = JSON.stringify(hold('gone'));
      const abort = new AbortController();
      const gone = fetch(rig.url('/mcp/x'), {
        method: 'POST',
        headers: { ...POST_HEADERS, ...headers },
        body,
        signal: abort.signal,
      }).catch(() => 'gone');
      const cancelled = rig.post('/mcp/x', hold('cancelled'), headers);
      const rest = new AbortController();
      const options = { signal: rest.signal };
      const args = { text: 'rest' };
      const byRest = rig.dispatcher
        .callTool(endpoint, principal('ann'), 'hold', args, options)
        .catch(() => 'refused');
      await waiting(3);
      abort.abort();
      expect(await gone).toBe('gone');
      await waiting(2);
      const params = { requestId: 'cancelled' };
      const cancel = { jsonrpc: '2.0', method: 'notifications/cancelled', params };
      expect((await rig.post('/mcp/x', cancel, headers)).status).toBe(202);
      expect(errorOf(await cancelled)).toMatchObject({ data: { reason: 'cancelled' } });
      rest.abort();
      expect(await byRest).toBe('refused');
      expect(endpoint.load.waiting).toBe(0);
      source.server.release();
      await running;
      expect(reached()).toEqual(['running']);
      expect(outcomes.filter((outcome) => outcome === 'cancelled')).toHaveLength(3);
    } finally {
      callChannel.unsubscribe(onCall);
    }
  });

  it('of a client of HTTP+SSE leave the queue with its stream', async () => {
    await serve(transport, 1);
    const headers = await rig.open('/mcp/x');
    const running = rig.post('/mcp/x', hold('running'), headers);
    await until(() => source.server.held.length === 1);
    const abort = new AbortController();
    const accept = { ...POST_HEADERS, accept: 'text/event-stream' };
    const stream = await fetch(rig.url('/mcp/x/sse'), { headers: accept, signal: abort.signal });
    const first = await (stream.body as ReadableStream<Uint8Array>).getReader().read();
    const [, path = ''] = /data: (\S+)/.exec(new TextDecoder().decode(first.value)) ?? [];
    for (const id of ['a', 'b']) await rig.post(path, hold(id));
    await waiting(2);
    abort.abort();
    await waiting(0);
    source.server.release();
    await running;
    expect(reached()).toEqual(['running']);
  });

  it('hold up neither ping nor initialize', async () => {
    await serve(transport, 1, { queueSize: 0 });
    const headers = await rig.open('/mcp/x');
    const running = rig.post('/mcp/x', hold('running'), headers);
    await until(() => source.server.held.length === 1);
    const ping = { jsonrpc: '2.0', id: 'p', method: 'ping' };
    expect((await rig.post('/mcp/x', ping, headers)).json()).toMatchObject({ result: {} });
    expect((await rig.post('/mcp/x', initialize('2025-06-18'))).status).toBe(200);
    source.server.release();
    await running;
  });

  it('that come at once to a session that has to be opened anew stay within the limit', async () => {
    await serve(transport, 2);
    const headers = await rig.open('/mcp/x');
    source.die();
    const answers = ['a', 'b', 'c', 'd', 'e'].map((text) =>
      rig.post('/mcp/x', hold(text), headers),
    );
    let most = 0;
    for (let done = 0; done < answers.length; done += 1) {
      await until(() => source.server.held.length > 0);
      for (let turn = 0; turn < 20; turn += 1) await new Promise((next) => setImmediate(next));
      most = Math.max(most, source.server.held.length);
      source.server.held.shift()?.();
    }
    await Promise.all(answers);
    expect(most).toBe(2);
  });

  it('by REST stay within the limit, too', async () => {
    await serve(transport, 2);
    const calls = ['a', 'b', 'c', 'd', 'e'].map((text) =>
      rig.dispatcher.callTool(endpoint, principal('ann'), 'hold', { text }),
    );
    let most = 0;
    for (let done = 0; done < calls.length; done += 1) {
      await until(() => source.server.held.length > 0);
      for (let turn = 0; turn < 20; turn += 1) await new Promise((next) => setImmediate(next));
      most = Math.max(most, source.server.held.length);
      source.server.held.shift()?.();
    }
    await Promise.all(calls);
    expect([most, endpoint.load.inFlight]).toEqual([2, 0]);
  });

  it('are refused when the gateway shuts down, and those under way finish', async () => {
    await serve(transport, 1);
    const headers = await rig.open('/mcp/x');
    const running = rig.post('/mcp/x', hold('running'), headers);
    await until(() => source.server.held.length === 1);
    const late = rig.post('/mcp/x', hold('late'), headers);
    await waiting(1);
    const drained = rig.mount.drain(1_000);
    const answer = await late;
    expect([answer.status, errorOf(answer).data]).toMatchObject([503, { reason: 'draining' }]);
    source.server.release();
    expect((await running).text).toContain('held:running');
    expect(await drained).toBe(0);
  });

  it.each<[string, (at: Endpoint) => Endpoint[], number, string]>([
    ['out of service', (at) => [{ ...at, unavailable: DOWN }], 503, 'Broken'],
    ['removed', () => [], 404, 'service-removed'],
  ])('are refused when their service is %s', async (_case, change, status, reason) => {
    await serve(transport, 1);
    const headers = await rig.open('/mcp/x');
    const running = rig.post('/mcp/x', hold('running'), headers);
    await until(() => source.server.held.length === 1);
    const late = rig.post('/mcp/x', hold('late'), headers);
    const byRest = rig.dispatcher
      .callTool(endpoint, principal('ann'), 'hold', { text: 'late' })
      .catch((error: unknown) => error);
    await waiting(2);
    rig.swap(...change(endpoint));
    const answer = await late;
    expect([answer.status, errorOf(answer).data]).toMatchObject([status, { reason }]);
    expect(await byRest).toMatchObject({ status, details: { extra: { reason } } });
    source.server.release();
    await running;
    expect(reached()).toEqual(['running']);
  });

  it('move along with their service to its next revision', async () => {
    await serve(transport, 1);
    const headers = await rig.open('/mcp/x');
    const running = rig.post('/mcp/x', hold('running'), headers);
    await until(() => source.server.held.length === 1);
    const late = rig.post('/mcp/x', hold('late'), headers);
    await waiting(1);
    const next = new FakeSource(transport, true, 'next');
    const after = endpointOf(next, { transport, maxInFlight: 1, revision: 2 });
    rig.swap(after);
    await until(() => next.server.held.length === 1);
    expect([after.load.inFlight, endpoint.load.waiting]).toEqual([1, 0]);
    next.server.release();
    source.server.release();
    expect([(await late).status, (await running).status]).toEqual([200, 200]);
    expect([reached(), reached(next)]).toEqual([['running'], ['late']]);
    expect([after.load.inFlight, endpoint.load.inFlight]).toEqual([0, 0]);
  });
});

const DOWN = { state: 'error', reason: 'Broken', message: 'It is broken', retry_after_s: 5 };

describe.each(KINDS)('the circuit in front of %s', (_kind, transport) => {
  const states: unknown[] = [];
  const onState = (message: unknown): void => {
    if (isJsonObject(message)) states.push([message.state, message.reason, message.open_ms]);
  };
  beforeEach(() => {
    states.length = 0;
    circuitChannel.subscribe(onState);
  });
  afterEach(() => {
    circuitChannel.unsubscribe(onState);
  });

  let headers: Record<string, string>;
  const ask = async (tool: string): Promise<string> => {
    await clock.advance(1);
    const answer = await rig.post('/mcp/x', call(1, tool), headers);
    if (answer.json().error === undefined) return 'ok';
    const { data } = errorOf(answer);
    const retry = answer.headers['retry-after'];
    const reason = isJsonObject(data) ? String(data.reason) : String(errorOf(answer).code);
    return retry === undefined ? reason : `${reason} ${retry}`;
  };
  const crash = async (): Promise<string> => {
    const said = await ask('crash');
    source.made.length = 0;
    return said;
  };
  const broken = async (): Promise<void> => {
    await serve(transport, 64);
    headers = await rig.open('/mcp/x');
    for (let i = 0; i < 5; i += 1) expect(await crash()).toBe('exited');
  };

  it('opens after five failures in a row, and closes when one call gets through', async () => {
    await broken();
    expect(await ask('echo')).toBe('circuit-open 5');
    await clock.advance(3_000);
    expect(await ask('echo')).toBe('circuit-open 2');
    const ping = { jsonrpc: '2.0', id: 'p', method: 'ping' };
    expect((await rig.post('/mcp/x', ping, headers)).json()).toMatchObject({ result: {} });
    expect(await ask('echo')).toBe('circuit-open 2');
    await clock.advance(2_000);
    expect([await ask('echo'), await ask('echo')]).toEqual(['ok', 'ok']);
    expect(states).toEqual([
      ['open', 'exited', 5_000],
      ['half-open', null, 0],
      ['closed', null, 0],
    ]);
    expect(reached()).toHaveLength(7);
  });

  it('lets one call try at a time, and stays open for longer each time that fails', async () => {
    await broken();
    await clock.advance(30_000);
    const trial = rig.post('/mcp/x', hold('trial'), headers);
    await until(() => source.server.held.length === 1);
    expect(await ask('echo')).toBe('circuit-open 1');
    source.die();
    expect(errorOf(await trial)).toMatchObject({ data: { reason: 'exited' } });
    expect(await ask('echo')).toBe('circuit-open 10');
    for (let failed = 3; failed <= 12; failed += 1) {
      await clock.advance(300_000);
      expect(await crash()).toBe('exited');
    }
    expect(await ask('echo')).toBe('circuit-open 300');
  });

  it('is tried by the next call when the one that tried was given up', async () => {
    await broken();
    await clock.advance(30_000);
    const abort = new AbortController();
    const options = { signal: abort.signal };
    const trial = rig.dispatcher
      .callTool(endpoint, principal('ann'), 'hold', {}, options)
      .catch(() => 'given up');
    await until(() => source.server.held.length === 1);
    expect(await ask('echo')).toMatch(/^circuit-open/);
    abort.abort();
    expect(await trial).toBe('given up');
    expect(await ask('echo')).toBe('ok');
  });

  it('is tried by the next call when the one that tried was no proper one', async () => {
    await broken();
    await clock.advance(30_000);
    const body = { jsonrpc: '2.0', id: 'i', method: 'initialize', params: {} };
    expect(errorOf(await rig.post('/mcp/x', body)).code).toBe(-32602);
    expect(await ask('echo')).toBe('ok');
  });

  it('counts calls that fail together once, and forgets failures at a success', async () => {
    await serve(transport, 64);
    headers = await rig.open('/mcp/x');
    const together = Array.from({ length: 20 }, (_, i) =>
      rig.post('/mcp/x', call(i, 'hold'), headers),
    );
    await until(() => source.server.held.length === 20);
    await clock.advance(1);
    source.die();
    await Promise.all(together);
    expect(endpoint.load.failures).toBe(1);
    for (let i = 0; i < 3; i += 1) await crash();
    expect(endpoint.load.failures).toBe(4);
    expect(await ask('echo')).toBe('ok');
    expect(endpoint.load.failures).toBe(0);
  });

  it('does not count what the upstream or the gateway refuses', async () => {
    await serve(transport, 64);
    headers = await rig.open('/mcp/x');
    for (let i = 0; i < 8; i += 1) expect(await ask('fail')).toBe('-32042');
    source.made.length = 0;
    source.refuseWith = new UpstreamError('capacity', 'All are taken');
    for (let i = 0; i < 8; i += 1) {
      await clock.advance(1);
      await rig.post('/mcp/x', initialize('2025-06-18'));
    }
    expect([endpoint.load.failures, states]).toEqual([0, []]);
  });

  it('counts a conversation that cannot be opened, and is closed by one that can', async () => {
    await serve(transport, 64);
    source.refuseWith = new UpstreamError('connect-refused', 'Nobody listens');
    const statuses: number[] = [];
    for (let i = 0; i < 6; i += 1) {
      await clock.advance(1);
      statuses.push((await rig.post('/mcp/x', initialize('2025-06-18'))).status);
    }
    expect(statuses).toEqual([502, 502, 502, 502, 502, 503]);
    source.refuseWith = null;
    await clock.advance(30_000);
    headers = await rig.open('/mcp/x');
    expect(await ask('echo')).toBe('ok');
    expect(states.map((state) => (state as unknown[])[0])).toEqual(['open', 'half-open', 'closed']);
  });

  it('lets nobody wait who would be refused', async () => {
    await serve(transport, 1, { circuitFailures: 1 });
    headers = await rig.open('/mcp/x');
    const running = rig.post('/mcp/x', hold('running'), headers);
    await until(() => source.server.held.length === 1);
    const late = rig.post('/mcp/x', hold('late'), headers);
    await waiting(1);
    await clock.advance(1);
    source.die();
    expect(errorOf(await running)).toMatchObject({ data: { reason: 'exited' } });
    const answer = await late;
    expect([answer.status, answer.headers['retry-after']]).toEqual([503, '5']);
    expect(errorOf(answer)).toMatchObject({ code: -32010, data: { reason: 'circuit-open' } });
  });

  it('closes when the service is back in service', async () => {
    await broken();
    rig.swap({ ...endpoint, unavailable: DOWN });
    expect(await ask('echo')).toBe('Broken 5');
    rig.swap(endpoint);
    expect(await ask('echo')).toBe('ok');
  });

  it('can be switched off', async () => {
    await serve(transport, 64, { circuitFailures: 0 });
    headers = await rig.open('/mcp/x');
    for (let i = 0; i < 8; i += 1) expect(await crash()).toBe('exited');
  });
});
