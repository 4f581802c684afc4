import type { Clock } from '../kernel/clock.js';
import type { JsonObject } from '../kernel/json.js';
import type { Envelope } from '../protocol/envelope-scan.js';
import { rpcNotification } from '../protocol/message.js';
import { ChannelPort } from './channel-port.js';
import { ChildLink } from './child-link.js';
import type { ChildParts } from './child-process.js';
import { CountedUpstream } from './counted.upstream.js';
import { DirectConversation } from './direct-conversation.js';
import { discover } from './discovery.js';
import { endedOverIt, refusedIt, refusedOnly, tellingError, type EraMemory } from './era.js';
import { EraWish, type EraProbes } from './era-probe.js';
import { eraKeyOf, timeLeftMs, type Greeted, type Greeting } from './greeting.js';
import { aborted, handshakeOver } from './handshake.js';
import type { MessageChannel } from './message-channel.js';
import { scrubberOf, type Scrub } from './scrub.js';
import { SharedConversations } from './shared-conversations.js';
import { StatelessChild } from './stateless-child.js';
import { UpstreamError } from './upstream.errors.js';
import {
  type ClientFacts,
  type Conversation,
  type ConversationSink,
  GATEWAY_CLIENT,
  type ServerFacts,
  type UpstreamFacts,
} from './upstream.js';
import type { CommandSpec, UpstreamSpec } from './upstream-spec.js';

/** Messages kept from before a conversation was open. */
const MAX_EARLY = 100;
/**
 * An MCP server as a child process, newline-delimited JSON over its pipes. Shared: one handshake with our own client
 * facts at `start`, any number of conversations. Not shared: the one conversation does the handshake. A child that
 * refuses `initialize` is asked whether it speaks the stateless protocol; one that ends over it is started once more.
 */
export class StdioUpstream extends CountedUpstream {
  readonly transport = 'stdio';
  readonly multiplexed: boolean;
  private readonly scrub: Scrub;
  private readonly clock: Clock;
  private readonly eraKey: string;
  private readonly wish: EraWish;
  private link: ChildLink;
  private channel: MessageChannel | null = null;
  private shared: SharedConversations | null = null;
  private direct: DirectConversation | null = null;
  private stateless: StatelessChild | null = null;
  private started = false;
  /** While it is found out what the child speaks, its end is an answer. */
  private greeting = false;
  /** Whether the handshake has succeeded. */
  private talking = false;
  private opened = false;
  private over: UpstreamError | null = null;
  /** What came before the opener could know its conversation; `null` once it was delivered. */
  private early: Buffer[] | null = [];

  constructor(
    private readonly parts: ChildParts,
    private readonly spec: UpstreamSpec,
    private readonly command: CommandSpec,
    private readonly eras: EraMemory,
    probes: EraProbes,
  ) {
    super(parts.clock);
    this.clock = parts.clock;
    this.multiplexed = spec.shared;
    this.scrub = scrubberOf(spec.secrets);
    this.eraKey = eraKeyOf(command);
    this.wish = new EraWish(probes, { key: this.eraKey, spec, command });
    this.link = this.makeLink();
  }

  override async start(signal: AbortSignal): Promise<void> {
    const deadlineMs = this.clock.monotonicMs() + this.spec.startTimeoutMs;
    try {
      if (signal.aborted) throw aborted();
      this.channel = await this.link.start();
      if (signal.aborted) throw aborted();
      if (this.spec.shared) await this.startShared(signal, deadlineMs);
      this.started = true;
    } catch (error) {
      await this.stop();
      throw error;
    }
  }

  override async open(
    client: ClientFacts,
    sink: ConversationSink,
    signal?: AbortSignal,
  ): Promise<Conversation> {
    this.checkUsable();
    if (this.shared !== null) return this.shared.add(sink);
    if (this.spec.shared && this.stateless !== null) return this.stateless.translate(client, sink);
    this.takeOnly();
    return this.openOnly(signal, async () => {
      const deadlineMs = this.clock.monotonicMs() + this.spec.startTimeoutMs;
      const greeting = await this.greet({ client, deadlineMs, signal });
      this.checkUsable();
      if ('discovery' in greeting) return this.becomeStateless(greeting).translate(client, sink);
      this.wish.ask();
      return this.converse(greeting.server, sink);
    });
  }

