import { describe, expect, it } from '@jest/globals';
import { createServer, type AddressInfo } from 'node:net';
import { checkedConnector, connectionError, type Egress, type Lookup } from './connector.js';
import { UpstreamError } from './upstream.errors.js';

const REMOTE = { connectTimeoutMs: 1000, tls: null };

function egress(policy: Egress['policy']): Egress {
  return { policy, ownListeners: () => [] };
}

/** A resolver that knows these addresses for every name. */
function resolver(...addresses: string[]): Lookup {
  const lookup = (_host: string, _options: unknown, done: (...found: unknown[]) => void): void => {
    done(
      addresses.length === 0
        ? Object.assign(new Error('no such name'), { code: 'ENOTFOUND' })
        : null,
      addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
    );
  };
  return lookup as unknown as Lookup;
}

function connect(
  hostname: string,
  port: number,
  policy: Egress | null,
  lookup: Lookup,
): Promise<string> {
  const connector = checkedConnector(REMOTE, port, policy, lookup);
  return new Promise((resolve) => {
    connector({ hostname, protocol: 'http:', port: String(port) }, (error, socket) => {
      socket?.destroy();
      resolve(error === null ? 'connected' : connectionError(error, 'http://x').code);
    });
  });
}

describe('checkedConnector', () => {
  it('checks what the name resolves to, and connects only there', async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const names = resolver('169.254.169.254', '127.0.0.1');
    expect(await connect('any.test', port, egress('any'), names)).toBe('connected');
    expect(await connect('any.test', port, egress('public'), names)).toBe('egress-denied');
    await new Promise((resolve) => server.close(resolve));
  });

  it.each([
    ['a name without an address', 'any.test', resolver(), 'dns-failed'],
    ['a name of a metadata service', 'any.test', resolver('169.254.169.254'), 'egress-denied'],
    ['a literal', '[fe80::1]', resolver(), 'egress-denied'],
  ])('refuses %s', async (_name, host, lookup, code) => {
    expect(await connect(host, 9, egress('any'), lookup)).toBe(code);
  });

  it('tells of certificates that cannot be read, rather than to throw it', async () => {
    const tls = { ca: null, cert: 'no certificate', key: 'no key', rejectUnauthorized: true };
    const connector = checkedConnector({ ...REMOTE, tls }, 9, egress('any'), resolver('127.0.0.1'));
    const error = await new Promise((resolve) => {
      connector(
        { hostname: 'any.test', protocol: 'https:', port: '9' },
        (...[failure]: readonly unknown[]) => {
          resolve(failure);
        },
      );
    });
    expect(connectionError(error, 'https://x').code).toBe('tls-failed');
  });
});

describe('connectionError', () => {
  it.each<[string, unknown, string, boolean]>([
    ['refused', { code: 'ECONNREFUSED', message: 'm' }, 'connect-refused', false],
    ['refused everywhere', { errors: [{ code: 'ECONNREFUSED' }] }, 'connect-refused', false],
    ['late', { code: 'UND_ERR_CONNECT_TIMEOUT' }, 'connect-timeout', false],
    ['a certificate', { code: 'DEPTH_ZERO_SELF_SIGNED_CERT' }, 'tls-failed', false],
    ['another name in it', { code: 'ERR_TLS_CERT_ALTNAME_INVALID' }, 'tls-failed', false],
    ['cut', { code: 'ECONNRESET', message: 'reset' }, 'disconnected', true],
    ['anything', 'text', 'disconnected', true],
  ])('%s', (_name, error, code, mayHaveRun) => {
    expect(connectionError(error, 'http://x')).toMatchObject({ code, facts: { mayHaveRun } });
  });

  it('leaves our own errors as they are', () => {
    const own = new UpstreamError('stopped', 's');
    expect(connectionError(own, 'http://x')).toBe(own);
  });
});
