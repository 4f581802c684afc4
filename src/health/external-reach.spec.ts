import { createServer as createHttpServer } from 'node:http';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { afterEach, describe, expect, it } from '@jest/globals';
import { ManualClock } from '../../test/support/manual-clock.js';
import type { ExternalResource } from '../config/service-config.js';
import { externalReacher } from './external-reach.js';

const open: Server[] = [];
const clock = new ManualClock();
const reach = externalReacher({ policy: 'any', ownListeners: () => [] }, clock);

async function listen(server: Server): Promise<number> {
  open.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

function resource(over: Partial<ExternalResource>): ExternalResource {
  return { name: 'r', url: null, tcp: null, timeout_ms: 2_000, required: false, ...over };
}

afterEach(async () => {
  for (const server of open.splice(0)) {
    if ('closeAllConnections' in server) (server.closeAllConnections as () => void)();
    await new Promise((resolve) => server.close(resolve));
  }
});

describe('an external resource', () => {
  it('is reached where something accepts a connection', async () => {
    const port = await listen(createServer((socket) => socket.on('error', () => undefined)));
    expect(await reach(resource({ tcp: `127.0.0.1:${String(port)}` }))).toBeNull();
  });

  it('is not where nothing listens', async () => {
    const server = createServer();
    const port = await listen(server);
    await new Promise((resolve) => open.pop()?.close(resolve));
    const tcp = `127.0.0.1:${String(port)}`;
    expect(await reach(resource({ tcp }))).toContain('Nothing accepts connections');
  });

  it.each([
    [200, null],
    [404, null],
    [503, 'it answers 503'],
  ])('that answers %i by HTTP is told as %j', async (status, expected) => {
    const methods: (string | undefined)[] = [];
    const port = await listen(
      createHttpServer((request, response) => {
        methods.push(request.method);
        response.writeHead(status).end('body');
      }),
    );
    expect(await reach(resource({ url: `http://127.0.0.1:${String(port)}/x?y` }))).toBe(expected);
    expect(methods).toEqual(['GET']);
  });

  it('is given up after its timeout', async () => {
    let asked: () => void = () => undefined;
    const heard = new Promise<void>((resolve) => (asked = resolve));
    const port = await listen(
      createHttpServer(() => {
        asked();
      }),
    );
    const found = reach(resource({ url: `http://127.0.0.1:${String(port)}/` }));
    await heard;
    await clock.advance(2_000);
    expect(await found).toBe('no answer within 2000 ms');
  });

  it('is not looked for where upstreams may not be either', async () => {
    const guarded = externalReacher({ policy: 'public', ownListeners: () => [] }, clock);
    expect(await guarded(resource({ tcp: '127.0.0.1:1' }))).toContain('not allowed');
    expect(await reach(resource({ url: 'http://169.254.169.254/latest' }))).toContain(
      'never allowed',
    );
  });
});
