import { HttpConversation } from './http-conversation.js';
import { httpHandshake, type HttpSession } from './http-handshake.js';
import { RemoteUpstream, type Opening } from './remote.upstream.js';
import type { UpstreamError } from './upstream.errors.js';
import type { Conversation } from './upstream.js';

/** A Streamable HTTP server. */
export class HttpUpstream extends RemoteUpstream<HttpConversation> {
  readonly transport = 'streamable_http';

  protected override async openSession(opening: Opening): Promise<Conversation> {
    const opened = await this.handshake(opening);
    const conversation = new HttpConversation(
      this.client,
      opened,
      opening.sink,
      () => this.handshake({ ...opening, signal: undefined }),
      (closed) => {
        this.sessions.delete(closed);
      },
    );
    this.sessions.add(conversation);
    return conversation;
  }

  protected override farewell(error: UpstreamError): void {
    for (const conversation of [...this.sessions]) conversation.farewell(error);
    this.sessions.clear();
  }

  private handshake({ client, hops, signal }: Opening): Promise<HttpSession> {
    return httpHandshake(this.client, client, {
      timeoutMs: this.spec.startTimeoutMs,
      maxBytes: this.spec.limits.lineBytes,
      signal,
      hops,
      scrub: this.scrub,
    });
  }
}
