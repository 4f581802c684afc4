import type { JsonObject } from '../kernel/json.js';
import { discover, statelessFacts } from './discovery.js';
import { ERA_TTL_MS, refusedIt, tellingError } from './era.js';
import { aborted } from './handshake.js';
import { HttpConversation } from './http-conversation.js';
import { httpHandshake, type HttpSession } from './http-handshake.js';
import { HttpPort } from './http-port.js';
import { ParamHeaders } from './param-headers.js';
import { RemoteUpstream, type Opening } from './remote.upstream.js';
import { StatelessExchange } from './stateless-exchange.js';
import { TranslatedConversation } from './translated-conversation.js';
import { UpstreamError } from './upstream.errors.js';
import {
  type ClientFacts,
  type Conversation,
  type ConversationSink,
  GATEWAY_CLIENT,
} from './upstream.js';

/** How long a server may take to say whether it speaks the stateless protocol; one that is silent does not. */
const PROBE_TIMEOUT_MS = 10_000;
/** Failures of `server/discover` that say that there is no stateless server; after others nothing is known. */
const NEGATIVE = new Set([
  'handshake-refused',
  'handshake-timeout',
  'not-json',
  'not-mcp',
  'protocol-version',
]);

/** What a probe found; `null`: no stateless server. */
interface Probe {
  readonly found: Promise<JsonObject | null>;
  readonly untilMs: number;
}

/** A Streamable HTTP server of either era, or of both. */
export class HttpUpstream extends RemoteUpstream<
  HttpConversation | TranslatedConversation | StatelessExchange
> {
  readonly transport = 'streamable_http';
  private readonly params = new ParamHeaders();
  /** Whether it was found to refuse `initialize` and to speak the stateless protocol instead. */
  private onlyStateless = false;
  private probe: Probe | null = null;

  override async openStateless(
    sink: ConversationSink,
    signal?: AbortSignal,
    hops = 0,
  ): Promise<Conversation | null> {
    this.checkOpenable(hops);
    const discovery = await this.probed(hops);
    if (signal?.aborted === true) throw aborted();
    this.checkOpenable(hops);
    if (discovery === null) return null;
    const facts = statelessFacts(discovery);
    return this.keep(new StatelessExchange(this.client, facts, sink, hops, this.drop));
  }

  protected override async openSession(opening: Opening): Promise<Conversation> {
    if (this.onlyStateless) {
      const discovery = await this.discover(opening).catch(refusedOnly);
      if (discovery !== null) return this.translate(opening, discovery);
      this.onlyStateless = false;
    }
    try {
      return this.converse(opening, await this.handshake(opening));
    } catch (error) {
      if (!(error instanceof UpstreamError) || !refusedIt(error)) throw error;
      const discovery = await this.discoverAfter(error, opening);
      return this.translate(opening, discovery);
    }
  }

  protected override farewell(error: UpstreamError): void {
    for (const conversation of [...this.sessions]) conversation.farewell(error);
    this.sessions.clear();
  }

  private converse(opening: Opening, opened: HttpSession): HttpConversation {
    const reopen = (): Promise<HttpSession> => this.handshake({ ...opening, signal: undefined });
    return this.keep(new HttpConversation(this.client, opened, opening.sink, reopen, this.drop));
  }

  private translate(
    { client, sink, hops }: Opening,
    discovery: JsonObject,
  ): TranslatedConversation {
    const { clock, drop: onClose } = this;
    const port = this.portFor(hops);
    return this.keep(new TranslatedConversation({ port, clock, client, discovery, sink, onClose }));
  }

  private keep<T extends HttpConversation | TranslatedConversation | StatelessExchange>(
    conversation: T,
  ): T {
    this.sessions.add(conversation);
    return conversation;
  }

  private readonly drop = (
    closed: HttpConversation | TranslatedConversation | StatelessExchange,
  ): void => {
    this.sessions.delete(closed);
  };

  private async discoverAfter(refusal: UpstreamError, opening: Opening): Promise<JsonObject> {
    try {
      const discovery = await this.discover(opening);
      this.onlyStateless = true;
      return discovery;
    } catch (error) {
      throw tellingError(refusal, error);
    }
  }

  /** Asked once for all callers, so that no single one of them gives it up. */
  private probed(hops: number): Promise<JsonObject | null> {
    const nowMs = this.clock.monotonicMs();
    if (this.probe !== null && this.probe.untilMs > nowMs) return this.probe.found;
    const found = this.ask(GATEWAY_CLIENT, hops, PROBE_TIMEOUT_MS).catch(negativeOnly);
    const probe = { found, untilMs: nowMs + ERA_TTL_MS };
    this.probe = probe;
    const forget = (): void => {
      if (this.probe === probe) this.probe = null;
    };
    found.then((discovery) => {
      // A gateway on the way may have refused it only for the hops that this one caller's request had passed.
      if (discovery === null && hops > 0) forget();
    }, forget);
    return found;
  }

  private discover({ client, hops, signal }: Opening): Promise<JsonObject> {
    return this.ask(client, hops, this.spec.startTimeoutMs, signal);
  }

  private ask(
    client: ClientFacts,
    hops: number,
    withinMs: number,
    signal?: AbortSignal,
  ): Promise<JsonObject> {
    const timeoutMs = Math.min(withinMs, this.spec.startTimeoutMs);
    return discover(this.portFor(hops), client, { timeoutMs, signal, scrub: this.scrub });
  }

  private portFor(hops: number): HttpPort {
    const { client, activity, params } = this;
    return new HttpPort({ client, activity, params, hops, maxBytes: this.spec.limits.lineBytes });
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

/** `null` for a server that does not know `server/discover`; rejects for any other reason. */
function refusedOnly(error: unknown): null {
  if (error instanceof UpstreamError && (refusedIt(error) || error.code === 'not-mcp')) return null;
  throw error;
}

function negativeOnly(error: unknown): null {
  if (error instanceof UpstreamError) {
    const { code, facts } = error;
    const status = facts.httpStatus ?? 0;
    if (NEGATIVE.has(code) || (code === 'http-status' && status >= 400 && status < 500))
      return null;
  }
  throw error;
}
