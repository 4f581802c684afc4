// HOT PATH
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Principal } from '../auth/principal.js';
import { eraOf, isKnownVersion, LEGACY_VERSIONS } from '../protocol/protocol-version.js';
import { RPC, RpcError } from '../protocol/rpc-error.js';
import type { Endpoint } from './endpoint.js';

const LATEST_LEGACY = LEGACY_VERSIONS[0];
const USUAL_ACCEPT = 'application/json, text/event-stream';

export interface Admission {
  readonly endpoint: Endpoint;
  readonly principal: Principal;
  /** Gateways the request came through before this one. */
  readonly hops: number;
}

/** A data plane request that has passed the gate, with what was found out about it. One object per request. */
export class Inbound {
  readonly endpoint: Endpoint;
  readonly principal: Principal;
  readonly hops: number;
  readonly acceptsJson: boolean;
  readonly acceptsStream: boolean;

  constructor(
    readonly request: IncomingMessage,
    readonly response: ServerResponse,
    readonly requestId: string,
    /** Without query. */
    readonly path: string,
    { endpoint, principal, hops }: Admission,
  ) {
    this.endpoint = endpoint;
    this.principal = principal;
    this.hops = hops;
    const accept = request.headers.accept;
    if (accept === undefined || accept === USUAL_ACCEPT || accept.includes('*/*')) {
      this.acceptsJson = true;
      this.acceptsStream = true;
    } else {
      const text = accept.toLowerCase();
      this.acceptsJson = text.includes('application/json') || text.includes('application/*');
      this.acceptsStream = text.includes('text/event-stream') || text.includes('text/*');
    }
  }

  /** The same request at the endpoint that has taken the place of its own. */
  at(endpoint: Endpoint): Inbound {
    if (endpoint === this.endpoint) return this;
    const { request, response, requestId, path, principal, hops } = this;
    return new Inbound(request, response, requestId, path, { endpoint, principal, hops });
  }

  /** Whether the version header is one of a revision without sessions. */
  get stateless(): boolean {
    const version = this.request.headers['mcp-protocol-version'];
    return typeof version === 'string' && version > LATEST_LEGACY && eraOf(version) === 'modern';
  }

  get sessionId(): string | undefined {
    const id = this.request.headers['mcp-session-id'];
    return typeof id === 'string' ? id : undefined;
  }

  get lastEventId(): string | null {
    const id = this.request.headers['last-event-id'];
    return typeof id === 'string' && id !== '' ? id : null;
  }

  /** A version we do not speak is 400 (2025-11-25, Streamable HTTP, protocol version header). `agreed` needs no look-up. */
  versionFault(agreed: string | null): RpcError | null {
    const version = this.request.headers['mcp-protocol-version'];
    if (version === undefined || version === agreed) return null;
    if (typeof version === 'string' && isKnownVersion(version)) return null;
    return new RpcError(
      RPC.invalidRequest,
      'The MCP-Protocol-Version is not supported',
      { supported: LEGACY_VERSIONS },
      400,
    );
  }
}

export type BodyFault = 'too-large' | 'encoded';

/**
 * Reads the whole body and hands it over once; nothing is handed over when the client goes away first. A body of stated
 * length that arrives in one piece is not copied, others are copied once, into a buffer of that length.
 */
export function readBody(
  request: IncomingMessage,
  maxBytes: number,
  done: (body: Buffer | BodyFault) => void,
): void {
  const { headers } = request;
  const encoding = headers['content-encoding'];
  if (encoding !== undefined && encoding !== 'identity') {
    done('encoded');
    return;
  }
  const length = headers['content-length'];
  const expected = length === undefined ? -1 : Number(length);
  if (expected > maxBytes) {
    done('too-large');
    return;
  }
  if (expected >= 0) readStated(request, expected, done);
  else readChunked(request, maxBytes, done);
}

/** Node's parser holds the body to its stated length. */
function readStated(
  request: IncomingMessage,
  expected: number,
  done: (body: Buffer | BodyFault) => void,
): void {
  let whole: Buffer | null = null;
  let at = 0;
  request.on('data', (chunk: Buffer) => {
    if (chunk.length === expected) {
      whole = chunk;
      at = expected;
      return;
    }
    whole ??= Buffer.allocUnsafe(expected);
    at += chunk.copy(whole, at);
  });
  request.on('end', () => {
    if (at === expected) done(whole ?? Buffer.alloc(0));
  });
}

function readChunked(
  request: IncomingMessage,
  maxBytes: number,
  done: (body: Buffer | BodyFault) => void,
): void {
  let parts: Buffer[] = [];
  let held = 0;
  let over = false;
  request.on('data', (chunk: Buffer) => {
    if (over) return;
    held += chunk.length;
    parts.push(chunk);
    if (held <= maxBytes) return;
    over = true;
    parts = [];
    done('too-large');
  });
  request.on('end', () => {
    if (!over) done(parts.length === 1 ? (parts[0] as Buffer) : Buffer.concat(parts));
  });
}
