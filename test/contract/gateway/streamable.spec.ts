import type { Socket } from 'node:net';
import { afterEach, describe, expect, it } from '@jest/globals';
import { SystemClock } from '../../../src/kernel/clock.js';
import { UpstreamError } from '../../../src/upstream/upstream.errors.js';
import { ManualClock } from '../../support/manual-clock.js';
import { FakeSource, type FakeStdio } from './fake-upstreams.js';
import {
  call,
  endpointOf,
  GatewayRig,
  initialize,
  POST_HEADERS,
  readUntil,
  until,
} from './gateway-rig.js';

let rig: GatewayRig;
afterEach(() => rig.close());

const stdio = (): FakeSource => new FakeSource('stdio', true);

describe.each([
  ['a stdio upstream', () => new FakeSource('stdio', true), 'stdio' as const],
  ['an HTTP upstream', () => new FakeSource('streamable_http', true), 'streamable_http' as const],
])('a Streamable HTTP client in front of %s', (_name, makeSource, transport) => {
  it('initialises, lists and calls, and unknown fields survive', async () => {
    const source = makeSource();
    rig = await new GatewayRig().listen(endpointOf(source, { transport }));
    const opened = await rig.post('/mcp/x', initialize('2025-06-18'), {
      authorization: 'Bearer ann',
    });
    expect(opened.json()).toMatchObject({
      id: 0,
      result: { 'x-kept': true, protocolVersion: '2025-06-18' },
    });
    const headers = await rig.open('/mcp/x');
    const answer = await rig.post('/mcp/x', call('a"é', 'echo', { text: 'hé' }), headers);
    expect(answer.status).toBe(200);
    expect(answer.headers['content-type']).toBe('application/json');
    expect(answer.json()).toMatchObject({
      id: 'a"é',
      result: { content: [{ text: 'fake:hé' }], 'x-unknown': 1 },
    });
    expect(source.server.methods()).toContain('notifications/initialized');
  });

  it('streams progress before the reply', async () => {
    const source = makeSource();
    rig = await new GatewayRig().listen(endpointOf(source, { transport }));
    const headers = await rig.open('/mcp/x');
    const body = JSON.stringify(call(1, 'progress', {}, { progressToken: 'tok' }));
    const response = await rig.send('POST', '/mcp/x', { ...POST_HEADERS, ...headers }, body);
    expect(response.headers['content-type']).toBe('text/event-stream');
    await readUntil(response, (text) => text.split('"progressToken":"tok"').length === 4);
    source.server.release();
    const rest = await readUntil(response, (text) => text.includes('"done"'));
    expect(rest).toContain('"id":1');
  });

  it('carries a request of the server to the client and its answer back', async () => {
    const source = makeSource();
    const isolation = transport === 'stdio' ? ('session' as const) : ('shared' as const);
    rig = await new GatewayRig().listen(endpointOf(source, { transport, isolation }));
    const headers = await rig.open('/mcp/x');
    const body = JSON.stringify(call(5, 'sample'));
    const response = await rig.send('POST', '/mcp/x', { ...POST_HEADERS, ...headers }, body);
    await readUntil(response, (text) => text.includes('sampling/createMessage'));
    const reply = { jsonrpc: '2.0', id: 'ask-0', result: { role: 'assistant' } };
    expect((await rig.post('/mcp/x', reply, headers)).status).toBe(202);
    expect(await readUntil(response, (text) => text.includes('"id":5'))).toContain('assistant');
  });

  it('a fault of ours in sending gives back what was counted, and is answered', async () => {
    const source = makeSource();
    const endpoint = endpointOf(source, { transport });
    rig = await new GatewayRig().listen(endpoint);
    const headers = await rig.open('/mcp/x');
    const fail = (): never => {
      throw new Error('as asked');
    };
    for (const upstream of source.made) {
      for (const conversation of upstream.open$) {
        Object.assign(conversation, { request: fail, post: fail });
      }
    }
    const answer = await rig.post('/mcp/x', call(4, 'echo'), headers);
    expect([answer.status, answer.json()]).toMatchObject([500, { id: 4, error: { code: -32603 } }]);
    expect(answer.text).not.toContain('as asked');
    const { ledger } = rig.dispatcher;
    expect([endpoint.load.inFlight, ledger.total, source.leases]).toEqual([0, 0, 1]);
    await rig.ask('DELETE', '/mcp/x', headers);
    expect(source.leases).toBe(0);
  });

  it('does not cross the same ids of two sessions', async () => {
    const source = makeSource();
    rig = await new GatewayRig().listen(endpointOf(source, { transport }));
    const [a, b] = [await rig.open('/mcp/x', 'ann'), await rig.open('/mcp/x', 'bob')];
    const both = [
      rig.post('/mcp/x', call(7, 'hold', { text: 'A' }), a),
      rig.post('/mcp/x', call(7, 'hold', { text: 'B' }), b),
    ];
    await until(() => source.server.held.length === 2);
    source.server.release();
    const [first, second] = await Promise.all(both);
    expect([first?.text, second?.text]).toEqual([
      expect.stringContaining('held:A'),
      expect.stringContaining('held:B'),
    ]);
  });

  it('answers a call at once when the upstream dies, and serves the same session again', async () => {
    const source = makeSource();
    rig = await new GatewayRig().listen(endpointOf(source, { transport }));
    const headers = await rig.open('/mcp/x');
    const answer = await rig.post('/mcp/x', call(1, 'crash'), headers);
    expect(answer.json()).toMatchObject({
      id: 1,
      error: { code: -32000, data: { service: 'x', reason: 'exited', may_have_run: true } },
    });
    source.made.length = 0;
    const again = await rig.post('/mcp/x', call(2, 'echo', { text: 'again' }), headers);
    expect(again.text).toContain('fake:again');
    expect(source.server.methods().filter((m) => m === 'notifications/initialized')).toHaveLength(
      2,
    );
    expect(source.leases).toBe(1);
  });

  it('gives 404 to another principal, to an unknown session and after DELETE', async () => {
    rig = await new GatewayRig().listen(endpointOf(makeSource(), { transport }));
    const headers = await rig.open('/mcp/x');
    const stolen = { ...headers, authorization: 'Bearer bob' };
    expect((await rig.post('/mcp/x', call(1, 'echo'), stolen)).status).toBe(404);
    const unknown = await rig.post('/mcp/x', call(3, 'echo'), {
      ...headers,
      'mcp-session-id': 'no.such',
    });
    expect([unknown.status, unknown.json()]).toMatchObject([
      404,
      { id: 3, error: { code: -32001 } },
    ]);
    expect((await rig.ask('DELETE', '/mcp/x', headers)).status).toBe(200);
    expect((await rig.post('/mcp/x', call(1, 'echo'), headers)).status).toBe(404);
    expect(rig.sessions.size).toBe(0);
  });

  it('resumes a session that another process sealed', async () => {
    const endpoint = endpointOf(makeSource(), { transport });
    rig = await new GatewayRig().listen(endpoint);
    const headers = await rig.open('/mcp/x');
    await rig.close();
    const source = makeSource();
    rig = await new GatewayRig().listen(endpointOf(source, { transport }));
    const answer = await rig.post('/mcp/x', call(1, 'echo', { text: 'hi' }), headers);
    expect(answer.text).toContain('fake:hi');
    expect(source.server.methods()).toEqual(['notifications/initialized', 'tools/call']);
  });

  it('keeps the JSON-RPC error of the upstream', async () => {
    rig = await new GatewayRig().listen(endpointOf(makeSource(), { transport }));
    const answer = await rig.post('/mcp/x', call(1, 'fail'), await rig.open('/mcp/x'));
    expect(answer.json()).toMatchObject({
      id: 1,
      error: { code: -32042, message: 'failed as asked' },
    });
  });

  it('moves a session to the next revision while its call finishes on the old one', async () => {
    const [old, next] = [makeSource(), new FakeSource(transport, true, 'next')];
    rig = await new GatewayRig().listen(endpointOf(old, { transport }));
    const headers = await rig.open('/mcp/x');
    const running = rig.post('/mcp/x', call(1, 'hold', { text: 'old' }), headers);
    await until(() => old.server.held.length === 1);
    rig.swap(endpointOf(next, { transport, revision: 2 }));
    const moved = await rig.post('/mcp/x', call(2, 'echo', { text: 'new' }), headers);
    expect(moved.text).toContain('next:new');
    expect(old.leases).toBe(1);
    old.server.release();
    expect((await running).text).toContain('held:old');
    expect([old.leases, next.leases]).toEqual([0, 1]);
  });

  it('says why a revision cannot be reached', async () => {
    const source = makeSource();
    rig = await new GatewayRig().listen(endpointOf(source, { transport }));
    source.refuseWith = new UpstreamError('capacity', 'All are taken', { retryAfterS: 7 });
    const answer = await rig.post('/mcp/x', initialize('2025-06-18'));
    expect([answer.status, answer.headers['retry-after'], answer.json()]).toMatchObject([
      503,
      '7',
      { id: 0, error: { code: -32012, data: { reason: 'capacity' } } },
    ]);
    expect(rig.sessions.size).toBe(0);
  });
});

