import { afterEach, describe, expect, it } from '@jest/globals';
import { isJsonObject, type JsonObject } from '../../../src/kernel/json.js';
import { LINE_LIMITS } from '../../../src/stateless/line-table.js';
import { ManualClock } from '../../support/manual-clock.js';
import { endpointOf, until, type Answer } from '../gateway/gateway-rig.js';
import { ScriptedSource, type Script, type ScriptedCall } from './scripted-upstream.js';
import { StatelessRig, type Asking } from './stateless-rig.js';

const ASKS: Asking = {
  capabilities: { sampling: {}, elicitation: { form: {}, url: {} }, roots: {} },
};
const HELD = { maxHeld: 3, maxOfPrincipal: 2, holdMs: 300_000 };

let rig: StatelessRig;
let source: ScriptedSource;
let clock: ManualClock;
afterEach(async () => {
  await rig.close();
});

async function start(
  script: Script = {},
  isolation: 'session' | 'shared' = 'session',
): Promise<void> {
  clock = new ManualClock();
  source = new ScriptedSource(script);
  rig = await new StatelessRig(clock, { lines: LINE_LIMITS, held: HELD }).listen(
    endpointOf(source as never, { isolation, callTimeoutMs: 10_000 }),
  );
}

function result(answer: Answer): JsonObject {
  const message = answer.json();
  if (!isJsonObject(message.result)) throw new Error(`no result: ${answer.status} ${answer.text}`);
  return message.result;
}

/** The newest request of this method at the upstream, once it is there. */
async function arrived(method: string, count = 1): Promise<ScriptedCall> {
  const found = (): ScriptedCall[] =>
    source.conversations.flatMap(({ calls }) => calls.filter((call) => call.method === method));
  await until(() => found().length >= count);
  return found()[count - 1] as ScriptedCall;
}

/** Calls a tool, and has the upstream ask before it answers. */
async function asked(
  ...asks: [id: number | string, method: string, params?: JsonObject][]
): Promise<{ call: ScriptedCall; held: JsonObject }> {
  const before = source.conversations.flatMap(({ calls }) => calls).length;
  const answer = rig.call('t', { a: 1 }, ASKS);
  await until(() => source.conversations.flatMap(({ calls }) => calls).length > before);
  const conversation = source.last;
  const call = conversation.calls[conversation.calls.length - 1] as ScriptedCall;
  for (const [id, method, params = {}] of asks) conversation.say({ id, method, params });
  await clock.advance(5);
  return { call, held: result(await answer) };
}

const retry = (state: unknown, responses: JsonObject): JsonObject => ({
  requestState: state as string,
  inputResponses: responses,
});

