import { expect } from '@jest/globals';
import { generateKeyPairSync } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { INITIALIZE, MCP_HEADERS, type MatrixRow, type MatrixWorld } from './matrix-world.js';
import { fixture, freePort, type Json } from '../../support/gateway-process.js';
import type { ObservedRemote } from './observed-remote.js';

const TLS = fixture('tls');
const pem = (name: string): string => readFileSync(join(TLS, name), 'utf8');
const file = (path: string): string => `\${file:${path}}`;
const CA = file(join(TLS, 'ca.pem'));
const REMOTE = { hosting_mode: 'streamable_http' };

const overTls = (world: MatrixWorld): Promise<ObservedRemote> =>
  world.remote({ cert: pem('valid.pem'), key: pem('server.key') });

const whereItIs: readonly MatrixRow[] = [
  {
    field: 'network.url',
    effect: 'a server elsewhere is asked',
    observe: async (world) => {
      const remote = await world.remote();
      const service = await world.reach(remote);
      expect(await service.statusOf('echo', { text: 'over there' })).toBe(200);
      const asked = remote.asked('tools/call').map(({ rpc }) => rpc.params.arguments.text);
      expect(asked).toContain('over there');
    },
  },
  {
    field: 'network.headers',
    effect: 'each request carries them, references filled in',
    observe: async (world) => {
      const remote = await world.remote();
      const authorization = 'Bearer ${env:SWITCHYARD_SECRET_MATRIX}';
      await world.reach(remote, { network: { headers: { 'x-team': 'geo', authorization } } });
      for (const { headers } of remote.seen) {
        expect(headers).toMatchObject({ 'x-team': 'geo', authorization: 'Bearer of the matrix' });
      }
      expect(remote.seen.length).toBeGreaterThan(1);
    },
  },
  {
    field: 'network.port',
    effect: 'a command that listens does so there',
    observe: async (world) => {
      const port = await freePort();
      const runtime = { command: 'node', args: [fixture('knobbed-http.mjs')] };
      const service = await world.add({ runtime, network: { port } }, REMOTE);
      service.mustServe();
      const answer = await fetch(`http://127.0.0.1:${String(port)}/mcp`);
      expect(answer.status).toBe(405);
    },
  },
  {
    field: 'network.path',
    effect: 'a command that listens is asked there',
    observe: async (world) => {
      const runtime = { command: 'node', args: [fixture('knobbed-http.mjs'), 'path=/own/place'] };
      (await world.add({ runtime, network: { path: '/own/place' } }, REMOTE)).mustServe();
      expect((await world.add({ runtime }, REMOTE)).failure).toMatch(/^upstream\./);
    },
  },
  {
    field: 'network.connect_timeout_ms',
    effect: 'a server that does not take the connection is given up sooner',
    observe: async (world) => {
      const silent = createServer((socket) => socket.on('error', () => undefined));
      await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
      world.onClose(() => Promise.resolve(silent.close()));
      const { port } = silent.address() as AddressInfo;
      const network = { url: `https://localhost:${String(port)}/mcp`, connect_timeout_ms: 200 };
      const startedAt = performance.now();
      const { failure } = await world.add({ network }, REMOTE);
      expect(failure).toBe('upstream.connect-timeout');
      expect(performance.now() - startedAt).toBeLessThan(4_500);
    },
  },
];

const tls: readonly MatrixRow[] = [
  {
    field: 'network.tls.ca',
    effect: 'a server with a certificate of that authority is trusted',
    observe: async (world) => {
      const remote = await overTls(world);
      await world.reach(remote, { network: { tls: { ca: CA } } });
      const distrusting = await world.add({ network: { url: remote.url } }, REMOTE);
      expect(distrusting.failure).toBe('upstream.tls-failed');
    },
  },
  {
    field: 'network.tls.cert',
    effect: 'the server is shown that certificate',
    observe: async (world) => {
      const remote = await overTls(world);
      await world.reach(remote, { network: { tls: { ca: CA } } });
      expect(remote.seen.every(({ peer }) => peer === null)).toBe(true);
      const key = file(join(TLS, 'server.key'));
      const own = { ca: CA, cert: pem('valid.pem'), key };
      await world.reach(remote, { network: { tls: own } });
      expect(remote.seen.at(-1)?.peer).toBe('localhost');
    },
  },
  {
    field: 'network.tls.key',
    effect: 'the certificate goes with that key and with no other',
    observe: async (world) => {
      const remote = await overTls(world);
      const other = join(world.dir, 'other.key');
      const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
      writeFileSync(other, privateKey.export({ type: 'pkcs8', format: 'pem' }));
      const own = { ca: CA, cert: pem('valid.pem'), key: file(other) };
      const refused = await world.add({ network: { url: remote.url, tls: own } }, REMOTE);
      expect(refused.failure).toMatch(/^upstream\./);
      expect(remote.seen).toEqual([]);
    },
  },
  {
    field: 'network.tls.reject_unauthorized',
    effect: 'a certificate that cannot be verified is put up with',
    observe: async (world) => {
      const remote = await overTls(world);
      const trusting = { network: { tls: { reject_unauthorized: false } } };
      const service = await world.reach(remote, trusting);
      expect(await service.statusOf('echo')).toBe(200);
    },
  },
];

