import { TLSSocket, type PeerCertificate } from 'node:tls';
import type { ServiceConfig } from '../config/service-config.js';
import type { Clock } from '../kernel/clock.js';
import { checkedConnector, connectionError, type Egress } from '../upstream/connector.js';

/** The certificate that a remote upstream presents. */
export interface CertificateFacts {
  readonly host: string;
  readonly subject: string;
  readonly issuer: string;
  /** Milliseconds since the epoch. */
  readonly validFromMs: number;
  readonly validToMs: number;
  /** Code of what verification says against it (`CERT_HAS_EXPIRED`, …); `null`: it is trusted. */
  readonly fault: string | null;
}

/** `text`: why it could not be read. `null`: there is none to read. */
export type CertificateReading = CertificateFacts | { readonly text: string } | null;

/** Reads the certificate of the upstream of a configuration by a handshake of its own. Never rejects. */
export type ReadCertificate = (
  network: ServiceConfig['network'],
  command: string | null,
) => Promise<CertificateReading>;

/**
 * Goes the way that calls go: the same guard of addresses, the same authorities. Why without refusing what does not verify:
 * the facts are wanted of exactly such certificates, and nothing is sent over the connection.
 */
export function certificateReader(
  egress: Egress,
  clock: Clock,
  resolve: (text: string) => Promise<string>,
): ReadCertificate {
  return async (network, command) => {
    const { url, tls, connect_timeout_ms } = network;
    if (command !== null || url === null || !URL.canParse(url)) return null;
    const { protocol, hostname, port } = new URL(url);
    if (protocol !== 'https:') return null;
    try {
      const [ca, cert, key] = await Promise.all(
        [tls.ca, tls.cert, tls.key].map(async (text) => (text === null ? null : resolve(text))),
      );
      const spec = {
        connectTimeoutMs: connect_timeout_ms,
        tls: { ca: ca ?? null, cert: cert ?? null, key: key ?? null, rejectUnauthorized: false },
      };
      const at = port === '' ? 443 : Number(port);
      const socket = await connected(spec, hostname, at, egress, clock);
      const facts = factsOf(socket, hostname);
      socket.destroy();
      return facts ?? { text: `${hostname} presented no certificate` };
    } catch (error) {
      return { text: connectionError(error, hostname).message };
    }
  };
}

function connected(
  spec: Parameters<typeof checkedConnector>[0],
  hostname: string,
  port: number,
  egress: Egress,
  clock: Clock,
): Promise<TLSSocket> {
  const connector = checkedConnector(spec, port, egress);
  return new Promise((resolve, reject) => {
    let late = false;
    const cancel = clock.schedule(spec.connectTimeoutMs, () => {
      late = true;
      reject(new Error(`no handshake within ${String(spec.connectTimeoutMs)} ms`));
    });
    connector({ hostname, port: String(port), protocol: 'https:' }, (error, socket) => {
      cancel();
      if (error !== null) reject(error);
      else if (late || !(socket instanceof TLSSocket)) socket.destroy();
      else resolve(socket);
    });
  });
}

function factsOf(socket: TLSSocket, host: string): CertificateFacts | null {
  const certificate: Partial<PeerCertificate> = socket.getPeerCertificate();
  const { subject, issuer, valid_from, valid_to } = certificate;
  if (valid_from === undefined || valid_to === undefined) return null;
  return {
    host,
    subject: nameOf(subject),
    issuer: nameOf(issuer),
    validFromMs: Date.parse(valid_from),
    validToMs: Date.parse(valid_to),
    fault: socket.authorized ? null : faultOf(socket.authorizationError),
  };
}

/** Node gives a code as text where its types promise an error. */
function faultOf(error: unknown): string {
  if (typeof error === 'string') return error;
  if (error instanceof Error) return 'code' in error ? String(error.code) : error.message;
  return 'UNTRUSTED';
}

function nameOf(name: PeerCertificate['subject'] | undefined): string {
  const [found] = [name?.CN, name?.O].filter((one) => one !== undefined);
  return Array.isArray(found) ? String(found[0]) : (found ?? 'unnamed');
}
