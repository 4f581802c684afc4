import { describe, expect, it, jest } from '@jest/globals';
import type { Principal } from '../auth/principal.js';
import { SessionKeys, type SessionKey } from '../auth/session-keys.js';
import { SystemRandom } from '../kernel/random.js';
import { RpcError } from '../protocol/rpc-error.js';
import { ManualClock } from '../../test/support/manual-clock.js';
import type { ClientFacts } from '../upstream/upstream.js';
import { sessionChannel, type SessionMessage } from './channels.js';
import type { Endpoint } from './endpoint.js';
import { Pulse } from './pulse.js';
import { CompiledRouteTable } from './route-table.js';
import { SessionSeal } from './session-seal.js';
import { SessionTable } from './session-table.js';
import type { StreamableSession } from './streamable-session.js';

class Keys extends SessionKeys {
  private readonly key = Buffer.alloc(32, 5);
  override current(): SessionKey {
    return { id: 'k', key: this.key };
  }
  override find(): Buffer {
    return this.key;
  }
}

const CLIENT: ClientFacts = { protocolVersion: '2025-06-18', capabilities: {}, clientInfo: {} };
const ANN = { id: 'ann' } as Principal;

interface FakeLease {
  released: number;
}

/** Counts what was opened; conversations do nothing. */
function endpointOf(changes: Partial<Endpoint> = {}): { endpoint: Endpoint; leases: FakeLease[] } {
  const leases: FakeLease[] = [];
  const source = {
    acquire: () => {
      const lease: FakeLease = { released: 0 };
      leases.push(lease);
      const conversation = { kind: 'messages', close: () => undefined, send: () => undefined };
      const upstream = {
        multiplexed: true,
        open: () => Promise.resolve(conversation),
        countListener: () => undefined,
      };
      return Promise.resolve({ upstream, release: () => (lease.released += 1) });
    },
  };
  const endpoint = {
    serviceId: 's',
    serviceName: 'x',
    transport: 'stdio',
    isolation: 'shared',
    unavailable: null,
    maxSessions: 2,
    source,
    ...changes,
  } as unknown as Endpoint;
  return { endpoint, leases };
}

function tableOn(clock: ManualClock, maxSessions = 10): SessionTable {
  const random = new SystemRandom();
  const seal = new SessionSeal(new Keys(), clock, random);
  const limits = { maxSessions, idleMs: 3_600_000 };
  return new SessionTable(seal, new Pulse(clock), clock, random, limits);
}

async function opened(table: SessionTable, endpoint: Endpoint): Promise<StreamableSession> {
  const session = table.begin(endpoint, ANN, CLIENT);
  if (session instanceof RpcError) throw session;
  await session.connect(endpoint, CLIENT, 0);
  table.confirm(session, CLIENT.protocolVersion);
  return session;
}

