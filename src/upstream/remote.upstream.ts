import type { Clock } from '../kernel/clock.js';
import type { Egress } from './connector.js';
import { CountedUpstream } from './counted.upstream.js';
import { aborted } from './handshake.js';
import { HttpClient } from './http-client.js';
import { hopRefusal, httpTarget } from './http-target.js';
import { scrubberOf, type Scrub } from './scrub.js';
import { UpstreamError } from './upstream.errors.js';
import type { ClientFacts, Conversation, ConversationSink, UpstreamFacts } from './upstream.js';
import type { RemoteSpec, UpstreamSpec } from './upstream-spec.js';

/** What there is to know about a server somewhere else. */
const REMOTE_FACTS: UpstreamFacts = {
  pid: null,
  process_group: null,
  memory_bytes: null,
  exit: null,
  stderr: [],
};

/** Who a conversation is opened for. `hops`: gateways that the request has passed already. */
export interface Opening {
  readonly client: ClientFacts;
  readonly sink: ConversationSink;
  readonly signal: AbortSignal | undefined;
  readonly hops: number;
}

/** A server that is reached over HTTP, whichever MCP transport it speaks. Each conversation is a session of its own. */
export abstract class RemoteUpstream<
  Session extends { end(error: UpstreamError): void },
> extends CountedUpstream {
  readonly multiplexed = true;
  protected readonly sessions = new Set<Session>();
  protected readonly client: HttpClient;
  protected readonly scrub: Scrub;
  private stopped: Promise<void> | null = null;

  /** Throws `bad-url`. `egress` is `null` for a child of ours. */
  constructor(
    protected readonly clock: Clock,
    protected readonly spec: UpstreamSpec,
    remote: RemoteSpec,
    egress: Egress | null,
  ) {
    super(clock);
    const target = httpTarget(remote.url, remote.headers);
    this.client = new HttpClient(clock, this.activity, target, remote, egress);
    this.scrub = scrubberOf(spec.secrets);
  }

  override async start(signal: AbortSignal): Promise<void> {
    try {
      if (signal.aborted) throw aborted();
      await this.client.reach(signal);
    } catch (error) {
      await this.stop();
      throw signal.aborted ? aborted() : error;
    }
  }

  override open(
    client: ClientFacts,
    sink: ConversationSink,
    signal?: AbortSignal,
    hops = 0,
  ): Promise<Conversation> {
    try {
      this.checkOpenable(hops);
    } catch (error) {
      return Promise.reject(error as UpstreamError);
    }
    return this.openSession({ client, sink, signal, hops });
  }

  override stop(): Promise<void> {
    this.stopped ??= this.end();
    return this.stopped;
  }

  override facts(): UpstreamFacts {
    return REMOTE_FACTS;
  }

  /** The server is known to be gone. */
  endAll(error: UpstreamError): void {
    for (const session of [...this.sessions]) session.end(error);
    this.sessions.clear();
    this.client.failAll(null, error);
  }

  /** Throws `hop-limit` or `stopped`. */
  protected checkOpenable(hops: number): void {
    const refusal = hopRefusal(hops);
    if (refusal !== null) throw refusal;
    if (this.stopped !== null) throw new UpstreamError('stopped', 'The upstream was stopped');
  }

  /** Opens a session and keeps it in `sessions` until it is over. */
  protected abstract openSession(opening: Opening): Promise<Conversation>;
  /** Ends the open sessions because we stop, telling the server where the transport has a way to. */
  protected abstract farewell(error: UpstreamError): void;

  private async end(): Promise<void> {
    this.quiet();
    this.farewell(new UpstreamError('stopped', 'The upstream was stopped', { mayHaveRun: true }));
    await this.client.close();
  }
}