  override async openStateless(
    sink: ConversationSink,
    signal?: AbortSignal,
  ): Promise<Conversation | null> {
    this.checkUsable();
    if (this.spec.shared) return this.stateless?.pass(sink) ?? null;
    const known = this.eras.of(this.eraKey);
    if (known !== 'stateless' && known !== 'both') {
      // A child of its own is not asked for nothing: what it speaks is found out by `open`, and then on another one.
      this.wish.want();
      return null;
    }
    this.takeOnly();
    return this.openOnly(signal, async () => {
      const deadlineMs = this.clock.monotonicMs() + this.spec.startTimeoutMs;
      const greeted = { client: GATEWAY_CLIENT, deadlineMs, signal };
      const discovery = await this.discover(greeted).catch(refusedOnly);
      this.checkUsable();
      if (discovery !== null) {
        this.eras.note(this.eraKey, known);
        return this.becomeStateless({ discovery }).pass(sink);
      }
      this.eras.forget(this.eraKey);
      this.opened = false;
      return null;
    });
  }

  override onStateless(listener: () => void): void {
    this.wish.onFound(listener);
  }

  override async stop(): Promise<void> {
    this.quiet();
    this.end(new UpstreamError('stopped', 'The upstream was stopped', { mayHaveRun: true }));
    await Promise.all([this.link.stop(), this.wish.end()]);
  }

  override facts(): UpstreamFacts {
    return this.link.facts();
  }

  private hearMessage(message: Buffer, envelope: Envelope): void {
    if (this.shared !== null) this.shared.deliver(message, envelope);
    else if (this.stateless !== null) this.stateless.deliver(message, envelope);
    else if (this.early === null) this.direct?.deliver(message);
    else if (this.early.length < MAX_EARLY) this.early.push(message);
  }

  private hearTaskProgress(owner: object, message: Buffer): void {
    if (owner instanceof DirectConversation) owner.deliver(message);
    else this.shared?.deliverTo(owner, message);
  }

  private hearEnd(link: ChildLink, error: UpstreamError): void {
    if (link !== this.link) return;
    if (this.greeting) {
      this.channel?.table.failAll(null, error);
      return;
    }
    this.end(error);
    if (this.started) this.tellDown(this.talking ? error : link.explain(error));
  }

  private readonly deliverEarly = (): void => {
    const early = this.early ?? [];
    this.early = null;
    for (const message of early) this.direct?.deliver(message);
  };

  private makeLink(): ChildLink {
    return new ChildLink({
      children: this.parts,
      spec: this.spec,
      command: this.command,
      activity: this.activity,
      scrub: this.scrub,
      listener: {
        onMessage: (message, envelope) => {
          this.hearMessage(message, envelope);
        },
        onTaskProgress: (owner, message) => {
          this.hearTaskProgress(owner, message);
        },
      },
      onEnd: (link, error) => {
        this.hearEnd(link, error);
      },
    });
  }

  private checkUsable(): void {
    if (this.over !== null) throw this.talking ? this.over : this.link.explain(this.over);
    if (this.channel === null) throw new UpstreamError('stopped', 'The upstream is not started');
  }

  private takeOnly(): void {
    if (this.opened) throw new UpstreamError('capacity', 'The upstream has its conversation');
    this.opened = true;
  }

  /** Opens the one conversation of a child that is not shared; without it there is no use for the child. */
  private async openOnly<T>(signal: AbortSignal | undefined, open: () => Promise<T>): Promise<T> {
    try {
      if (signal?.aborted === true) throw aborted();
      return await open();
    } catch (error) {
      void this.stop();
      throw error;
    }
  }

  private converse(server: ServerFacts, sink: ConversationSink): DirectConversation {
    this.direct = new DirectConversation(server, this.usedChannel(), sink, () => {
      void this.stop();
    });
    setImmediate(this.deliverEarly);
    return this.direct;
  }

