import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { GatewayProcess, eventually, fixture } from '../support/gateway-process.js';
import type { Json } from '../support/gateway-process.js';

const pem = (name: string): string => readFileSync(fixture(join('tls', name)), 'utf8');
const KEY = 'key-of-the-operator';
const TOOL = { name: 'now', inputSchema: { type: 'object' }, annotations: { readOnlyHint: true } };

let gateway: GatewayProcess;

beforeAll(async () => {
  gateway = await GatewayProcess.start();
}, 60_000);

afterAll(async () => {
  await gateway.dispose();
}, 30_000);

/** A remote MCP server over https whose certificate may be exchanged while it serves. */
class Remote {
  private constructor(
    private readonly server: Server,
    readonly url: string,
  ) {}

  static async listen(certificate: string): Promise<Remote> {
    const server = createServer({ key: pem('server.key'), cert: pem(certificate) });
    server.on('request', (request, response) => {
      if (request.method !== 'POST') {
        response.writeHead(405).end();
        return;
      }
      let body = '';
      request.on('data', (chunk: Buffer) => (body += chunk.toString()));
      request.on('end', () => {
        const message = JSON.parse(body) as Json;
        if (message.id === undefined) {
          response.writeHead(202).end();
          return;
        }
        const result = resultOf(message);
        const answer = result === null ? { error: { code: -32601, message: 'no' } } : { result };
        response
          .writeHead(200, { 'content-type': 'application/json' })
          .end(JSON.stringify({ jsonrpc: '2.0', id: message.id, ...answer }));
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    return new Remote(server, `https://localhost:${String(port)}/mcp`);
  }

  present(certificate: string): void {
    this.server.setSecureContext({ key: pem('server.key'), cert: pem(certificate) });
  }

  close(): void {
    this.server.closeAllConnections();
    this.server.close();
  }
}

function resultOf({ method, params }: Json): object | null {
  switch (method) {
    case 'initialize':
      return {
        protocolVersion: params.protocolVersion,
        capabilities: { tools: {} },
        serverInfo: { name: 'remote', version: '1.0.0' },
      };
    case 'tools/list':
      return { tools: [TOOL] };
    case 'tools/call':
      return { content: [{ type: 'text', text: 'noon' }] };
    case 'ping':
      return {};
    default:
      return null;
  }
}

async function read(path: string): Promise<Json> {
  return (await gateway.request('GET', `/api/v1/services/${path}`)).body;
}

async function securityCheck(name: string): Promise<Json> {
  const { checks } = await read(`${name}/health`);
  return (checks as Json[]).find(({ kind }) => kind === 'security');
}

describe('the certificate of a remote upstream', () => {
  it('keeps callers away once it has expired, and lets them in by itself when it is renewed', async () => {
    const remote = await Remote.listen('valid.pem');
    try {
      const created = await gateway.register({
        name: 'remote',
        hosting_mode: 'streamable_http',
        config: {
          network: { url: remote.url, tls: { ca: pem('ca.pem') } },
          monitoring: { checks: [{ kind: 'security', interval_ms: 1_000 }] },
        },
      });
      expect([created.status, created.body.state]).toEqual([201, 'active']);
      const call = () => gateway.request('POST', '/api/v1/services/remote/tools/now', {});
      expect((await call()).status).toBe(200);
      await eventually(async () => {
        const { last } = await securityCheck('remote');
        return (last?.evidence as string | undefined)?.includes('Switchyard Test Authority');
      });
      remote.present('expired.pem');
      const refused = await eventually(async () => {
        const answer = await call();
        return answer.status === 503 && answer;
      });
      expect(refused.body).toMatchObject({ reason: 'CertificateExpired' });
      expect(refused.body.detail).toContain('2021-01-01');
      remote.present('other-name.pem');
      await eventually(async () => (await read('remote/health')).reason === 'CertificateInvalid');
      remote.present('valid.pem');
      await eventually(async () => (await call()).status === 200, 20_000);
      expect((await read('remote/health')).level).toBe('healthy');
    } finally {
      remote.close();
    }
  }, 60_000);

  it('that has expired is the stated reason for which a service does not come up', async () => {
    const remote = await Remote.listen('expired.pem');
    try {
      const created = await gateway.register({
        name: 'expired',
        hosting_mode: 'streamable_http',
        config: { network: { url: remote.url, tls: { ca: pem('ca.pem') } } },
      });
      expect(created.status).toBe(422);
      expect(JSON.stringify(created.body)).toContain('certificate has expired');
      expect(JSON.stringify(created.body)).toContain('Renew the certificate');
    } finally {
      remote.close();
    }
  }, 60_000);
});

describe('the endpoint of a service', () => {
  it('is asked by real requests that leave no trace in what callers did', async () => {
    const created = await gateway.register({
      name: 'guarded',
      hosting_mode: 'stdio',
      config: {
        runtime: { command: 'node', args: [fixture('knobbed-server.mjs')], isolation: 'shared' },
        security: { authentication: { required: true }, rate_limit: { requests: 1 } },
      },
    });
    expect([created.status, created.body.state]).toEqual([201, 'active']);
    const { last, status } = await eventually(async () => {
      const found = await securityCheck('guarded');
      return (found.last?.evidence as string | undefined)?.includes('Origin') && found;
    });
    expect(status).toBe('passing');
    expect(last.evidence).toContain('a request without credentials is refused');
    expect(last.evidence).toContain('a foreign Origin is refused');
    const usage = await read('guarded/usage');
    expect(JSON.stringify(usage)).not.toContain('"refused":1');
  }, 60_000);

  it('must refuse whoever has no key, where there are keys', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'switchyard-keys-'));
    const file = join(folder, 'keys.json');
    const sha256 = createHash('sha256').update(KEY).digest('hex');
    const entry = { id: 'op', sha256, scopes: ['admin'], services: null, expires_at: null };
    writeFileSync(file, JSON.stringify({ keys: [entry] }), { mode: 0o600 });
    const locked = await GatewayProcess.start({ env: { SWITCHYARD_API_KEYS_FILE: file } });
    try {
      const headers = { authorization: `Bearer ${KEY}` };
      const runtime = { command: 'node', args: [fixture('knobbed-server.mjs')] };
      const created = await locked.register(
        { name: 'locked', hosting_mode: 'stdio', config: { runtime } },
        headers,
      );
      expect([created.status, created.body.state]).toEqual([201, 'active']);
      await eventually(async () => {
        const path = '/api/v1/services/locked/health';
        const { checks } = (await locked.request('GET', path, undefined, headers)).body;
        const { last } = (checks as Json[]).find(({ kind }) => kind === 'security');
        return (last?.evidence as string | undefined)?.includes('without credentials is refused');
      });
    } finally {
      await locked.dispose();
      rmSync(folder, { recursive: true, force: true });
    }
  }, 60_000);
});
