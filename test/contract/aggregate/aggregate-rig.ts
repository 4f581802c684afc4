import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { SSEClientTransport } from '@modelcontextprotocol/sdk/client/sse.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import type { ClientCapabilities } from '@modelcontextprotocol/sdk/types.js';
import { AggregateEndpoints } from '../../../src/aggregate/aggregate-endpoints.js';
import { DEFAULT_FLOW, type Endpoint } from '../../../src/gateway/endpoint.js';
import { EndpointLoad } from '../../../src/gateway/endpoint-load.js';
import { SystemClock, type Clock } from '../../../src/kernel/clock.js';
import { SilentLogger } from '../../../src/kernel/logger.js';
import { StatelessRig } from '../stateless/stateless-rig.js';
import { memberServer, type MemberScript } from './member-server.js';
import { SdkSource } from './sdk-upstream.js';

export interface Member {
  readonly script: MemberScript;
  readonly source: SdkSource;
  readonly endpoint: Endpoint;
}

/** A gateway with `/mcp`, in front of members that run in this process. */
export class AggregateRig {
  readonly gateway: StatelessRig;
  readonly endpoints: AggregateEndpoints;
  private readonly clients: Client[] = [];

  constructor(readonly clock: Clock = new SystemClock()) {
    this.gateway = new StatelessRig(clock);
    const { routes, dispatcher, sessions } = this.gateway;
    const logger = new SilentLogger();
    this.endpoints = new AggregateEndpoints({ routes, dispatcher, sessions, clock, logger });
    this.gateway.mount.serveRoot(this.endpoints);
  }

  async listen(...members: Member[]): Promise<this> {
    await this.gateway.listen(...members.map(({ endpoint }) => endpoint));
    return this;
  }

  swap(...members: Member[]): void {
    this.gateway.swap(...members.map(({ endpoint }) => endpoint));
  }

  member(
    script: MemberScript,
    isolation: 'shared' | 'session' = 'shared',
    over: Partial<Endpoint> = {},
  ): Member {
    const source = new SdkSource(this.clock, () => memberServer(script), isolation);
    script.onCrash = () => {
      source.latest.die();
    };
    return { script, source, endpoint: { ...endpointFor(script, source, isolation), ...over } };
  }

  async connect(query = '', options: ConnectOptions = {}): Promise<Client> {
    const client = new Client(
      { name: 'sdk', version: '1' },
      { capabilities: options.capabilities ?? {} },
    );
    options.prepare?.(client);
    const headers = { authorization: `Bearer ${options.token ?? 'ann'}` };
    const requestInit = { headers };
    const transport =
      options.sse === true
        ? new SSEClientTransport(this.gateway.url(`/mcp/sse${query}`), {
            requestInit,
            eventSourceInit: {
              fetch: (url, init) =>
                fetch(url, { ...init, headers: { ...headers, accept: 'text/event-stream' } }),
            },
          })
        : new StreamableHTTPClientTransport(this.gateway.url(`/mcp${query}`), { requestInit });
    await client.connect(transport);
    this.clients.push(client);
    return client;
  }

  async close(): Promise<void> {
    for (const client of this.clients.splice(0)) await client.close();
    await this.gateway.close();
    await this.endpoints.close();
  }
}

export interface ConnectOptions {
  readonly token?: string;
  readonly sse?: boolean;
  readonly capabilities?: ClientCapabilities;
  readonly prepare?: (client: Client) => void;
}

function endpointFor(
  { name, tools, prompts, resources }: MemberScript,
  source: SdkSource,
  isolation: 'shared' | 'session',
): Endpoint {
  return {
    serviceId: `id-${name}`,
    serviceName: name,
    revision: 1,
    unavailable: null,
    transport: 'stdio',
    isolation,
    source,
    policy: null,
    guarded: null,
    maxBodyBytes: 100_000,
    callTimeoutMs: 10_000,
    maxInFlight: null,
    flow: DEFAULT_FLOW,
    maxSessions: 100,
    tools: [...tools],
    load: new EndpointLoad(),
    profile: {
      title: null,
      description: `All about ${name}`,
      tags: [],
      capabilities: {
        tools: {},
        ...(prompts === undefined ? {} : { prompts: {} }),
        ...(resources === undefined ? {} : { resources: {} }),
      },
    },
  };
}

export const names = (list: { tools: { name: string }[] }): string[] =>
  list.tools.map(({ name }) => name);

export function textOf(result: unknown): string {
  const { content } = result as { content: { text?: string }[] };
  return content[0]?.text ?? '';
}

/** Waits until `claim` holds; fails after `withinMs`. Works on the real clock, as the SDK's clients do. */
export async function eventually(claim: () => boolean, withinMs = 5_000): Promise<void> {
  const until = performance.now() + withinMs;
  while (!claim()) {
    if (performance.now() > until) throw new Error('what was waited for did not happen');
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
