import { RemoteUpstream, type Opening } from './remote.upstream.js';
import { SseSession } from './sse-session.js';
import type { UpstreamError } from './upstream.errors.js';
import type { Conversation } from './upstream.js';

/** A legacy HTTP+SSE server: each session has a stream of its own. */
export class SseUpstream extends RemoteUpstream<SseSession> {
  readonly transport = 'sse';

  protected override openSession({ client, sink, signal, hops }: Opening): Promise<Conversation> {
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

  /** The transport has no goodbye: a session is over when its stream is closed. */
  protected override farewell(error: UpstreamError): void {
    this.endAll(error);
  }
}
