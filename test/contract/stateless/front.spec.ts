import { afterEach, describe, expect, it } from '@jest/globals';
import { META } from '../../../src/protocol/modern-meta.js';
import type { Endpoint } from '../../../src/gateway/endpoint.js';
import { ManualClock } from '../../support/manual-clock.js';
import { endpointOf, until } from '../gateway/gateway-rig.js';
import { ScriptedSource, type Script } from './scripted-upstream.js';
import { headersOf, metaOf, StatelessRig, VERSION } from './stateless-rig.js';

const POLICY = {
  authenticationRequired: false,
  allowedScopes: [],
  allowTools: null,
  denyTools: ['secret'],
  readOnlyTools: false,
  rateLimit: null,
};
const TOOLS = { tools: [{ name: 'echo' }, { name: 'secret' }] };
const NATIVE = {
  resultType: 'complete',
  supportedVersions: [VERSION],
  capabilities: { tools: {} },
  ttlMs: 1,
  cacheScope: 'public',
};

let rig: StatelessRig;
let source: ScriptedSource;
let clock: ManualClock;
afterEach(async () => {
  await rig.close();
});

async function start(script: Script = {}, changes: Partial<Endpoint> = {}): Promise<void> {
  clock = new ManualClock();
  source = new ScriptedSource(script);
  rig = await new StatelessRig(clock).listen(
    endpointOf(source as never, { isolation: 'session', ...changes }),
  );
}

describe('the stateless front', () => {
  it('takes notifications and refuses responses', async () => {
    await start();
    const headers = { 'mcp-protocol-version': VERSION, authorization: 'Bearer ann' };
    const noted = await rig.post('/mcp/x', { jsonrpc: '2.0', method: 'notifications/x' }, headers);
    expect([noted.status, noted.text]).toEqual([202, '']);
    const answered = await rig.post('/mcp/x', { jsonrpc: '2.0', id: 1, result: {} }, headers);
    expect(answered.status).toBe(400);
    expect(answered.json()).toMatchObject({ error: { code: -32600 } });
  });

  it('takes a request for stateless by its header or by its _meta', async () => {
    await start();
    const byMeta = { jsonrpc: '2.0', id: 1, method: 'tools/list', params: { _meta: metaOf({}) } };
    const authorization = 'Bearer ann';
    expect((await rig.post('/mcp/x', byMeta, { authorization })).json()).toMatchObject({
      id: 1,
      error: { code: -32020 },
    });
    const byHeader = await rig.post(
      '/mcp/x',
      { jsonrpc: '2.0', id: 'a', method: 'tools/list' },
      { authorization, 'mcp-protocol-version': VERSION, 'mcp-method': 'tools/list' },
    );
    expect(byHeader.status).toBe(400);
    expect(byHeader.json()).toMatchObject({ id: 'a', error: { code: -32602 } });
    expect(source.conversations).toHaveLength(0);
  });

  it('answers what an upstream does not know with 404', async () => {
    await start();
    const answer = rig.request('what/ever');
    await until(() => source.conversations[0]?.calls.length === 1);
    source.last.calls[0]?.fail(-32601, 'Method not found');
    const { status, json } = await answer;
    expect(status).toBe(404);
    expect(json()).toMatchObject({ error: { code: -32601 } });
    expect((await rig.request('initialize')).status).toBe(404);
  });

  it('checks the headers of parameters of the tools it knows', async () => {
    const inputSchema = { properties: { region: { type: 'string', 'x-mcp-header': 'Region' } } };
    await start({ auto: ['tools/call'] }, { tools: [{ name: 'go', inputSchema }] });
    const refused = await rig.call('go', { region: 'eu' });
    expect(refused.status).toBe(400);
    expect(refused.json()).toMatchObject({ error: { code: -32020 } });
    const headers = { 'mcp-param-region': 'eu' };
    expect((await rig.call('go', { region: 'eu' }, { headers })).status).toBe(200);
    expect((await rig.call('go')).status).toBe(200);
    expect((await rig.call('go', {}, { headers })).status).toBe(400);
  });

  it('ignores the session headers of other revisions', async () => {
    await start({ auto: ['tools/call'] });
    const headers = { 'mcp-session-id': 'none', 'last-event-id': '1' };
    const answer = await rig.call('t', {}, { headers });
    expect(answer.status).toBe(200);
    expect(answer.headers['mcp-session-id']).toBeUndefined();
  });

  it('discovers what the upstream said when it was opened', async () => {
    await start({ capabilities: { tools: { listChanged: true }, tasks: {} } });
    const { result } = (await rig.request('server/discover')).json();
    expect(result).toMatchObject({
      resultType: 'complete',
      supportedVersions: ['2026-07-28', '2025-11-25', '2025-06-18', '2025-03-26', '2024-11-05'],
      capabilities: { tools: { listChanged: true } },
      _meta: { [META.serverInfo]: { name: 'scripted', version: '1' } },
    });
    expect(source.last.calls).toHaveLength(0);
  });

  it('becomes a stream when the answer takes long', async () => {
    await start();
    const answer = rig.call('t');
    await until(() => source.conversations[0]?.calls.length === 1);
    await clock.advance(300);
    source.last.calls[0]?.reply({ content: ['late'] });
    const { headers, text } = await answer;
    expect(headers['content-type']).toBe('text/event-stream');
    expect(headers['x-accel-buffering']).toBe('no');
    expect(text).not.toContain('id: ');
    expect(text).toContain('late');
  });

  it('passes progress to the request that asked for it, and to no other', async () => {
    await start();
    const [with_, without] = [rig.call('a', {}, { progressToken: 7 }), rig.call('b')];
    await until(() => source.conversations[0]?.calls.length === 2);
    for (const call of source.last.calls) {
      call.related({ method: 'notifications/progress', params: { progressToken: 7, progress: 1 } });
      call.reply({ content: [] });
    }
    const texts = [await with_, await without].map(({ text }) => text);
    expect(texts.map((text) => text.includes('notifications/progress'))).toEqual([true, false]);
  });
});