describe('the streams of a session', () => {
  it('a slow call becomes a stream after a while, with a priming event for new clients', async () => {
    const clock = new ManualClock();
    const source = stdio();
    rig = await new GatewayRig(clock).listen(endpointOf(source));
    const headers = await rig.open('/mcp/x', 'ann', '2025-11-25');
    const body = JSON.stringify(call(1, 'hold', { text: 'slow' }));
    const pending = rig.send('POST', '/mcp/x', { ...POST_HEADERS, ...headers }, body);
    await until(() => source.server.held.length === 1);
    await clock.advance(2_000);
    const response = await pending;
    expect(await readUntil(response, (text) => text.includes('\n\n'))).toMatch(
      /^id: sy\S+\nretry: 1000\ndata: \n\n/,
    );
    await clock.advance(16_000);
    expect(await readUntil(response, (text) => text.includes('\n\n'))).toBe(': keep-alive\n\n');
    source.server.release();
    expect(await readUntil(response, (text) => text.includes('\n\n'))).toContain('held:slow');
  });

  it('a client that was cut off gets the rest of its stream by Last-Event-ID; nothing was cancelled', async () => {
    const source = stdio();
    rig = await new GatewayRig().listen(endpointOf(source));
    const headers = await rig.open('/mcp/x');
    const body = JSON.stringify(call(1, 'progress', {}, { progressToken: 1 }));
    const response = await rig.send('POST', '/mcp/x', { ...POST_HEADERS, ...headers }, body);
    const seen = await readUntil(response, (text) => text.split('"progress":').length === 4);
    const ids = [...seen.matchAll(/^id: (\S+)$/gm)].map((match) => match[1] ?? '');
    response.destroy();
    await until(() => rig.server.listening);
    source.server.release();
    await until(() => rig.dispatcher.ledger.total === 0);
    const accept = { accept: 'text/event-stream' };
    const from = { ...headers, ...accept, 'last-event-id': ids[1] ?? '' };
    const rest = await rig.ask('GET', '/mcp/x', from);
    expect(rest.text).toContain('"progress":3');
    expect(rest.text).toContain('"done"');
    expect(rest.text).not.toContain('"progress":2');
    expect(source.server.methods()).not.toContain('notifications/cancelled');
  });

  it('a resumed stream of a running call goes on live', async () => {
    const source = stdio();
    rig = await new GatewayRig().listen(endpointOf(source));
    const headers = await rig.open('/mcp/x');
    const body = JSON.stringify(call(1, 'progress', {}, { progressToken: 1 }));
    const response = await rig.send('POST', '/mcp/x', { ...POST_HEADERS, ...headers }, body);
    const seen = await readUntil(response, (text) => text.split('"progress":').length === 4);
    response.destroy();
    const id = /^id: (\S+)$/m.exec(seen)?.[1] ?? '';
    const from = { ...headers, accept: 'text/event-stream', 'last-event-id': id };
    const resumed = await rig.send('GET', '/mcp/x', from);
    await readUntil(resumed, (text) => text.includes('"progress":3'));
    source.server.release();
    expect(await readUntil(resumed, (text) => text.includes('"id":1,'))).toContain('"done"');
  });

  it('a new GET replaces the old one and brings what was missed', async () => {
    const source = stdio();
    rig = await new GatewayRig().listen(endpointOf(source));
    const headers = await rig.open('/mcp/x');
    const accept = { ...headers, accept: 'text/event-stream' };
    const note = (data: string): Buffer =>
      Buffer.from(`{"jsonrpc":"2.0","method":"notifications/message","params":{"data":"${data}"}}`);
    const [upstream] = source.made;
    const tell = (data: string): void => {
      for (const conversation of upstream?.open$ ?? []) {
        (conversation as unknown as { sink: { onMessage(m: Buffer): void } }).sink.onMessage(
          note(data),
        );
      }
    };
    tell('before');
    const first = await rig.send('GET', '/mcp/x', accept);
    await readUntil(first, (text) => text.includes('before'));
    expect(upstream?.listeners).toBe(1);
    const ended = new Promise((resolve) => first.on('end', resolve));
    first.resume();
    const second = await rig.send('GET', '/mcp/x', accept);
    await ended;
    tell('after');
    expect(await readUntil(second, (text) => text.includes('after'))).not.toContain('before');
    rig.sessions.announce('service-1', ['notifications/tools/list_changed']);
    await readUntil(second, (text) => text.includes('tools/list_changed'));
    second.destroy();
    await until(() => upstream?.listeners === 0);
  });

  it('an announcement is written between two events of an HTTP upstream', async () => {
    const source = new FakeSource('streamable_http', true);
    rig = await new GatewayRig().listen(endpointOf(source, { transport: 'streamable_http' }));
    const headers = await rig.open('/mcp/x');
    const stream = await rig.send('GET', '/mcp/x', {
      ...headers,
      accept: 'text/event-stream',
      'last-event-id': 'up-0',
    });
    await readUntil(stream, (text) => text.includes('heard'));
    expect(source.server.seen).toContainEqual({ method: 'GET', from: 'up-0' });
    rig.sessions.announce('service-1', ['notifications/tools/list_changed']);
    await readUntil(stream, (text) => text.includes('list_changed'));
    rig.sessions.endService('service-1');
    expect((await rig.post('/mcp/x', call(1, 'echo'), headers)).status).toBe(404);
    expect(source.server.methods()).toContain('DELETE');
  });

  it('a reader that does not read is cut off instead of buffered for', async () => {
    const source = stdio();
    rig = await new GatewayRig(new SystemClock()).listen(endpointOf(source));
    const headers = await rig.open('/mcp/x');
    let cut = false;
    rig.server.once('connection', (socket: Socket) => {
      socket.on('close', () => {
        cut = true;
      });
    });
    const body = JSON.stringify(call(1, 'flood', { count: 40 }));
    const response = await rig.send('POST', '/mcp/x', { ...POST_HEADERS, ...headers }, body);
    response.pause();
    await until(() => cut);
    expect(rig.dispatcher.ledger.total).toBe(1);
    await until(() => source.server.left === 0);
    source.server.release();
    await until(() => rig.dispatcher.ledger.total === 0);
  });

  it('a cancellation reaches the upstream and ends the wait', async () => {
    const source = stdio();
    rig = await new GatewayRig().listen(endpointOf(source));
    const headers = await rig.open('/mcp/x');
    const running = rig.post('/mcp/x', call('c', 'hold'), headers);
    await until(() => source.server.held.length === 1);
    const cancel = {
      jsonrpc: '2.0',
      method: 'notifications/cancelled',
      params: { requestId: 'c' },
    };
    expect((await rig.post('/mcp/x', cancel, headers)).status).toBe(202);
    expect((await running).json()).toMatchObject({
      id: 'c',
      error: { data: { reason: 'cancelled' } },
    });
    expect(source.server.methods()).toContain('notifications/cancelled');
    source.server.release();
    expect(rig.dispatcher.ledger.total).toBe(0);
  });
});