const limits: readonly MatrixRow[] = [
  {
    field: 'network.max_body_bytes',
    effect: 'a larger request is 413',
    observe: async (world) => {
      const small = await world.reveal({ network: { max_body_bytes: 2_048 } });
      const usual = await world.reveal();
      const body = `${INITIALIZE}${' '.repeat(4_000)}`;
      const sent = ({ name }: { name: string }) =>
        world.raw('POST', `/mcp/${name}`, MCP_HEADERS, body);
      expect((await sent(small)).status).toBe(413);
      expect((await sent(usual)).status).toBe(200);
    },
  },
  {
    field: 'network.max_sessions',
    effect: 'one session more is refused',
    observe: async (world) => {
      const one = await world.reveal({ network: { max_sessions: 1 } });
      await one.client();
      await expect(one.client()).rejects.toThrow();
      const usual = await world.reveal();
      await usual.client();
      await usual.client();
    },
  },
  {
    field: 'network.circuit.failures',
    effect: 'calls are kept away after one failure',
    observe: async (world) => {
      const refusals = async (network: Json): Promise<Json[]> => {
        const remote = await world.remote();
        const service = await world.reach(remote, { network });
        await remote.stop();
        const first = await service.call('echo');
        const second = await service.call('echo');
        return [first.body.reason ?? null, second.body.reason ?? null];
      };
      expect((await refusals({ circuit: { failures: 1 } }))[1]).toBe('circuit-open');
      expect(await refusals({})).not.toContain('circuit-open');
    },
  },
  {
    field: 'network.circuit.open_ms',
    effect: 'they are kept away for so long',
    observe: async (world) => {
      const remote = await world.remote();
      const circuit = { failures: 1, open_ms: 90_000 };
      const service = await world.reach(remote, { network: { circuit } });
      await remote.stop();
      await service.call('echo');
      const refused = await service.call('echo');
      expect(refused.body.reason).toBe('circuit-open');
      expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(60);
    },
  },
];

const ORIGIN = 'https://console.example';

async function fromPage(world: MatrixWorld, cors: Json, method = 'POST', more: Json = {}) {
  const { name } = await world.reveal({ network: { cors } });
  const headers = { ...MCP_HEADERS, origin: ORIGIN, ...more };
  return world.raw(method, `/mcp/${name}`, headers, method === 'POST' ? INITIALIZE : '');
}

const PREFLIGHT = { 'access-control-request-method': 'POST' };

const pages: readonly MatrixRow[] = [
  {
    field: 'network.cors.origins',
    effect: 'a page of that origin may use this service and nothing else',
    observe: async (world) => {
      const origins = [ORIGIN];
      const let_in = await fromPage(world, { origins });
      expect(let_in.status).toBe(200);
      expect(let_in.headers['access-control-allow-origin']).toBe(ORIGIN);
      const asked = await fromPage(world, { origins }, 'OPTIONS', PREFLIGHT);
      expect([asked.status, asked.headers['access-control-allow-origin']]).toEqual([204, ORIGIN]);
      expect((await fromPage(world, {})).status).toBe(403);
      expect((await fromPage(world, {}, 'OPTIONS', PREFLIGHT)).status).toBe(403);
      const elsewhere = await world.raw('GET', '/api/v1/services', { origin: ORIGIN });
      expect(elsewhere.status).toBe(403);
    },
  },
  {
    field: 'network.cors.methods',
    effect: 'a page may use these alone',
    observe: async (world) => {
      const cors = { origins: [ORIGIN], methods: ['POST'] };
      expect((await fromPage(world, cors)).status).toBe(200);
      expect((await fromPage(world, cors, 'DELETE')).status).toBe(403);
      const { headers } = await fromPage(world, cors, 'OPTIONS', PREFLIGHT);
      expect(headers['access-control-allow-methods']).toBe('POST');
      expect((await fromPage(world, { origins: [ORIGIN] }, 'DELETE')).status).not.toBe(403);
    },
  },
  {
    field: 'network.cors.headers',
    effect: 'a page is told that it may send them',
    observe: async (world) => {
      const cors = { origins: [ORIGIN] };
      const told = async (headers: string[]) => {
        const answer = await fromPage(world, { ...cors, headers }, 'OPTIONS', PREFLIGHT);
        return answer.headers['access-control-allow-headers'];
      };
      expect(await told(['x-team'])).toMatch(/mcp-session-id.*x-team/);
      expect(await told([])).not.toContain('x-team');
    },
  },
];

const connections: readonly MatrixRow[] = [
  {
    field: 'network.keep_alive.idle_ms',
    effect: 'each request has a connection of its own',
    observe: async (world) => {
      const used = async (keep_alive: Json): Promise<number> => {
        const remote = await world.remote();
        const service = await world.reach(remote, { network: { keep_alive } });
        const before = remote.asked('tools/call').length;
        for (let at = 0; at < 4; at += 1) expect(await service.statusOf('echo')).toBe(200);
        const calls = remote.asked('tools/call').slice(before);
        return new Set(calls.map(({ connection }) => connection)).size;
      };
      expect(await used({ idle_ms: 0 })).toBe(4);
      expect(await used({})).toBeLessThan(4);
    },
  },
  {
    field: 'network.keep_alive.connections',
    effect: 'no more calls reach the server at once',
    observe: async (world) => {
      const most = async (keep_alive: Json): Promise<number> => {
        const remote = await world.remote();
        const service = await world.reach(remote, { network: { keep_alive } });
        await Promise.all([1, 2, 3].map(() => service.call('echo', { ms: 400 })));
        return remote.mostAtOnce;
      };
      expect(await most({ connections: 1 })).toBe(1);
      expect(await most({})).toBeGreaterThan(1);
    },
  },
];

export const NETWORK_ROWS: readonly MatrixRow[] = [
  ...whereItIs,
  ...tls,
  ...limits,
  ...pages,
  ...connections,
];

export const networkEnv = (dir: string): Readonly<Record<string, string>> => ({
  SWITCHYARD_SECRET_MATRIX: 'of the matrix',
  SWITCHYARD_SECRET_DIRS: `${TLS},${dir}`,
});
