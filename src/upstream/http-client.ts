// HOT PATH
import { Pool } from 'undici';
import type { CancelTimer, Clock } from '../kernel/clock.js';
import { Slots } from '../kernel/slots.js';
import type { Activity } from './activity.js';
import { checkedConnector, connectionError, type Egress } from './connector.js';
import { DeadlineSweep } from './deadline-sweep.js';
import type { ExchangeSource, HttpExchange } from './http-exchange.js';
import type { HttpTarget } from './http-target.js';
import type { UpstreamError } from './upstream.errors.js';
import type { RemoteSpec } from './upstream-spec.js';

/** Connections for calls; standing streams have their own and never keep a call waiting. */
const MAX_CONNECTIONS = 256;
/** How long farewells (DELETE) may take at the end. */
const CLOSE_MS = 1000;

/** Keep-alive connections to one origin, and the exchanges on them. */
export class HttpClient {
  private readonly calls: Pool;
  /** Made for the first standing stream: a pool's queue alone takes 16 KB, and most services have no such stream. */
  private streams: Pool | null = null;
  private readonly options: Pool.Options;
  private closed = false;
  private readonly connector: ReturnType<typeof checkedConnector>;
  private readonly exchanges = new Slots<HttpExchange>();
  private readonly sweep: DeadlineSweep;

  constructor(
    private readonly clock: Clock,
    private readonly activity: Activity,
    readonly target: HttpTarget,
    remote: Pick<RemoteSpec, 'connectTimeoutMs' | 'tls' | 'keepAlive'>,
    egress: Egress | null,
  ) {
    this.connector = checkedConnector(remote, target.port, egress);
    // Deadlines are ours: a timeout per socket could neither be reset by progress nor be told to the upstream.
    this.options = {
      connect: this.connector,
      headersTimeout: 0,
      bodyTimeout: 0,
      ...idleOptions(remote.keepAlive?.idleMs ?? null),
    };
    const connections = remote.keepAlive?.connections ?? MAX_CONNECTIONS;
    this.calls = new Pool(target.url.origin, { ...this.options, connections });
    this.sweep = new DeadlineSweep(clock, this.exchanges);
  }

  /** Sends for the first time. */
  start(exchange: HttpExchange): void {
    const { timeoutMs, counted } = exchange.request;
    exchange.slot = this.exchanges.add(exchange);
    if (exchange.source.underWay !== undefined) exchange.source.underWay += 1;
    const nowMs = counted ? this.activity.callStarted() : this.nowMs();
    if (timeoutMs !== Infinity) {
      exchange.deadlineMs = nowMs + timeoutMs;
      this.sweep.arm();
    }
    exchange.send();
  }

  dispatch(exchange: HttpExchange, headers: string[]): void {
    const { method, path, body, timeoutMs } = exchange.request;
    const pool = timeoutMs === Infinity ? this.forStreams() : this.calls;
    pool.dispatch({ method, path, headers, body }, exchange);
  }

  ended(exchange: HttpExchange): void {
    if (exchange.slot < 0) return;
    this.exchanges.remove(exchange.slot);
    exchange.slot = -1;
    if (exchange.source.underWay !== undefined) exchange.source.underWay -= 1;
    if (exchange.request.counted) this.activity.callEnded();
  }

  /** Fails the exchanges of `source`, or all for `null`. */
  failAll(source: ExchangeSource | null, error: UpstreamError): void {
    // Thousands of sessions may end at once, each with a farewell that is under way in the name of nobody.
    if (source?.underWay === 0) return;
    for (const exchange of [...this.exchanges.values()]) {
      if (source === null || exchange.source === source) exchange.fail(error);
    }
  }

  errorOf(error: unknown): UpstreamError {
    return connectionError(error, this.target.url.origin);
  }

  nowMs(): number {
    return this.clock.monotonicMs();
  }

  schedule(delayMs: number, callback: () => void): CancelTimer {
    return this.clock.schedule(delayMs, callback);
  }

  /** Opens a connection and closes it again: says whether the server can be reached at all. */
  async reach(signal: AbortSignal): Promise<void> {
    const { hostname, host, protocol, port } = this.target.url;
    await new Promise<void>((resolve, reject) => {
      signal.addEventListener('abort', () => {
        reject(this.errorOf(signal.reason));
      });
      this.connector({ hostname, host, protocol, port }, (error, socket) => {
        socket?.destroy();
        if (error === null) resolve();
        else reject(this.errorOf(error));
      });
    });
  }

  async close(): Promise<void> {
    this.closed = true;
    const bound = new AbortController();
    await Promise.race([
      Promise.all([this.calls.close(), this.streams?.close()]),
      this.clock.sleep(CLOSE_MS, bound.signal),
    ]);
    bound.abort();
    await Promise.all([this.calls.destroy(), this.streams?.destroy()]);
  }

  private forStreams(): Pool {
    if (this.streams !== null) return this.streams;
    this.streams = new Pool(this.target.url.origin, this.options);
    // After the end a pool refuses whatever is sent, and so does one that comes too late.
    if (this.closed) void this.streams.destroy();
    return this.streams;
  }
}

function idleOptions(idleMs: number | null): Pool.Options {
  if (idleMs === null) return {};
  // Without pipelining a request says "connection: close".
  if (idleMs === 0) return { pipelining: 0 };
  return { keepAliveTimeout: idleMs, keepAliveMaxTimeout: idleMs };
}