describe('the session table', () => {
  it('refuses past the cap of a service, and past the cap of all', async () => {
    const table = tableOn(new ManualClock(), 3);
    const [one, two] = [endpointOf(), endpointOf({ serviceId: 't' })];
    await opened(table, one.endpoint);
    await opened(table, one.endpoint);
    expect(table.begin(one.endpoint, ANN, CLIENT)).toMatchObject({ httpStatus: 503 });
    await opened(table, two.endpoint);
    expect(table.begin(two.endpoint, ANN, CLIENT)).toMatchObject({ httpStatus: 503 });
    expect([table.size, table.sizeOf('s'), table.sizeOf('t')]).toEqual([3, 2, 1]);
  });

  it('tells of the end of a session only when it told of its beginning', async () => {
    const told: unknown[] = [];
    const hear = (message: unknown): void => {
      told.push((message as SessionMessage).event);
    };
    sessionChannel.subscribe(hear);
    const table = tableOn(new ManualClock());
    const { endpoint } = endpointOf();
    (table.begin(endpoint, ANN, CLIENT) as StreamableSession).end('not-opened');
    (await opened(table, endpoint)).end('deleted');
    sessionChannel.unsubscribe(hear);
    expect([told, table.size]).toEqual([['opened', 'closed'], 0]);
  });

  it('makes room by an idle session, which comes back by its id', async () => {
    const clock = new ManualClock();
    const table = tableOn(clock);
    const { endpoint, leases } = endpointOf();
    const [first, second] = [await opened(table, endpoint), await opened(table, endpoint)];
    await clock.advance(61_000);
    second.lastUsedMs = clock.monotonicMs();
    await opened(table, endpoint);
    expect([first.ended, second.ended, leases[0]?.released]).toEqual([true, false, 1]);
    await clock.advance(61_000);
    expect(table.find(first.id, endpoint, ANN)?.client).toEqual(CLIENT);
  });

  it('never evicts a session that has an upstream of its own', async () => {
    const clock = new ManualClock();
    const table = tableOn(clock);
    const { endpoint } = endpointOf({ isolation: 'session', maxSessions: 1 });
    await opened(table, endpoint);
    await clock.advance(120_000);
    expect(table.begin(endpoint, ANN, CLIENT)).toBeInstanceOf(RpcError);
  });

  it('ends sessions idle for an hour and gives their leases back', async () => {
    const clock = new ManualClock();
    const table = tableOn(clock);
    const { endpoint, leases } = endpointOf();
    const session = await opened(table, endpoint);
    await clock.advance(3_590_000);
    expect(session.ended).toBe(false);
    await clock.advance(70_000);
    expect([session.ended, table.size, leases[0]?.released]).toEqual([true, 0, 1]);
    expect(clock.pendingTimers).toBe(0);
  });

  it('does not bring back what was deleted, nor a session of a removed service', async () => {
    const table = tableOn(new ManualClock());
    const { endpoint } = endpointOf();
    const [first, second] = [await opened(table, endpoint), await opened(table, endpoint)];
    first.end('deleted');
    table.endService('s');
    expect(table.find(first.id, endpoint, ANN)).toBeNull();
    expect(table.find(second.id, endpoint, ANN)).toBeNull();
    expect(table.size).toBe(0);
  });

  it('brings back what a shutdown ended', async () => {
    const table = tableOn(new ManualClock());
    const { endpoint } = endpointOf();
    const session = await opened(table, endpoint);
    table.endAll();
    expect(table.find(session.id, endpoint, ANN)).not.toBeNull();
    const other = { ...endpoint, serviceId: 'other' };
    expect(table.find(session.id, other, ANN)).toBeNull();
    expect(table.find(session.id, endpoint, { ...ANN, id: 'bob' })).toBeNull();
  });

  it('lets go of a source that no route names, unless another route still does', async () => {
    const table = tableOn(new ManualClock());
    const [old, next] = [endpointOf(), endpointOf()];
    const session = await opened(table, old.endpoint);
    const route = (endpoint: Endpoint, path: string, primary: boolean) => ({
      path,
      endpoint,
      primary,
    });
    const both = [route(next.endpoint, '/mcp/x', true), route(old.endpoint, '/mcp/x/v/1', false)];
    table.follow(new CompiledRouteTable(2, both));
    expect(old.leases[0]?.released).toBe(0);
    table.follow(new CompiledRouteTable(3, both.slice(0, 1)));
    expect([session.link, old.leases[0]?.released]).toEqual([null, 1]);
  });

  it('keeps an endpoint that changed but for its source', async () => {
    const table = tableOn(new ManualClock());
    const { endpoint } = endpointOf();
    const session = await opened(table, endpoint);
    expect(session.readyLink({ ...endpoint, maxSessions: 99 })).toBe(session.link);
    expect(session.readyLink(endpointOf().endpoint)).toBeNull();
  });

  it('shares one opening between callers at the same time', async () => {
    const table = tableOn(new ManualClock());
    const { endpoint, leases } = endpointOf();
    const session = table.begin(endpoint, ANN, CLIENT);
    if (session instanceof RpcError) throw session;
    const links = await Promise.all([1, 2, 3].map(() => session.connect(endpoint, CLIENT, 0)));
    expect([new Set(links).size, leases.length]).toEqual([1, 1]);
  });

  it('closes what was opened for a session that ended meanwhile', async () => {
    const table = tableOn(new ManualClock());
    const { endpoint, leases } = endpointOf();
    const session = table.begin(endpoint, ANN, CLIENT);
    if (session instanceof RpcError) throw session;
    const opening = session.connect(endpoint, CLIENT, 0);
    session.end('disconnected');
    await expect(opening).rejects.toMatchObject({ code: 'stopped' });
    expect(leases[0]?.released).toBe(1);
  });

  it('announces to the sessions of one service only', async () => {
    const table = tableOn(new ManualClock());
    const [one, two] = [endpointOf(), endpointOf({ serviceId: 't' })];
    const [mine, other] = [await opened(table, one.endpoint), await opened(table, two.endpoint)];
    const heard = jest.spyOn(mine, 'announce');
    const silent = jest.spyOn(other, 'announce');
    table.announce('s', ['notifications/tools/list_changed', 'notifications/prompts/list_changed']);
    expect(heard.mock.calls.map(([message]) => message.toString())).toEqual([
      '{"jsonrpc":"2.0","method":"notifications/tools/list_changed"}',
      '{"jsonrpc":"2.0","method":"notifications/prompts/list_changed"}',
    ]);
    expect(silent).not.toHaveBeenCalled();
  });
});
