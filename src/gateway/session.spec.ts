import { describe, expect, it } from '@jest/globals';
import { ManualClock, settle } from '../../test/support/manual-clock.js';
import type { Lease } from '../upstream/instance-source.js';
import type { ClientFacts, ConversationSink, ExchangeSink } from '../upstream/upstream.js';
import { UpstreamError } from '../upstream/upstream.errors.js';
import type { Endpoint } from './endpoint.js';
import { EndpointLoad } from './endpoint-load.js';
import { Pulse } from './pulse.js';
import { ReplayBudget } from './replay-budget.js';
import { StreamableSession } from './streamable-session.js';

const CLIENT: ClientFacts = { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: {} };

/** A server behind HTTP that takes its time with every message. */
class SlowServer {
  readonly posted: string[] = [];
  readonly answers: (() => void)[] = [];
  sink: ConversationSink | null = null;
  released = 0;

  readonly endpoint = {
    serviceId: 's',
    serviceName: 'x',
    transport: 'streamable_http',
    load: new EndpointLoad(),
    source: {},
  } as unknown as Endpoint;

  lease(): Promise<Lease> {
    const post = (body: Buffer, _headers: object, sink: ExchangeSink): object => {
      this.posted.push((JSON.parse(body.toString()) as { method: string }).method);
      this.answers.push(() => {
        sink.onEnd();
      });
      return { abort: () => undefined, resume: () => undefined };
    };
    const conversation = { kind: 'exchange', post, close: () => undefined };
    const upstream = {
      open: (_client: ClientFacts, sink: ConversationSink) => {
        this.sink = sink;
        return Promise.resolve(conversation);
      },
    };
    const release = (): void => {
      this.released += 1;
    };
    return Promise.resolve({ instanceId: 'i', upstream, release } as unknown as Lease);
  }
}

function sessionAt(server: SlowServer): StreamableSession {
  const owner = {
    replays: new ReplayBudget(),
    lease: () => server.lease(),
    sessionEnded: () => undefined,
  };
  const pulse = new Pulse(new ManualClock());
  const session = new StreamableSession(server.endpoint, 'ann', CLIENT, 'e', owner, pulse);
  session.initialized = true;
  const params = { uri: 'file:///a' };
  const subscribe = { jsonrpc: '2.0', id: 1, method: 'resources/subscribe', params };
  session.remember('resources/subscribe', Buffer.from(JSON.stringify(subscribe)));
  return session;
}

describe('a session that moves to another server behind HTTP', () => {
  it('tells it that it is initialized before anything else, and takes no call until then', async () => {
    const server = new SlowServer();
    const session = sessionAt(server);
    const connected = session.connect(server.endpoint, CLIENT, 0);
    await settle();
    expect(server.posted).toEqual(['notifications/initialized']);
    expect(session.readyLink(server.endpoint)).toBeNull();
    server.answers[0]?.();
    expect(await connected).toBe(session.readyLink(server.endpoint));
    expect(server.posted).toEqual(['notifications/initialized', 'resources/subscribe']);
  });

  it('does not move to one that ends meanwhile, nor after its own end', async () => {
    const server = new SlowServer();
    const session = sessionAt(server);
    const lost = session.connect(server.endpoint, CLIENT, 0).catch((error: unknown) => error);
    await settle();
    server.sink?.onEnd(new UpstreamError('disconnected', 'as asked'));
    server.answers[0]?.();
    expect(await lost).toMatchObject({ code: 'exited' });
    const late = session.connect(server.endpoint, CLIENT, 0).catch((error: unknown) => error);
    await settle();
    session.end('deleted');
    server.answers[1]?.();
    expect(await late).toMatchObject({ code: 'stopped' });
    expect([session.link, server.released]).toEqual([null, 2]);
  });
});
