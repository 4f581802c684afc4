import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { FakeSource } from '../gateway/fake-upstreams.js';
import { endpointOf, initialize } from '../gateway/gateway-rig.js';
import { AggregateRig, eventually, names, textOf } from './aggregate-rig.js';
import { script } from './member-server.js';

let rig: AggregateRig;
beforeEach(() => {
  rig = new AggregateRig();
});
afterEach(async () => {
  await rig.close();
});

const profile = { title: null, description: null, capabilities: null };

describe('a selection', () => {
  it('by tags has the members with any of them, and both filters narrow', async () => {
    const tagged = (name: string, ...tags: string[]): ReturnType<AggregateRig['member']> =>
      rig.member(script(name), 'shared', { profile: { ...profile, tags } });
    await rig.listen(tagged('alpha', 'x'), tagged('beta', 'y', 'z'), tagged('gamma'));
    const services = async (query: string): Promise<Set<string | undefined>> =>
      new Set(
        names(await (await rig.connect(query)).listTools()).map((name) => name.split('__')[0]),
      );
    expect(await services('?tags=x,z')).toEqual(new Set(['alpha', 'beta']));
    expect(await services('?tags=y&services=alpha,beta')).toEqual(new Set(['beta']));
    expect(await services('?tags=none')).toEqual(new Set());
    expect(await services('')).toEqual(new Set(['alpha', 'beta', 'gamma']));
  });

  it.each([
    ['?services=nowhere', 'ann', 404, 'aggregate.service-unknown', 'nowhere'],
    ['?services=alpha', 'elsewhere', 404, 'aggregate.service-unknown', 'alpha'],
    ['?services=guarded', 'ann', 403, 'aggregate.service-guarded', 'guarded'],
    ['?services=', 'ann', 400, 'aggregate.selection-invalid', 'services'],
    ['?mode=fast', 'ann', 400, 'aggregate.selection-invalid', 'mode'],
    ['', 'none', 403, 'auth.scope-missing', 'invoke'],
    ['?services=closed', 'ann', 403, 'auth.scope-missing', 'closed'],
  ])('%s of %s is refused with %i', async (query, token, status, code, word) => {
    const closed = {
      authenticationRequired: false,
      allowedScopes: ['special'],
      allowTools: null,
      denyTools: [],
      readOnlyTools: false,
      rateLimit: null,
    };
    await rig.listen(
      rig.member(script('alpha')),
      rig.member(script('guarded'), 'shared', { guarded: () => Promise.resolve(true) }),
      rig.member(script('closed'), 'shared', { policy: closed }),
    );
    const headers = { authorization: `Bearer ${token}` };
    const answer = await rig.gateway.post(`/mcp${query}`, initialize('2025-06-18'), headers);
    expect(answer.status).toBe(status);
    expect(answer.json().code).toBe(code);
    expect(String(answer.json().detail)).toContain(word);
  });

  it('leaves out what has a guard of its own and says so; one that judges callers only stays', async () => {
    const judging = Object.assign(() => Promise.resolve(true), { judgesCallerOnly: true } as const);
    await rig.listen(
      rig.member(script('guarded'), 'shared', { guarded: () => Promise.resolve(true) }),
      rig.member(script('judged'), 'shared', { guarded: judging }),
    );
    const client = await rig.connect();
    expect(names(await client.listTools()).every((name) => name.startsWith('judged__'))).toBe(true);
    expect(client.getInstructions()).toContain('guards of their own: guarded');
    await expect(client.callTool({ name: 'guarded__echo' })).rejects.toMatchObject({
      code: -32602,
    });
  });

  it('is part of the session: another one knows it not, nor does another caller', async () => {
    await rig.listen(rig.member(script('alpha')), rig.member(script('beta')));
    const headers = await rig.gateway.open('/mcp?services=alpha');
    const list = { jsonrpc: '2.0', id: 1, method: 'tools/list' };
    const status = async (query: string, over = {}): Promise<number> =>
      (await rig.gateway.post(`/mcp${query}`, list, { ...headers, ...over })).status;
    expect(await status('?services=alpha')).toBe(200);
    expect(await status('?services=alpha,alpha')).toBe(200);
    expect(await status('')).toBe(404);
    expect(await status('?services=beta')).toBe(404);
    expect(await status('?services=alpha', { authorization: 'Bearer bob' })).toBe(404);
  });

  it('in use goes on without a service that went, and has it again when it is back', async () => {
    const alpha = rig.member(script('alpha'));
    const beta = rig.member(script('beta'));
    await rig.listen(alpha, beta);
    const client = await rig.connect('?services=alpha,beta');
    rig.swap(alpha);
    expect(new Set(names(await client.listTools()).map((name) => name.split('__')[0]))).toEqual(
      new Set(['alpha']),
    );
    rig.swap(alpha, beta);
    expect(textOf(await client.callTool({ name: 'beta__echo' }))).toBe('beta/echo:{}');
  });
});

describe('a member over Streamable HTTP', () => {
  it('is called under ids of ours, with progress, requests to the client and its errors', async () => {
    const source = new FakeSource('streamable_http', true, 'web');
    await rig.gateway.listen(
      endpointOf(source, { transport: 'streamable_http', serviceName: 'web', serviceId: 'id-web' }),
    );
    const said: unknown[] = [];
    const client = await rig.connect('', {
      prepare: (each) => {
        each.fallbackNotificationHandler = ({ params }) => {
          said.push(params?.data);
          return Promise.resolve();
        };
      },
    });
    expect(names(await client.listTools())).toContain('web__echo');
    const echoed = await client.callTool({ name: 'web__echo', arguments: { text: 'hi' } });
    expect(JSON.stringify(echoed)).toContain('web:hi');
    // What the member says on its own standing stream.
    await eventually(() => said.includes('heard'));
    const heard: number[] = [];
    const progressing = client.callTool({ name: 'web__progress', arguments: {} }, undefined, {
      onprogress: ({ progress }) => heard.push(progress),
    });
    await eventually(() => heard.length === 3);
    source.server.release();
    await progressing;
    await expect(client.callTool({ name: 'web__fail' })).rejects.toMatchObject({ code: -32042 });
    const ids = source.server.seen
      .filter(({ method }) => method === 'tools/call')
      .map(({ id }) => String(id));
    expect(ids.every((id) => id.startsWith('switchyard-'))).toBe(true);
    expect(new Set(ids).size).toBe(ids.length);
    const abort = new AbortController();
    const held = client.callTool({ name: 'web__hold' }, undefined, { signal: abort.signal });
    await eventually(() => source.server.held.length === 1);
    abort.abort('enough');
    await expect(held).rejects.toThrow();
    const isOurs = (message: { method?: unknown; params?: unknown }): boolean =>
      message.method === 'notifications/cancelled' &&
      JSON.stringify(message.params).includes('"requestId":"switchyard-');
    await eventually(() => source.server.seen.some(isOurs));
  });
});
