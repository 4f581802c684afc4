import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { ListeningServer } from '../support/listening-server.js';
import type { FailureCase } from './failure-case.js';
import type { FailurePlace } from './failure-place.js';

const HOST = 'failing.internal';
const mend = (place: FailurePlace): void => {
  place.behave('well');
};
const remote = async (place: FailurePlace): Promise<void> => {
  place.kept.set('server', await place.registerRemote());
};
const serverOf = (place: FailurePlace): ListeningServer =>
  place.kept.get('server') as ListeningServer;

/** Three runs of a basic check and their timeouts. Tries to reach it again are at most 15 s apart. */
const AWAY = { level: 'unhealthy', withinMs: 6_500, recoversMs: 18_000 } as const;

/** What happens to servers that are somewhere else. */
export const REMOTE_FAILURES: readonly FailureCase[] = [
  {
    name: 'dead',
    injected: 'the port accepts, and nothing is answered',
    setUp: remote,
    fail: (place) => {
      place.behave('dead');
    },
    mend,
    expect: { ...AWAY, reasons: ['HandshakeTimeout', 'PingFailed', 'CircuitOpen'] },
  },
  {
    name: 'paused-remote',
    injected: 'SIGSTOP to a remote server',
    setUp: remote,
    fail: (place) => {
      process.kill(serverOf(place).pid, 'SIGSTOP');
    },
    mend: (place) => {
      process.kill(serverOf(place).pid, 'SIGCONT');
    },
    expect: { ...AWAY, reasons: ['HandshakeTimeout', 'PingFailed', 'CircuitOpen'] },
  },
  {
    name: 'tls-expired',
    injected: 'the certificate of the server has run out',
    setUp: secured,
    fail: (place) => {
      place.behave('well', { certificate: 'expired' });
    },
    mend,
    expect: { ...AWAY, reasons: ['TlsFailed', 'CircuitOpen'] },
  },
  {
    name: 'unauthorized',
    injected: 'the server answers 401',
    setUp: remote,
    fail: (place) => {
      place.behave('unauthorized');
    },
    mend,
    // Why not by itself: repeating refused credentials locks accounts.
    operator: async (place) => {
      await place.gateway.request('POST', `/api/v1/services/${place.service}/activate`);
    },
    expect: { ...AWAY, withinMs: 2_000, reasons: ['Unauthorized'] },
  },
  {
    name: 'too-many',
    injected: 'the server answers 429 with Retry-After: 2',
    setUp: remote,
    fail: (place) => {
      place.behave('too-many');
    },
    mend,
    expect: { ...AWAY, reasons: ['RateLimited'] },
  },
  {
    name: 'dns-gone',
    injected: 'the name of the server has no address any more, and its connections end',
    setUp: named,
    fail: async (place) => {
      place.surround({ unresolved: [HOST] });
      await breakConnections(place);
    },
    mend: (place) => {
      place.surround({ resolved: [HOST] });
    },
    expect: { ...AWAY, reasons: ['DnsFailed', 'CircuitOpen'] },
  },
  {
    name: 'half-open',
    injected: 'every open connection is dead without a word; new ones work',
    setUp: proxied,
    fail: (place) => {
      (place.kept.get('proxy') as SilentProxy).freeze();
    },
    mend: () => undefined,
    lastsMs: 6_000,
    expect: { level: 'healthy', reasons: [], withinMs: 0, recoversMs: 3_000 },
  },
];

async function named(place: FailurePlace): Promise<void> {
  place.surround({ resolved: [HOST] });
  const proxy = await SilentProxy.start((await place.listen()).port);
  place.onClose(() => proxy.stop());
  place.kept.set('proxy', proxy);
  await new Promise((resolve) => setTimeout(resolve, 300));
  await place.registerUrl({ url: `http://${HOST}:${String(proxy.port)}/mcp` });
}

async function breakConnections(place: FailurePlace): Promise<void> {
  // The file that names what is resolved is looked at every 50 ms.
  await new Promise((resolve) => setTimeout(resolve, 200));
  (place.kept.get('proxy') as SilentProxy).cut();
}

async function proxied(place: FailurePlace): Promise<void> {
  const proxy = await SilentProxy.start((await place.listen()).port);
  place.onClose(() => proxy.stop());
  place.kept.set('proxy', proxy);
  await place.registerUrl({ url: `http://127.0.0.1:${String(proxy.port)}/mcp` });
}

async function secured(place: FailurePlace): Promise<void> {
  const directory = join(place.directory, 'tls');
  makeCertificates(directory);
  const { port } = await place.listen(directory);
  const ca = readFileSync(join(directory, 'ca.crt'), 'utf8');
  await place.registerUrl({ url: `https://localhost:${String(port)}/mcp`, tls: { ca } });
}

/** An authority of our own, with two certificates for this machine: one that is valid and one that has run out. */
function makeCertificates(directory: string): void {
  mkdirSync(directory, { recursive: true });
  const openssl = (line: string, ...more: string[]): void => {
    execFileSync('openssl', [...line.split(' '), ...more], { cwd: directory, stdio: 'pipe' });
  };
  const key = '-newkey rsa:2048 -nodes';
  openssl(`req -x509 ${key} -keyout ca.key -out ca.crt -days 30`, '-subj', '/CN=failing authority');
  const names = 'subjectAltName=DNS:localhost,IP:127.0.0.1';
  openssl(
    `req ${key} -keyout server.key -out server.csr -addext ${names}`,
    '-subj',
    '/CN=localhost',
  );
  const sign = 'x509 -req -in server.csr -CA ca.crt -CAkey ca.key -copy_extensions copy';
  openssl(`${sign} -CAcreateserial -days 30 -out good.crt`);
  openssl(`${sign} -days -1 -out expired.crt`);
}

/** Passes bytes both ways until told to swallow them, as a network does whose other end has lost its power. */
class SilentProxy {
  private readonly sockets = new Set<Socket>();
  private readonly frozen = new WeakSet<Socket>();

  private constructor(
    private readonly server: ReturnType<typeof createServer>,
    readonly port: number,
  ) {}

  static async start(targetPort: number): Promise<SilentProxy> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const proxy = new SilentProxy(server, (server.address() as AddressInfo).port);
    server.on('connection', (near) => {
      const far = connect(targetPort, '127.0.0.1');
      proxy.join(near, far);
      proxy.join(far, near);
    });
    return proxy;
  }

  freeze(): void {
    for (const socket of this.sockets) this.frozen.add(socket);
  }

  /** Ends every connection, as its end would have it. */
  cut(): void {
    for (const socket of this.sockets) socket.destroy();
  }

  stop(): void {
    this.cut();
    this.server.close();
  }

  private join(from: Socket, to: Socket): void {
    this.sockets.add(from);
    from.on('data', (chunk: Buffer) => {
      if (!this.frozen.has(from)) to.write(chunk);
    });
    from.on('close', () => {
      this.sockets.delete(from);
      if (!this.frozen.has(from)) to.destroy();
    });
    from.on('error', () => undefined);
  }
}