describe.each<[string, Script]>([
  ['an upstream with sessions', {}],
  ['a stateless upstream', { discover: NATIVE }],
])('the door in front of %s', (_what, script) => {
  it.each([
    ['twice', '{"name":"echo","name":"secret"', -32020],
    ['escaped', '{"name":"echo","\\u006eame":"secret"', -32020],
    ['in another case', '{"name":"echo","Name":"secret"', -32600],
    ['after the headers only', '{"name":"secret"', -32020],
  ])('lets no denied tool by that is named %s', async (_how, head, code) => {
    await start({}, { policy: POLICY });
    const params = `${head},"arguments":{},"_meta":${JSON.stringify(metaOf({}))}}`;
    const body = `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":${params}}`;
    const message = { method: 'tools/call', params: { name: 'echo' } };
    const answer = await rig.ask('POST', '/mcp/x', headersOf(message, {}), body);
    expect(answer.status).toBe(400);
    expect(answer.json()).toMatchObject({ error: { code } });
    expect(source.conversations).toEqual([]);
  });

  it('refuses and hides what the policy denies', async () => {
    await start(script, { policy: POLICY });
    const refused = await rig.call('secret');
    expect(refused.json()).toMatchObject({ error: { code: -32011 } });
    expect(source.conversations).toHaveLength(0);
    const listed = rig.request('tools/list');
    await until(() => source.conversations[0]?.calls.length === 1);
    source.last.calls[0]?.reply({
      ...TOOLS,
      resultType: 'complete',
      ttlMs: 1,
      cacheScope: 'public',
    });
    expect((await listed).json()).toMatchObject({
      id: 2,
      result: { resultType: 'complete', tools: [{ name: 'echo' }] },
    });
  });

  it('limits the rate and the calls under way', async () => {
    const flow = { ...endpointOf(new ScriptedSource() as never).flow, queueSize: 0 };
    await start(script, { maxInFlight: 1, flow });
    const first = rig.call('t');
    await until(() => source.conversations[0]?.calls.length === 1);
    expect((await rig.call('t')).status).toBe(503);
    expect((await rig.request('server/discover')).status).toBe(200);
    source.last.calls[0]?.reply({ resultType: 'complete' });
    expect((await first).status).toBe(200);
  });

  it('lets a call wait for its turn', async () => {
    await start(script, { maxInFlight: 1 });
    const [first, second] = [rig.call('a'), rig.call('b')];
    await until(() => source.conversations[0]?.calls.length === 1);
    source.last.calls[0]?.reply({ resultType: 'complete' });
    await until(() => source.conversations[0]?.calls.length === 2);
    source.last.calls[1]?.reply({ resultType: 'complete' });
    for (const { status } of await Promise.all([first, second])) expect(status).toBe(200);
    expect(rig.dispatcher.ledger.total).toBe(0);
  });

  it('says that the service does not serve, or that the gateway ends', async () => {
    const unavailable = { state: 'inactive', reason: 'off', message: 'Off', retry_after_s: 3 };
    await start(script, { unavailable });
    for (const answer of [
      await rig.call('t'),
      await rig.request('subscriptions/listen', { notifications: {} }),
    ]) {
      expect(answer.status).toBe(503);
      expect(answer.headers['retry-after']).toBe('3');
      expect(answer.json()).toMatchObject({ error: { code: -32010, data: { reason: 'off' } } });
    }
    rig.dispatcher.startDraining();
    expect((await rig.call('t')).json()).toMatchObject({ error: { data: { state: 'draining' } } });
  });
});

