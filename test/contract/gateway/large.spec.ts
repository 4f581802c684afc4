import { afterEach, describe, expect, it } from '@jest/globals';
import http, { type IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { DEFAULT_FLOW, type Endpoint } from '../../../src/gateway/endpoint.js';
import { STALL_MS } from '../../../src/gateway/stall.js';
import { SystemClock } from '../../../src/kernel/clock.js';
import type { JsonObject } from '../../../src/kernel/json.js';
import {
  cleanUp,
  fixture,
  nodeCommand,
  remoteAt,
  remoteFixture,
  spec,
  startUpstream,
} from '../upstream/harness.js';
import { FakeSource } from './fake-upstreams.js';
import { call, endpointOf, GatewayRig, POST_HEADERS, until } from './gateway-rig.js';

const MIB = 1_048_576;
const LARGE = 64 * MIB;
/** Room for the envelope of a large result. */
const LINE_BYTES = 72 * MIB;

let rig: GatewayRig;
let endpoint: Endpoint;
afterEach(async () => {
  await rig.close();
  await cleanUp();
});

const KINDS = [
  ['a stdio upstream', 'stdio' as const],
  ['an HTTP upstream', 'streamable_http' as const],
] as const;

async function serve(
  transport: 'stdio' | 'streamable_http',
  changes: Partial<Endpoint> = {},
): Promise<Record<string, string>> {
  const limits = { memoryBytes: null, processes: null, openFiles: null, lineBytes: LINE_BYTES };
  const made =
    transport === 'stdio'
      ? spec('stdio', { shared: true, command: nodeCommand(fixture('flow.mjs')), limits })
      : spec(transport, {
          remote: remoteAt(`${await remoteFixture('flow.mjs', {}, ['http'])}/mcp`),
          limits,
        });
  const upstream = await startUpstream(made);
  const source = {
    acquire: () => Promise.resolve({ instanceId: 'i', upstream, release: () => undefined }),
  };
  endpoint = { ...endpointOf(new FakeSource(transport, true)), transport, source, ...changes };
  rig = await new GatewayRig(new SystemClock()).listen(endpoint);
  return rig.open('/mcp/x');
}

function send(headers: Record<string, string>, message: unknown): Promise<IncomingMessage> {
  const body = JSON.stringify(message);
  return rig.send('POST', '/mcp/x', { ...POST_HEADERS, ...headers }, body);
}

/** Reads to the end without keeping anything; answers how much it was. */
async function drain(response: IncomingMessage): Promise<number> {
  let bytes = 0;
  for await (const chunk of response) bytes += (chunk as Buffer).length;
  return bytes;
}

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

/** Bytes that nothing but garbage collection would not free. */
function held(): number {
  collect();
  const { arrayBuffers, heapUsed } = process.memoryUsage();
  return arrayBuffers + heapUsed;
}

/** The most that was held while `act` ran, above what was held before. */
async function heldWhile(act: () => Promise<void>): Promise<number> {
  const before = held();
  let most = 0;
  let pauseMs = 15;
  let over = false;
  const acting = act().finally(() => {
    over = true;
  });
  while (!over) {
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
    const startedMs = performance.now();
    most = Math.max(most, held() - before);
    // On a busy machine the looking must not take all the time there is.
    pauseMs = Math.max(15, 2 * (performance.now() - startedMs));
  }
  await acting;
  return most;
}

describe('a result of 64 MiB', () => {
  it.each([
    // Once, and what lies in the sockets and in the reading client, which lives in this process, too.
    ['over stdio as JSON', 'stdio' as const, 'application/json', 1.8 * LARGE],
    ['over stdio as a stream', 'stdio' as const, 'text/event-stream', 1.8 * LARGE],
    ['over HTTP', 'streamable_http' as const, 'application/json', 0.8 * LARGE],
  ])(
    'passes without being held twice %s',
    async (_case, transport, type, most) => {
      const headers = await serve(transport, { callTimeoutMs: 60_000 });
      // A stream is what a call becomes that takes longer than a fifth of a second.
      const wait: JsonObject = type === 'text/event-stream' ? { after_ms: 400 } : {};
      const accept: Record<string, string> = type === 'application/json' ? { accept: type } : {};
      const top = await heldWhile(async () => {
        const message = call(1, 'large', { bytes: LARGE, ...wait });
        const response = await send({ ...headers, ...accept }, message);
        expect(response.headers['content-type']).toBe(type);
        expect(await drain(response)).toBeGreaterThan(LARGE);
      });
      expect(top).toBeLessThan(most);
    },
    60_000,
  );

  it('is given back once its client is gone, or has read nothing for too long', async () => {
    const headers = await serve('stdio');
    const before = held();
    const sockets: Socket[] = [];
    rig.server.on('connection', (socket) => sockets.push(socket));
    const accept = { accept: 'application/json' };
    const response = await send({ ...headers, ...accept }, call(1, 'large', { bytes: LARGE }));
    response.pause();
    expect(held() - before).toBeGreaterThan(LARGE / 2);
    const socket = sockets.at(-1);
    expect(socket?.timeout).toBe(STALL_MS);
    // What the clock would do in a minute.
    socket?.emit('timeout');
    await until(() => socket?.destroyed === true);
    for (let turn = 0; turn < 40 && held() - before >= LARGE / 4; turn += 1) {
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    expect(held() - before).toBeLessThan(LARGE / 4);
  }, 60_000);

  it('stays with an HTTP upstream while its client does not read', async () => {
    const headers = await serve('streamable_http', { callTimeoutMs: 2_000 });
    const sockets: Socket[] = [];
    rig.server.on('connection', (socket) => sockets.push(socket));
    const before = held();
    const response = await send(headers, call(1, 'large', { bytes: LARGE }));
    response.pause();
    // Longer than the call's timeout: to wait for its client is no fault of the upstream.
    await new Promise((resolve) => setTimeout(resolve, 2_300));
    expect(held() - before).toBeLessThan(LARGE / 8);
    expect(endpoint.load.inFlight).toBe(1);
    const socket = sockets.at(-1);
    expect(socket?.timeout).toBe(STALL_MS);
    socket?.emit('timeout');
    await until(() => endpoint.load.inFlight === 0);
    expect(endpoint.load.failures).toBe(0);
  }, 60_000);
});

describe.each(KINDS)('a request to %s', (_name, transport) => {
  /** A tool call of exactly that many bytes. */
  const ofBytes = (bytes: number): Buffer => {
    const empty = JSON.stringify(call(1, 'size', { pad: '' }));
    return Buffer.from(JSON.stringify(call(1, 'size', { pad: 'x'.repeat(bytes - empty.length) })));
  };

  const post = (
    headers: Record<string, string>,
    body: Buffer,
    stated: boolean,
  ): Promise<{ status: number; text: string }> =>
    new Promise((resolve, reject) => {
      const length = stated ? { 'content-length': String(body.length) } : {};
      const options = {
        host: '127.0.0.1',
        port: rig.port,
        method: 'POST',
        path: '/mcp/x',
        headers: { ...POST_HEADERS, ...headers, ...length },
        agent: false as const,
      };
      const request = http.request(options, (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('end', () => {
          request.destroy();
          resolve({ status: response.statusCode ?? 0, text: Buffer.concat(chunks).toString() });
        });
      });
      request.on('error', reject);
      if (stated) request.end(body);
      else {
        request.write(body.subarray(0, body.length / 2));
        request.end(body.subarray(body.length / 2));
      }
    });

  it('of 64 MiB passes where the service allows it, and not a byte more', async () => {
    const headers = await serve(transport, { maxBodyBytes: LARGE });
    const taken = await post(headers, ofBytes(LARGE), true);
    expect(taken.status).toBe(200);
    expect(Number(/"text":"(\d+)"/.exec(taken.text)?.[1])).toBeGreaterThanOrEqual(LARGE - 64);
    for (const stated of [true, false]) {
      expect((await post(headers, ofBytes(LARGE + 1), stated)).status).toBe(413);
    }
  }, 60_000);
});

describe.each(KINDS)('a call that becomes a stream in front of %s', (_name, transport) => {
  const FIRST = { every_ms: 50, count: 1 };

  const ask = async (args: JsonObject, streamTimeoutMs: number | null): Promise<string> => {
    const flow = { ...DEFAULT_FLOW, streamTimeoutMs };
    const headers = await serve(transport, { callTimeoutMs: 800, flow, isolation: 'session' });
    const meta = { progressToken: 'p' };
    const response = await send(headers, call(1, 'notes', { progress: true, ...args }, meta));
    let text = '';
    for await (const chunk of response) text += String(chunk);
    return text.includes('"done"') ? 'done' : text.includes('call-timeout') ? 'timeout' : text;
  };

  it.each<[string, JsonObject, number | null, string]>([
    ['progress starts the timeout of the call anew', { every_ms: 450, count: 3 }, null, 'done'],
    ['silence ends it', { ...FIRST, hang: true }, null, 'timeout'],
    ['longer silence after a message is allowed', { ...FIRST, after_ms: 1_500 }, 10_000, 'done'],
    ['shorter silence is too long', { ...FIRST, after_ms: 600 }, 100, 'timeout'],
  ])('%s', async (_case, args, streamTimeoutMs, expected) => {
    expect(await ask(args, streamTimeoutMs)).toBe(expected);
  });
});

it('comments of an HTTP upstream keep no call alive', async () => {
  const flow = { ...DEFAULT_FLOW, streamTimeoutMs: 400 };
  const headers = await serve('streamable_http', { callTimeoutMs: 400, flow });
  const args = { count: 1, every_ms: 50, comments: true };
  const response = await send(headers, call(1, 'notes', args));
  let text = '';
  for await (const chunk of response) text += String(chunk);
  expect(text).toContain('call-timeout');
});
