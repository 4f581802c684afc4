import http, { type IncomingHttpHeaders, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Authenticator } from '../../../src/auth/authenticator.js';
import type { Principal } from '../../../src/auth/principal.js';
import { RequestGate } from '../../../src/auth/request-gate.js';
import { SessionKeys, type SessionKey } from '../../../src/auth/session-keys.js';
import { CallLedger } from '../../../src/gateway/call.js';
import { Dispatcher } from '../../../src/gateway/dispatcher.js';
import { DEFAULT_FLOW, type Endpoint } from '../../../src/gateway/endpoint.js';
import { EndpointLoad } from '../../../src/gateway/endpoint-load.js';
import { GatewayMount } from '../../../src/gateway/gateway.mount.js';
import { OwnConversations } from '../../../src/gateway/own-conversations.js';
import { Pulse } from '../../../src/gateway/pulse.js';
import { RateWindows } from '../../../src/gateway/rate-windows.js';
import { CompiledRouteTable, RouteTableHolder } from '../../../src/gateway/route-table.js';
import { SessionSeal } from '../../../src/gateway/session-seal.js';
import { SessionTable } from '../../../src/gateway/session-table.js';
import type { Clock } from '../../../src/kernel/clock.js';
import type { JsonObject } from '../../../src/kernel/json.js';
import { SilentLogger } from '../../../src/kernel/logger.js';
import { SystemRandom } from '../../../src/kernel/random.js';
import { ManualClock } from '../../support/manual-clock.js';
import { TOOLS, type FakeSource } from './fake-upstreams.js';

const KEY = Buffer.alloc(32, 7);

class OneKey extends SessionKeys {
  override current(): SessionKey {
    return { id: 'k1', key: KEY };
  }
  override find(id: string): Buffer | undefined {
    return id === 'k1' ? KEY : undefined;
  }
}

/** The bearer token is the principal's id; `none` has no scope, `local` is nobody in particular. */
class TokenAuthenticator extends Authenticator {
  override readonly required = true;
  override authenticate({ authorization }: IncomingHttpHeaders): Principal | null {
    const id = authorization?.slice('Bearer '.length) ?? 'local';
    if (id === 'wrong') return null;
    return principal(id);
  }
}

export function principal(id: string): Principal {
  return {
    id,
    kind: id === 'local' ? 'local' : 'key',
    scopes: new Set(id === 'none' ? [] : ['invoke']),
    services: id === 'elsewhere' ? ['other-*'] : null,
  };
}

export function endpointOf(source: FakeSource, changes: Partial<Endpoint> = {}): Endpoint {
  return {
    serviceId: 'service-1',
    serviceName: 'x',
    revision: 1,
    unavailable: null,
    transport: 'stdio',
    isolation: 'shared',
    source,
    policy: null,
    guarded: null,
    maxBodyBytes: 100_000,
    callTimeoutMs: 10_000,
    maxInFlight: null,
    maxSessions: 100,
    tools: TOOLS,
    flow: DEFAULT_FLOW,
    load: new EndpointLoad(),
    ...changes,
  };
}

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  json(): JsonObject;
}

/** A mounted gateway on a free loopback port. Close it after each test. */
export class GatewayRig {
  readonly routes = new RouteTableHolder();
  readonly dispatcher: Dispatcher;
  readonly sessions: SessionTable;
  readonly mount: GatewayMount;
  readonly server: Server;
  /** Requests that went on to the listener behind. */
  readonly passed: string[] = [];
  private readonly clients = new Set<IncomingMessage>();

  constructor(readonly clock: Clock = new ManualClock()) {
    this.dispatcher = new Dispatcher(
      new CallLedger(clock),
      new RateWindows(clock),
      new OwnConversations(clock),
    );
    const random = new SystemRandom();
    const seal = new SessionSeal(new OneKey(), clock, random);
    this.sessions = new SessionTable(seal, new Pulse(clock), clock, random);
    this.server = http.createServer((request, response) => {
      this.passed.push(request.url ?? '');
      response.end('behind');
    });
    const gate = new RequestGate({
      port: 0,
      publicUrl: null,
      allowedHosts: [],
      allowedOrigins: ['https://page.example'],
    });
    const { routes, sessions, dispatcher } = this;
    this.mount = new GatewayMount(
      {
        routes,
        sessions,
        dispatcher,
        authenticator: new TokenAuthenticator(),
        gate,
        clock,
        logger: new SilentLogger(),
        basePath: '',
      },
      't-',
    );
    this.mount.mount(this.server);
  }