  private becomeStateless({ discovery }: { readonly discovery: JsonObject }): StatelessChild {
    const { clock, activity } = this;
    this.early = null;
    this.stateless = new StatelessChild(this.usedChannel(), activity, clock, discovery, () => {
      if (!this.spec.shared) void this.stop();
    });
    return this.stateless;
  }

  private usedChannel(): MessageChannel {
    if (this.channel === null) throw new UpstreamError('stopped', 'The upstream is not started');
    return this.channel;
  }

  private async startShared(signal: AbortSignal, deadlineMs: number): Promise<void> {
    const greeting = await this.greet({ client: GATEWAY_CLIENT, deadlineMs, signal });
    this.early = null;
    if ('discovery' in greeting) {
      this.becomeStateless(greeting);
      return;
    }
    const channel = this.usedChannel();
    this.shared = new SharedConversations(greeting.server, channel);
    channel.send(rpcNotification('notifications/initialized'));
  }

  /** Finds out what the child speaks, and greets it in that. */
  private async greet(greeted: Greeted): Promise<Greeting> {
    const { eras, eraKey } = this;
    const known = eras.of(eraKey);
    this.greeting = true;
    try {
      if (known === 'stateless') {
        const discovery = await this.discover(greeted).catch(refusedOnly);
        if (discovery !== null) return { discovery };
        eras.forget(eraKey);
      }
      const server = await this.handshake(greeted);
      eras.note(eraKey, 'legacy');
      return { server };
    } catch (error) {
      if (!(error instanceof UpstreamError)) throw error;
      // A child known to shake hands has other reasons to end.
      if (!refusedIt(error) && !(endedOverIt(error) && known !== 'legacy')) throw error;
      return { discovery: await this.discoverAfter(error, greeted) };
    } finally {
      this.greeting = false;
      if (this.link.ended !== null) this.hearEnd(this.link, this.link.ended);
    }
  }

  private async discoverAfter(refusal: UpstreamError, greeted: Greeted): Promise<JsonObject> {
    try {
      if (endedOverIt(refusal)) await this.replaceChild();
      const discovery = await this.discover(greeted);
      this.eras.note(this.eraKey, 'stateless');
      return discovery;
    } catch (error) {
      const told = tellingError(refusal, error);
      if (told === refusal) this.eras.note(this.eraKey, 'legacy');
      throw told;
    }
  }

  /** Invariant: nothing of the first child is left, as the sweep for its strays knows both by the same mark. */
  private async replaceChild(): Promise<void> {
    await this.link.stop();
    if (this.over !== null) throw this.over;
    this.link = this.makeLink();
    this.channel = null;
    this.channel = await this.link.start();
  }

  private async discover(greeted: Greeted): Promise<JsonObject> {
    const port = new ChannelPort(this.usedChannel(), this.activity);
    const { client, signal } = greeted;
    return this.greetedBy(
      discover(port, client, {
        timeoutMs: timeLeftMs(greeted, this.clock),
        signal,
        scrub: this.scrub,
      }),
    );
  }

  private async handshake(greeted: Greeted): Promise<ServerFacts> {
    const { client, signal } = greeted;
    const limits = { timeoutMs: timeLeftMs(greeted, this.clock), signal, scrub: this.scrub };
    return this.greetedBy(handshakeOver(this.usedChannel(), client, limits));
  }

  private async greetedBy<T>(answer: Promise<T>): Promise<T> {
    const { link } = this;
    try {
      const said = await answer;
      if (link.ended !== null) throw link.ended;
      link.becomeTalking();
      this.talking = true;
      return said;
    } catch (error) {
      throw error instanceof UpstreamError ? link.explain(error) : error;
    }
  }

  private end(error: UpstreamError): void {
    if (this.over !== null) return;
    this.over = error;
    this.direct?.end(error);
    this.shared?.endAll(error);
    this.stateless?.endAll(error);
    this.channel?.table.failAll(null, error);
  }
}
