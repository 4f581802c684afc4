import type { Clock } from '../kernel/clock.js';
import type { Egress } from './connector.js';
import { CountedUpstream } from './counted.upstream.js';
import { aborted } from './handshake.js';
import { HttpClient } from './http-client.js';
import { hopRefusal, httpTarget } from './http-target.js';
import { REMOTE_FACTS } from './http.upstream.js';
import { scrubberOf, type Scrub } from './scrub.js';
import { SseSession } from './sse-session.js';
import { UpstreamError } from './upstream.errors.js';
import type { ClientFacts, Conversation, ConversationSink, UpstreamFacts } from './upstream.js';
import type { RemoteSpec, UpstreamSpec } from './upstream-spec.js';

/** A legacy HTTP+SSE server. Each conversation has a stream, and so a session, of its own. */
export class SseUpstream extends CountedUpstream {
  readonly transport = 'sse';
  readonly multiplexed = true;
  private readonly sessions = new Set<SseSession>();
  private readonly client: HttpClient;
  private readonly scrub: Scrub;
  private stopped: Promise<void> | null = null;

  /** Throws `bad-url`. `egress` is `null` for a child of ours. */
  constructor(
    private readonly clock: Clock,
    private readonly spec: UpstreamSpec,
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

  override async open(
    client: ClientFacts,
    sink: ConversationSink,
    signal?: AbortSignal,
    hops = 0,
  ): Promise<Conversation> {
    const refusal = hopRefusal(hops);
    if (refusal !== null) throw refusal;
    if (this.stopped !== null) throw new UpstreamError('stopped', 'The upstream was stopped');
    const session = new SseSession(this.clock, this.activity, this.client, {
      hops,
      maxBytes: this.spec.limits.lineBytes,
      sink,
      onOver: (over) => {
        this.sessions.delete(over);
      },
    });
    this.sessions.add(session);
    const limits = { timeoutMs: this.spec.startTimeoutMs, signal, scrub: this.scrub };
    return session.open(client, limits);
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
    this.client.failAll(null, error);
  }

  private async end(): Promise<void> {
    this.quiet();
    this.endAll(new UpstreamError('stopped', 'The upstream was stopped', { mayHaveRun: true }));
    await this.client.close();
  }
}
