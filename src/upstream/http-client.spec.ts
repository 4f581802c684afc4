import { describe, expect, it } from '@jest/globals';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { ManualClock } from '../../test/support/manual-clock.js';
import { Activity } from './activity.js';
import { HttpClient } from './http-client.js';
import { HttpExchange } from './http-exchange.js';
import { httpTarget } from './http-target.js';
import type { UpstreamError } from './upstream.errors.js';

/** A server that answers a GET with the head of a stream that stays open; `connections`: how many it has seen. */
async function listening(): Promise<{ server: Server; url: string; connections: () => number }> {
  let connections = 0;
  const server = createServer((_request, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' }).flushHeaders();
  });
  server.on('connection', () => (connections += 1));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return { server, url: `http://127.0.0.1:${String(port)}/mcp`, connections: () => connections };
}

function clientOf(url: string): HttpClient {
  const clock = new ManualClock();
  const remote = { connectTimeoutMs: 1_000, tls: null };
  return new HttpClient(clock, new Activity(clock), httpTarget(url, {}), remote, null);
}

/** What a standing stream hears first: that it began, or how it failed. */
function openStream(client: HttpClient): Promise<string> {
  const source = {
    session: null,
    headersFor: () => [],
    renew: () => Promise.resolve(),
    tellExpired() {},
  };
  const request = {
    method: 'GET' as const,
    path: '/mcp',
    body: null,
    headers: {},
    timeoutMs: Infinity,
    counted: false,
  };
  return new Promise((resolve) => {
    const sink = {
      onHead: (status: number) => {
        resolve(`began ${String(status)}`);
      },
      onFail: (error: UpstreamError) => {
        resolve(`failed ${error.code}`);
      },
    };
    client.start(new HttpExchange(client, source, request, sink as never));
  });
}

describe('HttpClient', () => {
  it('opens standing streams, and after its end none, whether there was one before or not', async () => {
    const { server, url, connections } = await listening();
    try {
      const [used, unused] = [clientOf(url), clientOf(url)];
      await expect(openStream(used)).resolves.toBe('began 200');
      used.failAll(null, { code: 'stopped' } as UpstreamError);
      await Promise.all([used.close(), unused.close()]);
      const before = connections();
      await expect(openStream(used)).resolves.toMatch(/^failed/);
      await expect(openStream(unused)).resolves.toMatch(/^failed/);
      expect(connections()).toBe(before);
    } finally {
      server.closeAllConnections();
      server.close();
    }
  });
});