describe('a session that moves', () => {
  it('tells the next upstream what it told the last: log level and subscriptions', async () => {
    const [old, next] = [stdio(), new FakeSource('stdio', true, 'next')];
    rig = await new GatewayRig().listen(endpointOf(old));
    const headers = await rig.open('/mcp/x');
    const level = { jsonrpc: '2.0', id: 1, method: 'logging/setLevel', params: { level: 'error' } };
    const subscribe = {
      jsonrpc: '2.0',
      id: 2,
      method: 'resources/subscribe',
      params: { uri: 'a:b' },
    };
    await rig.post('/mcp/x', level, headers);
    await rig.post('/mcp/x', subscribe, headers);
    rig.swap(endpointOf(next, { revision: 2 }));
    expect(old.leases).toBe(0);
    await rig.post('/mcp/x', call(3, 'echo'), headers);
    expect(next.server.methods()).toEqual([
      'notifications/initialized',
      'logging/setLevel',
      'resources/subscribe',
      'tools/call',
    ]);
  });

  it('moves at the swap when it streams, and the stream stays', async () => {
    const [old, next] = [stdio(), new FakeSource('stdio', true, 'next')];
    rig = await new GatewayRig().listen(endpointOf(old));
    const headers = { ...(await rig.open('/mcp/x')), accept: 'text/event-stream' };
    const stream = await rig.send('GET', '/mcp/x', headers);
    await until(() => old.made[0]?.listeners === 1);
    rig.swap(endpointOf(next, { revision: 2 }));
    await until(() => next.made[0]?.listeners === 1);
    expect([old.leases, old.made[0]?.listeners]).toEqual([0, 0]);
    rig.sessions.announce('service-1', ['notifications/tools/list_changed']);
    await readUntil(stream, (text) => text.includes('list_changed'));
  });
});