describe('a call whose upstream asks', () => {
  it('hands out what comes together, and goes on once all of it is answered', async () => {
    await start();
    const { call, held } = await asked(
      [7, 'elicitation/create', { message: 'm', requestedSchema: {} }],
      ['r', 'roots/list'],
    );
    expect(held).toEqual({
      resultType: 'input_required',
      inputRequests: {
        'input-1': { method: 'elicitation/create', params: { message: 'm', requestedSchema: {} } },
        'input-2': { method: 'roots/list', params: {} },
      },
      requestState: expect.any(String),
    });
    const partial = retry(held.requestState, {
      'input-1': { action: 'accept', content: {} },
      other: {},
    });
    const again = result(await rig.call('t', { a: 1 }, ASKS, partial));
    expect(again.inputRequests).toEqual({ 'input-2': { method: 'roots/list', params: {} } });
    expect(again.requestState).not.toBe(held.requestState);
    const rest = rig.call(
      't',
      { a: 1 },
      ASKS,
      retry(again.requestState, { 'input-2': { roots: [] } }),
    );
    await until(() => source.last.sent.length === 3);
    expect(source.last.sent.slice(1)).toEqual([
      { jsonrpc: '2.0', id: 7, result: { action: 'accept', content: {} } },
      { jsonrpc: '2.0', id: 'r', result: { roots: [] } },
    ]);
    call.reply({ content: [] });
    expect(result(await rest)).toMatchObject({ resultType: 'complete', content: [] });
    expect(source.last.calls).toHaveLength(1);
  });

  it('takes the answer that came while the client was away', async () => {
    await start();
    const { call, held } = await asked([1, 'roots/list']);
    call.reply({ content: ['done'] });
    const done = await rig.call(
      't',
      { a: 1 },
      ASKS,
      retry(held.requestState, { 'input-1': { roots: [] } }),
    );
    expect(result(done)).toMatchObject({ content: ['done'] });
  });

  it('is no call under way while its client is away', async () => {
    await start();
    await asked([1, 'roots/list']);
    expect(rig.dispatcher.ledger.total).toBe(0);
    expect(source.leases).toBe(1);
  });

  it('refuses what the client cannot do, and what is no request for input', async () => {
    await start();
    const answer = rig.call('t', {}, { capabilities: { roots: {} } });
    const call = await arrived('tools/call');
    source.last.say({ id: 1, method: 'sampling/createMessage', params: {} });
    source.last.say({ id: 2, method: 'tasks/list', params: {} });
    source.last.say({ id: 3, method: 'ping' });
    await until(() => source.last.sent.length === 4);
    expect(source.last.sent.slice(1)).toMatchObject([
      { id: 1, error: { code: -32601 } },
      { id: 2, error: { code: -32601 } },
      { id: 3, result: {} },
    ]);
    call.reply({ content: [] });
    expect(result(await answer)).toMatchObject({ resultType: 'complete' });
  });

  it('refuses what is asked during a method that cannot hand it out', async () => {
    await start();
    const answer = rig.request('tools/list', {}, ASKS);
    const call = await arrived('tools/list');
    source.last.say({ id: 1, method: 'elicitation/create', params: {} });
    await until(() => source.last.sent.length === 2);
    expect(source.last.sent[1]).toMatchObject({ id: 1, error: { code: -32601 } });
    call.reply({ tools: [] });
    expect(result(await answer)).toMatchObject({ resultType: 'complete', tools: [] });
  });

  it('has its round time only while the client waits', async () => {
    await start();
    const { call, held } = await asked([1, 'roots/list']);
    await clock.advance(200_000);
    expect(call.abandoned).toBeNull();
    const waiting = rig.call(
      't',
      { a: 1 },
      ASKS,
      retry(held.requestState, { 'input-1': { roots: [] } }),
    );
    await until(() => source.last.sent.length === 2);
    await clock.advance(10_001);
    expect((await waiting).json()).toMatchObject({
      error: { code: -32000, data: { reason: 'call-timeout' } },
    });
    expect(call.abandoned).toContain('No answer within');
  });

  it('is given up when nobody comes back in time', async () => {
    await start();
    const { call, held } = await asked([1, 'roots/list']);
    await clock.advance(300_001);
    expect(call.abandoned).toBe('The client did not answer');
    const late = await rig.call('t', { a: 1 }, ASKS, retry(held.requestState, { 'input-1': {} }));
    expect(late.status).toBe(400);
    expect(late.json()).toMatchObject({ error: { code: -32602 } });
    await clock.advance(120_000);
    expect(source.leases).toBe(0);
  });

  it('is given up at the end of the gateway', async () => {
    await start();
    const { call } = await asked([1, 'roots/list']);
    await rig.mount.drain(1_000);
    expect(call.abandoned).not.toBeNull();
    expect(source.leases).toBe(0);
  });

  it('is given up with its service', async () => {
    await start();
    const { call, held } = await asked([1, 'roots/list']);
    rig.sessions.endService('other');
    expect(call.abandoned).toBeNull();
    rig.sessions.endService('service-1');
    expect(call.abandoned).not.toBeNull();
    const late = retry(held.requestState, { 'input-1': { roots: [] } });
    expect((await rig.call('t', { a: 1 }, ASKS, late)).status).toBe(400);
  });

  it('is given up when the client leaves before it has what the upstream asks for', async () => {
    await start();
    const begun = rig.begin('tools/call', { name: 't', arguments: {} }, ASKS);
    const call = await arrived('tools/call');
    // More than the sockets between the two take.
    const message = 'm'.repeat(16 * 1024 * 1024);
    source.last.say({ id: 1, method: 'elicitation/create', params: { message } });
    await clock.advance(5);
    const response = await begun;
    expect(call.abandoned).toBeNull();
    response.destroy();
    await until(() => call.abandoned !== null);
    expect(source.last.sent.at(-1)).toMatchObject({ id: 1, error: { code: -32601 } });
    await clock.advance(120_000);
    expect(source.leases).toBe(0);
  });

  it('stays when the client leaves with all of it', async () => {
    await start();
    const { call } = await asked([1, 'roots/list']);
    rig.server.closeAllConnections();
    await new Promise((resolve) => setImmediate(resolve));
    expect(call.abandoned).toBeNull();
  });

  it('is not made again for a retry that declares less', async () => {
    await start();
    const { call, held } = await asked([1, 'roots/list']);
    const more = retry(held.requestState, { 'input-1': { roots: [] } });
    const done = rig.call('t', { a: 1 }, { capabilities: {} }, more);
    await until(() => source.last.sent.length === 2);
    call.reply({ content: ['once'] });
    expect(result(await done)).toMatchObject({ content: ['once'] });
    expect(source.conversations.flatMap(({ calls }) => calls)).toHaveLength(1);
  });

  it('keeps but a few of the questions that a server asks over and over', async () => {
    await start();
    const answer = rig.call('t', {}, ASKS);
    const call = await arrived('tools/call');
    for (let id = 0; id < 1_000; id += 1) source.last.say({ id, method: 'roots/list' });
    call.reply({ content: [] });
    expect(result(await answer)).toMatchObject({ resultType: 'complete' });
    expect(source.last.sent.slice(1)).toHaveLength(996);
    const held = result(await rig.call('t', {}, ASKS));
    expect(Object.keys(held.inputRequests as JsonObject)).toHaveLength(4);
  });

  it.each<[string, (state: string) => string, JsonObject, Asking]>([
    ['was changed', (state) => `${state}-TAMPERED`, { a: 1 }, ASKS],
    ['is of another principal', (state) => state, { a: 1 }, { ...ASKS, token: 'bob' }],
    ['is of another request', (state) => state, { a: 2 }, ASKS],
  ])('is not continued by a state that %s', async (_what, change, args, asking) => {
    await start();
    const { held } = await asked([1, 'roots/list']);
    const state = change(held.requestState as string);
    const answer = await rig.call('t', args, asking, retry(state, { 'input-1': { roots: [] } }));
    expect(answer.status).toBe(400);
    expect(answer.json()).toMatchObject({ error: { code: -32602 } });
  });

  it('is continued once: a state is worth nothing when it was answered', async () => {
    await start();
    const { call, held } = await asked([1, 'roots/list']);
    const again = retry(held.requestState, { 'input-1': { roots: [] } });
    const first = rig.call('t', { a: 1 }, ASKS, again);
    await until(() => source.last.sent.length === 2);
    expect((await rig.call('t', { a: 1 }, ASKS, again)).json()).toMatchObject({
      error: { code: -32602 },
    });
    call.reply({ content: [] });
    await first;
  });

  it('needs answers that are an object', async () => {
    await start();
    const { held } = await asked([1, 'roots/list']);
    const more = { requestState: held.requestState ?? null, inputResponses: null };
    expect((await rig.call('t', { a: 1 }, ASKS, more)).json()).toMatchObject({
      error: { code: -32602 },
    });
  });

  it('is refused where too many are held already', async () => {
    await start();
    await asked([1, 'roots/list']);
    await asked([1, 'roots/list']);
    const third = rig.call('t', { a: 1 }, ASKS);
    await until(() => source.conversations.length === 3 && source.last.calls.length === 1);
    source.last.say({ id: 1, method: 'roots/list' });
    await clock.advance(5);
    const answer = await third;
    expect(answer.status).toBe(503);
    expect(answer.headers['retry-after']).toBe('5');
    expect(source.last.calls[0]?.abandoned).not.toBeNull();
  });

  it('does not wait for what the upstream takes back', async () => {
    await start();
    const answer = rig.call('t', {}, ASKS);
    const call = await arrived('tools/call');
    source.last.say({ id: 'q', method: 'elicitation/create', params: {} });
    source.last.say({ method: 'notifications/cancelled', params: { requestId: 'q' } });
    await clock.advance(5);
    call.reply({ content: [] });
    expect(result(await answer)).toMatchObject({ resultType: 'complete' });
  });

  it('brings roots that were asked for before any call', async () => {
    await start();
    const listed = rig.request('tools/list', {}, ASKS);
    const list = await arrived('tools/list');
    source.last.say({ id: 'early', method: 'roots/list' });
    list.reply({ tools: [] });
    await listed;
    const held = result(await rig.call('t', {}, ASKS));
    expect(held.inputRequests).toEqual({ 'input-1': { method: 'roots/list', params: {} } });
    const done = rig.call('t', {}, ASKS, retry(held.requestState, { 'input-1': { roots: [] } }));
    const call = await arrived('tools/call');
    expect(source.last.sent[1]).toMatchObject({ id: 'early', result: { roots: [] } });
    call.reply({ content: [] });
    expect(result(await done)).toMatchObject({ resultType: 'complete' });
  });

  it('asks with the next call for roots that were wanted as the last one ended', async () => {
    await start();
    const answer = rig.call('t', {}, ASKS);
    const call = await arrived('tools/call');
    source.last.say({ id: 'late', method: 'roots/list' });
    source.last.say({ id: 'q', method: 'elicitation/create', params: {} });
    call.reply({ content: [] });
    expect(result(await answer)).toMatchObject({ resultType: 'complete' });
    expect(source.last.sent.slice(1)).toMatchObject([{ id: 'q', error: { code: -32601 } }]);
    const held = result(await rig.call('t', {}, ASKS));
    expect(held.inputRequests).toEqual({ 'input-1': { method: 'roots/list', params: {} } });
  });

  it('sends the request again when pages had to be visited first', async () => {
    await start();
    const answer = rig.call('t', {}, ASKS);
    const elicitations = [{ mode: 'url', elicitationId: 'e', url: 'https://e/', message: 'm' }];
    (await arrived('tools/call')).fail(-32042, 'visit', { elicitations });
    const held = result(await answer);
    expect(held.inputRequests).toEqual({
      'input-1': {
        method: 'elicitation/create',
        params: { mode: 'url', url: 'https://e/', message: 'm' },
      },
    });
    const done = rig.call(
      't',
      {},
      ASKS,
      retry(held.requestState, { 'input-1': { action: 'accept' } }),
    );
    (await arrived('tools/call', 2)).reply({ content: [] });
    expect(result(await done)).toMatchObject({ resultType: 'complete' });
  });

  it('ends when the client will not visit them', async () => {
    await start();
    const answer = rig.call('t', {}, ASKS);
    const elicitations = [{ mode: 'url', url: 'https://e/', message: 'm' }];
    (await arrived('tools/call')).fail(-32042, 'visit', { elicitations });
    const held = result(await answer);
    const done = await rig.call(
      't',
      {},
      ASKS,
      retry(held.requestState, { 'input-1': { action: 'decline' } }),
    );
    expect(done.json()).toMatchObject({ error: { code: -32000 } });
    await until(() => rig.dispatcher.ledger.total === 0);
  });
});
