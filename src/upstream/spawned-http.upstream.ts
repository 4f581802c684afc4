import type { Clock } from '../kernel/clock.js';
import { UpstreamChild, type ChildParts } from './child-process.js';
import { CountedUpstream } from './counted.upstream.js';
import { accepts, freeLoopbackPort } from './free-port.js';
import { aborted } from './handshake.js';
import { HttpUpstream } from './http.upstream.js';
import { SseUpstream } from './sse.upstream.js';
import { UpstreamError } from './upstream.errors.js';
import type { ClientFacts, Conversation, ConversationSink, UpstreamFacts } from './upstream.js';
import type { CommandSpec, RemoteSpec, UpstreamSpec } from './upstream-spec.js';

const POLL_MS = 50;
/** IPv4 first: `localhost` means either, depending on the server's resolver. */
const HOSTS = ['127.0.0.1', '::1'];
const CONNECT_TIMEOUT_MS = 5000;

/** A command that listens: started on a loopback port of our choice, then spoken to over HTTP. */
export class SpawnedHttpUpstream extends CountedUpstream {
  readonly multiplexed = true;
  readonly transport: 'streamable_http' | 'sse';
  private child: UpstreamChild | null = null;
  private inner: HttpUpstream | SseUpstream | null = null;
  private stopped = false;

  constructor(
    private readonly parts: ChildParts,
    private readonly spec: UpstreamSpec,
    private readonly command: CommandSpec,
  ) {
    super(parts.clock);
    this.transport = spec.transport === 'sse' ? 'sse' : 'streamable_http';
  }

  override async start(signal: AbortSignal): Promise<void> {
    const { clock } = this.parts;
    const deadlineMs = clock.monotonicMs() + this.spec.startTimeoutMs;
    try {
      if (signal.aborted) throw aborted();
      const listen = this.command.listen ?? { port: 0, path: '/' };
      const port = listen.port === 0 ? await freeLoopbackPort() : listen.port;
      const child = await this.launch(port);
      const host = await this.waitUntilAccepting(child, port, clock, deadlineMs, signal);
      const url = `http://${host.includes(':') ? `[${host}]` : host}:${port}${listen.path}`;
      this.connect(url, child);
    } catch (error) {
      await this.stop();
      throw error;
    }
  }

  override open(
    client: ClientFacts,
    sink: ConversationSink,
    signal?: AbortSignal,
    hops?: number,
  ): Promise<Conversation> {
    if (this.inner !== null) return this.inner.open(client, sink, signal, hops);
    return Promise.reject(new UpstreamError('stopped', 'The upstream is not started'));
  }

  override openStateless(
    sink: ConversationSink,
    signal?: AbortSignal,
    hops?: number,
  ): Promise<Conversation | null> {
    if (this.inner !== null) return this.inner.openStateless(sink, signal, hops);
    return Promise.reject(new UpstreamError('stopped', 'The upstream is not started'));
  }

  override async stop(): Promise<void> {
    this.stopped = true;
    this.quiet();
    await this.inner?.stop();
    await this.child?.stop();
  }

  override facts(): UpstreamFacts {
    const none = { pid: null, process_group: null, memory_bytes: null, exit: null, stderr: [] };
    return this.child?.facts() ?? none;
  }

  override get inFlight(): number {
    return this.inner?.inFlight ?? 0;
  }

  override get lastUsedMs(): number {
    return this.inner?.lastUsedMs ?? super.lastUsedMs;
  }

  private async launch(port: number): Promise<UpstreamChild> {
    const { file, args, env, cwd } = this.command;
    const withPort = (text: string): string => text.replaceAll('${port}', String(port));
    const filled: Record<string, string> = {};
    for (const [name, value] of Object.entries(env)) filled[name] = withPort(value);
    const child = new UpstreamChild(this.parts, this.spec, {
      file,
      cwd,
      args: args.map(withPort),
      env: { ...filled, PORT: String(port) },
    });
    this.child = child;
    child.onEnd((error) => {
      if (this.inner === null) return;
      this.inner.endAll(error);
      this.tellDown(error);
    });
    const spawned = await child.start();
    spawned.stdout.on('data', (chunk: Buffer) => {
      child.output.push(chunk);
    });
    return child;
  }

  private async waitUntilAccepting(
    child: UpstreamChild,
    port: number,
    clock: Clock,
    deadlineMs: number,
    signal: AbortSignal,
  ): Promise<string> {
    for (;;) {
      if (signal.aborted) throw aborted();
      if (this.stopped) throw new UpstreamError('stopped', 'The upstream was stopped');
      if (child.hasExited) throw await exitedEarly(child, clock);
      for (const host of HOSTS) if (await accepts(host, port)) return host;
      if (clock.monotonicMs() >= deadlineMs) {
        const text = `The command did not accept connections on port ${port} within ${this.spec.startTimeoutMs} ms`;
        throw new UpstreamError('port-not-opened', text, child.evidence());
      }
      await clock.sleep(POLL_MS, signal);
    }
  }

  private connect(url: string, child: UpstreamChild): void {
    const remote: RemoteSpec = {
      url,
      headers: {},
      connectTimeoutMs: CONNECT_TIMEOUT_MS,
      tls: null,
    };
    const { clock } = this.parts;
    // No egress check: this is our own child, on loopback by construction.
    this.inner =
      this.transport === 'sse'
        ? new SseUpstream(clock, this.spec, remote, null)
        : new HttpUpstream(clock, this.spec, remote, null);
    if (child.hasExited) this.inner.endAll(new UpstreamError('exited', 'The upstream ended'));
  }
}

async function exitedEarly(child: UpstreamChild, clock: Clock): Promise<UpstreamError> {
  // Its last words may still be in the pipe.
  await clock.sleep(POLL_MS);
  const evidence = child.evidence();
  const how =
    typeof evidence.signal === 'string'
      ? `signal ${evidence.signal}`
      : `exit code ${String(evidence.exitCode)}`;
  const text = `The command ended with ${how} before it accepted connections`;
  return new UpstreamError('exited-early', text, evidence);
}
