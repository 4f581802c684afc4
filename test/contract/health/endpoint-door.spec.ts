import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { readFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from '@jest/globals';
import { doorWatcher, letIn, type DoorFacts } from '../../../src/health/endpoint-door.js';
import { SystemClock } from '../../../src/kernel/clock.js';

const pem = (name: string): string =>
  readFileSync(join(import.meta.dirname, '..', '..', 'fixtures', 'tls', name), 'utf8');

interface Asked {
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** Answers what it is told to, to requests with and without an Origin. */
class Endpoint {
  readonly asked: Asked[] = [];
  most = 0;
  private now = 0;
  private server: Server | null = null;

  constructor(
    private readonly anonymous: number,
    private readonly foreign: number,
  ) {}

  async listen(encrypted = false): Promise<number> {
    const listener: Parameters<typeof createServer>[1] = (request, response) => {
      this.now += 1;
      this.most = Math.max(this.most, this.now);
      let body = '';
      request.on('data', (chunk: Buffer) => (body += chunk.toString()));
      request.on('end', () => {
        this.now -= 1;
        const { url = '', headers } = request;
        this.asked.push({ url, headers, body });
        response.writeHead(headers.origin === undefined ? this.anonymous : this.foreign).end('{}');
      });
    };
    this.server = encrypted
      ? createTlsServer({ key: pem('server.key'), cert: pem('expired.pem') }, listener)
      : createServer(listener);
    const { server } = this;
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    opened.push(this);
    return (server.address() as AddressInfo).port;
  }

  close(): void {
    this.server?.closeAllConnections();
    this.server?.close();
  }
}

const opened: Endpoint[] = [];

afterEach(() => {
  for (const endpoint of opened.splice(0)) endpoint.close();
});

function watcher(port: number | null, encrypted = false): ReturnType<typeof doorWatcher> {
  const listeners = () => (port === null ? [] : [{ address: '127.0.0.1', port }]);
  return doorWatcher({ listeners, encrypted, requestId: 'self-1' }, new SystemClock());
}

describe('doorWatcher', () => {
  it.each<[number, number, DoorFacts]>([
    [401, 403, { admitsAnonymous: false, admitsForeign: false }],
    [403, 403, { admitsAnonymous: false, admitsForeign: false }],
    [400, 400, { admitsAnonymous: true, admitsForeign: true }],
    [503, 401, { admitsAnonymous: true, admitsForeign: true }],
    [404, 404, { admitsAnonymous: null, admitsForeign: null }],
    [429, 500, { admitsAnonymous: null, admitsForeign: null }],
  ])('takes %i and %i for %j', async (anonymous, foreign, facts) => {
    const port = await new Endpoint(anonymous, foreign).listen();
    expect(await watcher(port)('/mcp/a', true)).toEqual(facts);
  });

  it('asks by what calls nothing, without credentials, as this machine', async () => {
    const endpoint = new Endpoint(401, 403);
    const port = await endpoint.listen();
    await watcher(port)('/mcp/a', true);
    expect(endpoint.asked).toHaveLength(2);
    for (const { url, headers, body } of endpoint.asked) {
      expect(url).toBe('/mcp/a');
      expect(headers.host).toBe(`localhost:${String(port)}`);
      expect([headers.authorization, headers['x-api-key'], headers['mcp-session-id']]).toEqual([
        undefined,
        undefined,
        undefined,
      ]);
      expect(JSON.parse(body)).toMatchObject({ method: 'ping' });
    }
    expect(endpoint.asked[1]?.headers.origin).toBe('https://foreign-origin.invalid');
  });

  it('does not ask for credentials to be demanded where nobody demands them', async () => {
    const endpoint = new Endpoint(400, 403);
    const facts = await watcher(await endpoint.listen())('/mcp/a', false);
    expect(facts).toEqual({ admitsAnonymous: null, admitsForeign: false });
    expect(endpoint.asked).toHaveLength(1);
  });

  it('asks an encrypted listener, whatever its certificate', async () => {
    const port = await new Endpoint(401, 403).listen(true);
    const facts = await watcher(port, true)('/mcp/a', true);
    expect(facts).toEqual({ admitsAnonymous: false, admitsForeign: false });
  });

  it('knows nothing where nothing listens', async () => {
    const mute = { admitsAnonymous: null, admitsForeign: null };
    expect(await watcher(null)('/mcp/a', true)).toEqual(mute);
    const endpoint = new Endpoint(401, 403);
    const port = await endpoint.listen();
    endpoint.close();
    expect(await watcher(port)('/mcp/a', true)).toEqual(mute);
  });

  it('asks one after another, however many services want to know', async () => {
    const endpoint = new Endpoint(401, 403);
    const look = watcher(await endpoint.listen());
    await Promise.all(Array.from({ length: 10 }, () => look('/mcp/a', true)));
    expect([endpoint.asked.length, endpoint.most]).toEqual([20, 1]);
  });
});

describe('letIn', () => {
  it('says nothing of an endpoint that was not asked', () => {
    expect(letIn(null, [401])).toBeNull();
  });
});