describe('a stateless upstream', () => {
  it('gets requests as they are, and is answered for with its own words', async () => {
    await start({ discover: NATIVE });
    const answer = rig.call('t', { a: 1 }, { progressToken: 'p' });
    await until(() => source.conversations[0]?.calls.length === 1);
    const [call] = source.last.calls;
    expect(call?.message.params).toEqual({
      name: 't',
      arguments: { a: 1 },
      _meta: metaOf({ progressToken: 'p' }),
    });
    call?.related({ method: 'notifications/progress', params: { progressToken: 'p' } });
    call?.reply({ resultType: 'input_required', requestState: 'theirs' });
    const { text } = await answer;
    expect(text).toContain('notifications/progress');
    expect(text).toContain(
      '"id":1,"result":{"resultType":"input_required","requestState":"theirs"}',
    );
  });

  it('gets back its own request state', async () => {
    await start({ discover: NATIVE });
    const asking = { capabilities: { roots: {} } };
    const more = { requestState: 'theirs', inputResponses: { a: {} } };
    const answer = rig.call('t', {}, asking, more);
    await until(() => source.conversations[0]?.calls.length === 1);
    expect(source.last.calls[0]?.message.params).toMatchObject(more);
    source.last.calls[0]?.reply({ resultType: 'complete' });
    expect((await answer).status).toBe(200);
  });

  it('is discovered by its own words, but for the versions', async () => {
    await start({ discover: NATIVE });
    expect((await rig.request('server/discover')).json().result).toMatchObject({
      capabilities: { tools: {} },
      ttlMs: 1,
      cacheScope: 'public',
      supportedVersions: [VERSION, '2025-11-25', '2025-06-18', '2025-03-26', '2024-11-05'],
    });
  });

  it.each([
    [-32601, 404],
    [-32021, 400],
    [-32602, 200],
  ])('has its error %i sent with HTTP %i', async (code, expected) => {
    await start({ discover: NATIVE });
    const answer = rig.call('t');
    await until(() => source.conversations[0]?.calls.length === 1);
    source.last.calls[0]?.fail(code, 'no');
    const { status, json } = await answer;
    expect(status).toBe(expected);
    expect(json()).toMatchObject({ error: { code } });
  });
});