describe('a body that only looks like JSON', () => {
  it.each([
    [
      'a name with a bad escape',
      '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"\\q"}}',
    ],
    [
      'params with a bad escape',
      '{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"a":"\\q"}}',
    ],
    [
      'a uri with a bad escape',
      '{"jsonrpc":"2.0","id":1,"method":"resources/subscribe","params":{"uri":"\\q"}}',
    ],
    [
      'a cancellation with a bad escape',
      '{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":"\\q"}}',
    ],
  ])('%s ends no process', async (_case, body) => {
    rig = await new GatewayRig().listen(endpointOf(new FakeSource('stdio', true)));
    const headers = await rig.open('/mcp/x');
    // The fake upstream is strict: what reaches it must not come back as a fault of the gateway.
    await rig.post('/mcp/x', body, headers).catch(() => undefined);
    expect((await rig.post('/mcp/x', call(2, 'echo', { text: 'alive' }), headers)).text).toContain(
      'alive',
    );
  });
});

describe('a session with an upstream of its own', () => {
  const pinned = { isolation: 'session' as const };

  it('stays on its revision over a swap while new ones go to the next', async () => {
    const [old, next] = [
      new FakeSource('stdio', false, 'old'),
      new FakeSource('stdio', false, 'next'),
    ];
    rig = await new GatewayRig().listen(endpointOf(old, pinned));
    const headers = await rig.open('/mcp/x');
    rig.swap(endpointOf(next, { ...pinned, revision: 2 }));
    expect((await rig.post('/mcp/x', call(1, 'echo'), headers)).text).toContain('old:');
    const fresh = await rig.open('/mcp/x');
    expect((await rig.post('/mcp/x', call(1, 'echo'), fresh)).text).toContain('next:');
  });

  it('hears what the upstream says in a single call on the stream of that call, in order', async () => {
    const source = new FakeSource('stdio', false);
    rig = await new GatewayRig().listen(endpointOf(source, pinned));
    const headers = await rig.open('/mcp/x');
    const standing = await rig.send('GET', '/mcp/x', { ...headers, accept: 'text/event-stream' });
    await readUntil(standing, (text) => text.includes(':'));
    const note = Buffer.from('{"jsonrpc":"2.0","method":"notifications/message","params":{}}');
    const say = (): void => {
      for (const { sink } of source.made.flatMap((up) => [...(up as FakeStdio).open$])) {
        sink.onMessage(note);
      }
    };
    const body = JSON.stringify(call(5, 'hold'));
    const answer = rig.send('POST', '/mcp/x', { ...POST_HEADERS, ...headers }, body);
    await until(() => source.server.held.length === 1);
    say();
    source.server.release();
    const text = await readUntil(await answer, (so) => so.includes('"id":5'));
    expect(text.indexOf('notifications/message')).toBeGreaterThan(-1);
    expect(text.indexOf('notifications/message')).toBeLessThan(text.indexOf('"id":5'));
    say();
    await readUntil(standing, (so) => so.includes('notifications/message'));
  });

  it('gets 404 once its upstream has ended, and is not resumed elsewhere', async () => {
    const source = new FakeSource('stdio', false);
    rig = await new GatewayRig().listen(endpointOf(source, pinned));
    const headers = await rig.open('/mcp/x');
    source.die();
    expect((await rig.post('/mcp/x', call(1, 'echo'), headers)).status).toBe(404);
    expect(source.leases).toBe(0);
  });
});
