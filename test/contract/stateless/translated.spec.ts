import { afterEach, describe, expect, it } from '@jest/globals';
import { isJsonObject, type JsonObject } from '../../../src/kernel/json.js';
import { SystemClock } from '../../../src/kernel/clock.js';
import { ManualClock } from '../../support/manual-clock.js';
import { FakeSource } from '../gateway/fake-upstreams.js';
import { endpointOf, readUntil, until, type Answer } from '../gateway/gateway-rig.js';
import { StatelessRig, type Asking } from './stateless-rig.js';

let rig: StatelessRig;
afterEach(async () => {
  await rig.close();
});

const UPSTREAMS = [
  ['a child', 'stdio' as const],
  ['an HTTP server', 'streamable_http' as const],
] as const;

const ASKS: Asking = { capabilities: { sampling: {}, elicitation: {}, roots: {} } };

function result(answer: Answer): JsonObject {
  const message = answer.json();
  if (!isJsonObject(message.result)) throw new Error(`no result: ${answer.status} ${answer.text}`);
  return message.result;
}

describe.each(UPSTREAMS)('a stateless client in front of %s with sessions', (_kind, transport) => {
  async function start(clock: SystemClock | ManualClock = new ManualClock()): Promise<FakeSource> {
    const source = new FakeSource(transport, transport !== 'stdio');
    rig = await new StatelessRig(clock).listen(
      endpointOf(source, { transport, isolation: 'session' }),
    );
    return source;
  }

  it('is answered under its own id, with what the protocol wants besides, and gets no session', async () => {
    const source = await start();
    const listed = await rig.request('tools/list');
    expect(listed.headers['mcp-session-id']).toBeUndefined();
    expect(listed.json().id).toBe(1);
    expect(result(listed)).toMatchObject({
      resultType: 'complete',
      ttlMs: 5_000,
      cacheScope: 'private',
      _meta: { 'io.modelcontextprotocol/serverInfo': { name: 'fake', version: '1' } },
    });
    const called = await rig.call('echo', { text: 'hi' });
    expect(result(called)).toMatchObject({
      resultType: 'complete',
      content: [{ type: 'text', text: 'fake:hi' }],
      'x-unknown': 1,
    });
    const sent = source.server.seen.find(({ method }) => method === 'tools/call');
    expect((sent?.params as JsonObject)._meta).toEqual({});
  });

  it('reaches the same upstream with calls one after another', async () => {
    const source = await start();
    for (let i = 0; i < 3; i += 1) expect((await rig.call('echo', { text: 'a' })).status).toBe(200);
    expect(source.made).toHaveLength(1);
    expect(source.leases).toBe(1);
  });

  it('is asked by an input_required result, and its retry gets the answer', async () => {
    const source = await start(new SystemClock());
    const asked = result(await rig.call('sample', {}, ASKS));
    expect(asked).toMatchObject({
      resultType: 'input_required',
      inputRequests: { 'input-1': { method: 'sampling/createMessage', params: { maxTokens: 1 } } },
    });
    const retry = {
      requestState: asked.requestState ?? null,
      inputResponses: {
        'input-1': { role: 'assistant', content: { type: 'text', text: 'said' } },
        x: {},
      },
    };
    const done = await rig.call('sample', {}, ASKS, retry);
    expect(JSON.stringify(result(done))).toContain('said');
    expect(source.leases).toBe(1);
    const again = await rig.call('sample', {}, ASKS, retry);
    expect(again.json()).toMatchObject({ error: { code: -32602 } });
  });

  it('cancels a call by closing its response', async () => {
    const source = await start(new SystemClock());
    const response = await rig.begin(
      'tools/call',
      { name: 'progress', arguments: {} },
      { progressToken: 'p' },
    );
    const text = await readUntil(response, (got) => got.split('notifications/progress').length > 3);
    expect(text).toContain('"progressToken":"p"');
    response.destroy();
    await until(() => source.leases === 1 && rig.dispatcher.ledger.total === 0);
  });
});