  async listen(...endpoints: Endpoint[]): Promise<this> {
    this.swap(...endpoints);
    await new Promise<void>((resolve) => this.server.listen(0, '127.0.0.1', resolve));
    return this;
  }

  swap(...endpoints: Endpoint[]): void {
    const entries = endpoints.map((endpoint) => ({
      path: `/mcp/${endpoint.serviceName}`,
      endpoint,
      primary: true,
    }));
    this.routes.swap(new CompiledRouteTable(this.routes.current.version + 1, entries));
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  url(path: string): URL {
    return new URL(`http://127.0.0.1:${this.port}${path}`);
  }

  async close(): Promise<void> {
    for (const client of this.clients) client.destroy();
    this.sessions.endAll();
    this.sessions.pulse.stop();
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  /** The response as soon as its head is there. */
  send(
    method: string,
    path: string,
    headers: Record<string, string> = {},
    body?: string,
  ): Promise<IncomingMessage> {
    return new Promise((resolve, reject) => {
      const request = http.request(
        { host: '127.0.0.1', port: this.port, method, path, headers, agent: false },
        (response) => {
          this.clients.add(response);
          response.on('error', () => undefined);
          resolve(response);
        },
      );
      request.on('error', reject);
      request.end(body);
    });
  }

  async ask(
    method: string,
    path: string,
    headers: Record<string, string> = {},
    body?: string,
  ): Promise<Answer> {
    const response = await this.send(method, path, headers, body);
    const chunks: Buffer[] = [];
    for await (const chunk of response) chunks.push(chunk as Buffer);
    const text = Buffer.concat(chunks).toString('utf8');
    return {
      status: response.statusCode ?? 0,
      headers: response.headers,
      text,
      json: () =>
        JSON.parse(
          text.startsWith('{') || text.startsWith('[') ? text : dataOf(text),
        ) as JsonObject,
    };
  }

  post(path: string, message: unknown, headers: Record<string, string> = {}): Promise<Answer> {
    const body = typeof message === 'string' ? message : JSON.stringify(message);
    return this.ask('POST', path, { ...POST_HEADERS, ...headers }, body);
  }

  /** Initialises a session and answers the headers that its requests carry. */
  async open(path: string, token = 'ann', version = '2025-06-18'): Promise<Record<string, string>> {
    const authorization = `Bearer ${token}`;
    const answer = await this.post(path, initialize(version), { authorization });
    const id = answer.headers['mcp-session-id'];
    if (typeof id !== 'string') throw new Error(`not opened: ${answer.status} ${answer.text}`);
    const headers = { authorization, 'mcp-session-id': id, 'mcp-protocol-version': version };
    await this.post(path, { jsonrpc: '2.0', method: 'notifications/initialized' }, headers);
    return headers;
  }
}

export const POST_HEADERS = {
  'content-type': 'application/json',
  accept: 'application/json, text/event-stream',
};

export function initialize(version: string): JsonObject {
  return {
    jsonrpc: '2.0',
    id: 0,
    method: 'initialize',
    params: {
      protocolVersion: version,
      capabilities: { sampling: {} },
      clientInfo: { name: 'test', version: '1' },
    },
  };
}

export function call(
  id: number | string,
  name: string,
  args: JsonObject = {},
  meta?: JsonObject,
): JsonObject {
  return {
    jsonrpc: '2.0',
    id,
    method: 'tools/call',
    params: { name, arguments: args, ...(meta === undefined ? {} : { _meta: meta }) },
  };
}

function dataOf(stream: string): string {
  const lines = stream.split('\n').filter((line) => line.startsWith('data: {'));
  return (lines[lines.length - 1] ?? 'data: null').slice('data: '.length);
}

/** Reads a response until `enough` says so of the text so far. */
export async function readUntil(
  response: IncomingMessage,
  enough: (text: string) => boolean,
): Promise<string> {
  let text = '';
  return new Promise((resolve, reject) => {
    const onData = (chunk: Buffer): void => {
      text += chunk.toString('utf8');
      if (!enough(text)) return;
      response.off('data', onData);
      response.pause();
      resolve(text);
    };
    response.on('data', onData);
    response.resume();
    response.on('close', () => {
      reject(new Error(`closed after: ${text.slice(-500)}`));
    });
  });
}

/** Waits until `claim` holds, letting sockets work; fails after a bounded number of turns. */
export async function until(claim: () => boolean): Promise<void> {
  for (let turn = 0; turn < 5_000; turn += 1) {
    if (claim()) return;
    await new Promise((resolve) => setImmediate(resolve));
  }
  throw new Error('what was waited for did not happen');
}
