// HOT PATH
import type { ExchangeHandle, ExchangeSink } from '../upstream/upstream.js';
import type { UpstreamError } from '../upstream/upstream.errors.js';
import { RpcError } from '../protocol/rpc-error.js';
import { sseFrame } from '../protocol/sse.js';
import { AnswerPipe, credentialsRefused, isAboutOurCredentials } from './answer-pipe.js';
import type { Inbound } from './inbound.js';
import type { Link } from './link.js';
import { rpcErrorOf } from './wire-error.js';

const NEWLINE = 10;
const RETURN = 13;

export interface ListenOwner {
  relayGone(relay: ListenRelay): void;
}

/** The standing GET stream (or a resumption) of an HTTP upstream, passed through with its event ids. */
export class ListenRelay implements ExchangeSink {
  private readonly pipe: AnswerPipe;
  /** Messages of ours that wait for the end of an event of the upstream. */
  private pending: Buffer[] = [];
  private atBoundary = true;
  /** The last three bytes, newest in the lowest byte. */
  private tail = 0;
  private over = false;

  constructor(
    inbound: Inbound,
    private readonly owner: ListenOwner,
    private readonly link: Link,
  ) {
    this.pipe = new AnswerPipe(inbound);
    link.lease.upstream.countListener(1);
    inbound.response.on('close', () => {
      this.cut();
    });
  }

  start(exchange: ExchangeHandle): void {
    this.pipe.exchange = exchange;
  }

  onHead(status: number, headers: Readonly<Record<string, string>>): void {
    if (!isAboutOurCredentials(status)) {
      this.pipe.head(status, headers);
      return;
    }
    this.pipe.fail(null, credentialsRefused(this.link.endpoint.serviceName));
    this.cut();
  }

  onChunk(chunk: Buffer): boolean {
    if (this.over) return true;
    const more = this.pipe.chunk(chunk);
    this.watch(chunk);
    if (this.atBoundary && this.pending.length > 0) {
      for (const frame of this.pending) this.pipe.insert(frame);
      this.pending = [];
    }
    return more;
  }

  onEnd(): void {
    this.cut();
  }

  onFail(error: UpstreamError): void {
    if (this.over) return;
    const { code, message, data, httpStatus } = rpcErrorOf(error, this.link.endpoint);
    this.pipe.fail(null, new RpcError(code, message, data, httpStatus === 200 ? 502 : httpStatus));
    this.cut();
  }

  /** Writes a message of ours between two events of the upstream. */
  inject(message: Buffer): void {
    if (this.over || !this.pipe.streaming) return;
    const frame = sseFrame(message);
    if (this.atBoundary) this.pipe.insert(frame);
    else this.pending.push(frame);
  }

  /** Ends both sides. Idempotent. */
  cut(): void {
    if (this.over) return;
    this.over = true;
    this.link.lease.upstream.countListener(-1);
    this.owner.relayGone(this);
    this.pipe.exchange?.abort();
    this.pipe.end();
  }

  /** An event ends with an empty line, whichever way lines end (WHATWG HTML, 9.2.6). */
  private watch(chunk: Buffer): void {
    for (let i = Math.max(0, chunk.length - 3); i < chunk.length; i += 1) {
      this.tail = ((this.tail << 8) | (chunk[i] ?? 0)) & 0xffffff;
    }
    const last = this.tail & 0xff;
    const before = (this.tail >> 8) & 0xff;
    const crlf = last === NEWLINE && before === RETURN && this.tail >> 16 === NEWLINE;
    this.atBoundary = crlf || (last === before && (last === NEWLINE || last === RETURN));
  }
}
