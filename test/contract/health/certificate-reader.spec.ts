import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:tls';
import { createServer as createPlainServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from '@jest/globals';
import {
  certificateReader,
  type CertificateReading,
} from '../../../src/health/certificate-reader.js';
import { SystemClock } from '../../../src/kernel/clock.js';
import { serviceConfig } from '../../support/service-fixture.js';

const pem = (name: string): string =>
  readFileSync(join(import.meta.dirname, '..', '..', 'fixtures', 'tls', name), 'utf8');
const CA = pem('ca.pem');

const closing: (() => void)[] = [];

afterEach(() => {
  for (const close of closing.splice(0)) close();
});

async function listening(certificate: string): Promise<number> {
  const server: Server = createServer(
    { key: pem('server.key'), cert: pem(certificate) },
    (socket) => socket.on('error', () => undefined),
  );
  server.on('tlsClientError', () => undefined);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closing.push(() => server.close());
  return (server.address() as AddressInfo).port;
}

function read(
  url: string | null,
  over: {
    ca?: string | null;
    policy?: 'any' | 'public';
    command?: string;
    timeoutMs?: number;
  } = {},
): Promise<CertificateReading> {
  const { ca = '${file:/ca.pem}', policy = 'any', command = null, timeoutMs = 2_000 } = over;
  const egress = { policy, ownListeners: () => [] };
  const resolve = (text: string): Promise<string> =>
    Promise.resolve(text === '${file:/ca.pem}' ? CA : text);
  const { network } = serviceConfig({
    network: {
      url,
      connect_timeout_ms: timeoutMs,
      tls: { ca, cert: null, key: null, reject_unauthorized: true },
    },
  });
  return certificateReader(egress, new SystemClock(), resolve)(network, command);
}

function textOf(reading: CertificateReading): string {
  return reading !== null && 'text' in reading ? reading.text : '';
}

describe('certificateReader', () => {
  it('reads whose certificate it is, who issued it, and how long it is valid', async () => {
    const port = await listening('valid.pem');
    expect(await read(`https://localhost:${String(port)}/mcp`)).toEqual({
      host: 'localhost',
      subject: 'localhost',
      issuer: 'Switchyard Test Authority',
      validFromMs: Date.UTC(2020, 0, 1),
      validToMs: Date.UTC(2120, 0, 1),
      fault: null,
    });
  });

  it('reads what does not verify, and says why not', async () => {
    const expired = await listening('expired.pem');
    expect(await read(`https://localhost:${String(expired)}/`)).toMatchObject({
      fault: 'CERT_HAS_EXPIRED',
      validToMs: Date.UTC(2021, 0, 1),
    });
    const other = await listening('other-name.pem');
    expect(await read(`https://localhost:${String(other)}/`)).toMatchObject({
      fault: 'ERR_TLS_CERT_ALTNAME_INVALID',
    });
    const valid = await listening('valid.pem');
    expect(await read(`https://localhost:${String(valid)}/`, { ca: null })).toMatchObject({
      fault: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
    });
  });

  it('has nothing to read of what is not a remote https upstream', async () => {
    expect(await read(null)).toBeNull();
    expect(await read('http://localhost:1/')).toBeNull();
    expect(await read('https://localhost:1/', { command: 'node' })).toBeNull();
  });

  it('says why it could not be read', async () => {
    const server = createPlainServer((socket) => {
      socket.on('error', () => undefined);
      closing.push(() => socket.destroy());
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    closing.push(() => server.close());
    const { port } = server.address() as AddressInfo;
    const silent = await read(`https://localhost:${String(port)}/`, { timeoutMs: 200 });
    expect(textOf(silent)).toMatch(/time|handshake/);
    const denied = await read('https://127.0.0.1:1/', { policy: 'public' });
    expect(textOf(denied)).toContain('loopback');
  });
});
