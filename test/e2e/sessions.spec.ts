import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Client } from '@modelcontextprotocol/sdk/client/index.js';
import type { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { GatewayProcess, fixture } from '../support/gateway-process.js';
import type { Answer } from '../support/gateway-process.js';
import { connectHttp, textOf } from '../support/mcp-clients.js';

const PLACES = 4;
const CLIENTS = 20;

let gateway: GatewayProcess;

beforeAll(async () => {
  gateway = await GatewayProcess.start();
  const registered = await gateway.register({
    name: 'knobbed',
    config: {
      runtime: {
        command: 'node',
        args: [fixture('knobbed-server.mjs')],
        isolation: 'session',
        max_instances: PLACES,
      },
    },
  });
  expect(registered.status).toBe(201);
}, 60_000);

afterAll(() => gateway.dispose(), 30_000);

async function echo(client: Client, text: string): Promise<string> {
  return textOf(await client.callTool({ name: 'echo', arguments: { text } }));
}

/** Connects, calls and vanishes: the SDK's `close` sends no DELETE. */
async function visit(text: string): Promise<void> {
  const client = await connectHttp(`${gateway.url}/mcp/knobbed`);
  expect(await echo(client, text)).toBe(text);
  await client.close();
}

describe('a service with an upstream for each session', () => {
  it('serves more clients than it has places when they leave without a word', async () => {
    for (let index = 0; index < CLIENTS; index += 1) await visit(`client ${index}`);
  }, 60_000);

  it('tells a client that lost its place to initialise anew', async () => {
    const client = await connectHttp(`${gateway.url}/mcp/knobbed`);
    const id = (client.transport as StreamableHTTPClientTransport).sessionId ?? '';
    const ping = (): Promise<Answer<unknown>> =>
      gateway.request(
        'POST',
        '/mcp/knobbed',
        { jsonrpc: '2.0', id: 1, method: 'ping' },
        { 'mcp-session-id': id, accept: 'application/json, text/event-stream' },
      );
    expect((await ping()).status).toBe(200);
    await client.close();
    for (let index = 0; index < PLACES; index += 1) await visit(`visitor ${index}`);
    expect((await ping()).status).toBe(404);
  }, 60_000);

  it('refuses a client while all others listen, and ends none of those', async () => {
    const clients = [];
    for (let index = 0; index < PLACES; index += 1) {
      clients.push(await connectHttp(`${gateway.url}/mcp/knobbed`));
    }
    await expect(connectHttp(`${gateway.url}/mcp/knobbed`)).rejects.toThrow(/in use/);
    for (const client of clients) expect(await echo(client, 'still here')).toBe('still here');
    for (const client of clients) await client.close();
  }, 60_000);
});
