import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { DEFAULT_FLOW, type Endpoint, type EndpointPolicy } from '../../../src/gateway/endpoint.js';
import { until } from '../gateway/gateway-rig.js';
import { ManualClock } from '../../support/manual-clock.js';
import { AggregateRig, type Member } from './aggregate-rig.js';
import { script, tool } from './member-server.js';

let rig: AggregateRig;
beforeEach(() => {
  rig = new AggregateRig(new ManualClock());
});
afterEach(async () => {
  await rig.close();
});

const POLICY: EndpointPolicy = {
  authenticationRequired: false,
  allowedScopes: [],
  allowTools: null,
  denyTools: [],
  readOnlyTools: false,
  rateLimit: null,
};
const policy = (over: Partial<EndpointPolicy>): Partial<Endpoint> => ({
  policy: { ...POLICY, ...over },
});

interface Outcome {
  readonly code: number | null;
  readonly data: Record<string, unknown>;
}

type Door = (own: string, token?: string) => Promise<Outcome>;

const through =
  (query: string, wrap: (name: string) => object): Door =>
  async (own, token = 'ann') => {
    const path = `/mcp${query}`;
    const headers = await rig.gateway.open(path, token);
    const params = wrap(`alpha__${own}`);
    const message = { jsonrpc: '2.0', id: 1, method: 'tools/call', params };
    const answer = (await rig.gateway.post(path, message, headers)).json() as {
      error?: { code: number; data?: Record<string, unknown> };
      result?: { isError?: boolean };
    };
    const code = answer.error?.code ?? (answer.result?.isError === true ? -1 : null);
    return { code, data: answer.error?.data ?? {} };
  };

const DOORS: [string, Door, number][] = [
  ['/mcp', through('', (name) => ({ name, arguments: {} })), -32602],
  [
    'call_tool of search mode',
    through('?mode=search', (name) => ({
      name: 'call_tool',
      arguments: { name, arguments: {} },
    })),
    -1,
  ],
];

async function member(over: Partial<Endpoint>): Promise<Member> {
  const tools = [tool('read', { annotations: { readOnlyHint: true } }), tool('hold')];
  const alpha = rig.member(script('alpha', { tools }), 'shared', over);
  await rig.listen(alpha);
  return alpha;
}

describe.each(DOORS)('through %s', (_name, call, unknown) => {
  it.each<[string, Partial<Endpoint>, string, number | null]>([
    ['an open tool goes', {}, 'read', null],
    ['a denied tool does not', policy({ denyTools: ['re*'] }), 'read', -32011],
    ['a tool that is not allowed does not', policy({ allowTools: ['hold'] }), 'read', -32011],
    ['an allowed tool goes', policy({ allowTools: ['read'] }), 'read', null],
    [
      'a tool that writes does not where all only read',
      policy({ readOnlyTools: true }),
      'x',
      -32011,
    ],
    ['a tool that reads goes there', policy({ readOnlyTools: true }), 'read', null],
    [
      'nothing goes to a service that is down',
      { unavailable: { state: 'error', reason: 'Down', message: 'm', retry_after_s: 1 } },
      'read',
      -32010,
    ],
  ])('%s', async (_what, over, own, expected) => {
    const alpha = await member(over);
    const { code, data } = await call(own);
    expect(code).toBe(expected);
    if (expected !== null) expect(data.service).toBe('alpha');
    const calls = alpha.source.made.flatMap(({ seen }) =>
      seen.filter((message) => 'method' in message && message.method === 'tools/call'),
    );
    expect(calls).toHaveLength(expected === null ? 1 : 0);
  });

  it('the rate limit is that of the service, over both doors and its own path', async () => {
    await member(policy({ rateLimit: { requests: 2, window_ms: 60_000 } }));
    expect((await call('read')).code).toBeNull();
    expect((await call('read')).code).toBeNull();
    expect(await call('read')).toMatchObject({ code: -32012, data: { reason: 'rate-limit' } });
    expect((await call('read', 'bob')).code).toBeNull();
  });

  it('a full service with no queue takes no more', async () => {
    const alpha = await member({ maxInFlight: 1, flow: { ...DEFAULT_FLOW, queueSize: 0 } });
    const held = call('hold');
    await until(() => alpha.script.held.length === 1);
    expect(await call('read')).toMatchObject({ code: -32012, data: { service: 'alpha' } });
    alpha.script.held[0]?.();
    expect((await held).code).toBeNull();
  });

  it('a caller who may not use the service does not find it', async () => {
    await member(policy({ allowedScopes: ['special'] }));
    expect((await call('read')).code).toBe(unknown);
    expect((await call('read', 'elsewhere')).code).toBe(unknown);
  });

  it('a caller without credentials does not find one that needs them', async () => {
    await member(policy({ authenticationRequired: true }));
    expect((await call('read', 'local')).code).toBe(unknown);
    expect((await call('read')).code).toBeNull();
  });

  it('nobody gets in while the gateway shuts down', async () => {
    await member({});
    const headers = await rig.gateway.open('/mcp');
    rig.gateway.dispatcher.startDraining();
    const message = {
      jsonrpc: '2.0',
      id: 1,
      method: 'tools/call',
      params: { name: 'alpha__read' },
    };
    const answer = await rig.gateway.post('/mcp', message, headers);
    expect(answer.status).toBe(503);
    expect(answer.json()).toMatchObject({ error: { data: { reason: 'draining' } } });
  });
});
