import type { Clock } from '../../src/kernel/clock.js';
import { UpstreamError, type UpstreamErrorCode } from '../../src/upstream/upstream.errors.js';
import type { UpstreamSpec } from '../../src/upstream/upstream-spec.js';
import {
  Upstream,
  type ClientFacts,
  type Conversation,
  type ConversationSink,
  type ServerFacts,
  type UpstreamFacts,
  type UpstreamTransport,
} from '../../src/upstream/upstream.js';

/** How the next upstreams behave when they are started. */
export interface StartScript {
  /** They fail with this code, or hang until they are aborted. */
  fails: UpstreamErrorCode | 'hang' | null;
  /** How many more of them do; `Infinity` = all. */
  times: number;
}

const SERVER: ServerFacts = {
  protocolVersion: '2025-11-25',
  capabilities: {},
  serverInfo: { name: 'fake', version: '1.0.0' },
  instructions: null,
  resultJson: Buffer.from('{}'),
};

/** An upstream without a process: it starts, ends and counts calls as it is told. */
export class FakeUpstream extends Upstream {
  override readonly transport: UpstreamTransport;
  override readonly multiplexed: boolean;
  state: 'new' | 'running' | 'stopped' | 'down' = 'new';
  stderr: string[] = [];
  private calls = 0;
  private streams = 0;
  private usedMs: number;
  private downListener: ((error: UpstreamError) => void) | null = null;
  private readonly sinks = new Set<ConversationSink>();

  constructor(
    /** Short name for traces. */
    readonly name: string,
    readonly spec: UpstreamSpec,
    private readonly clock: Clock,
    private readonly script: StartScript,
    private readonly trace: (line: string) => void = () => undefined,
  ) {
    super();
    this.transport = spec.transport;
    this.multiplexed = spec.shared;
    this.usedMs = clock.monotonicMs();
  }

  override async start(signal: AbortSignal): Promise<void> {
    this.trace(`${this.name} starts`);
    await Promise.resolve();
    if (this.script.fails !== null && this.script.times > 0) {
      this.script.times -= 1;
      if (this.script.fails === 'hang') await aborted(signal);
      const code = this.script.fails === 'hang' ? 'aborted' : this.script.fails;
      throw new UpstreamError(code, `it failed with ${code}`, { stderr: this.stderr });
    }
    if (signal.aborted) throw new UpstreamError('aborted', 'aborted');
    this.state = 'running';
    this.touch();
  }

  override open(client: ClientFacts, sink: ConversationSink): Promise<Conversation> {
    this.sinks.add(sink);
    return Promise.resolve({
      kind: 'messages',
      server: { ...SERVER, protocolVersion: client.protocolVersion },
      request: () => ({ abandon: () => undefined }),
      send: () => undefined,
      close: () => {
        this.sinks.delete(sink);
      },
    });
  }

  override stop(): Promise<void> {
    if (this.state === 'running') this.trace(`${this.name} stops`);
    if (this.state !== 'down') this.state = 'stopped';
    this.end(new UpstreamError('stopped', 'stopped'));
    return Promise.resolve();
  }

  /** Ends it as a crash would. */
  crash(code: UpstreamErrorCode = 'exited'): void {
    if (this.state !== 'running') return;
    this.state = 'down';
    this.trace(`${this.name} ends by itself: ${code}`);
    const error = new UpstreamError(code, `it ended with ${code}`, { stderr: this.stderr });
    this.end(error);
    this.downListener?.(error);
  }

  /** So many calls are under way from now on. */
  setInFlight(calls: number): void {
    this.calls = calls;
    this.touch();
  }

  touch(): void {
    this.usedMs = this.clock.monotonicMs();
  }

  override onDown(listener: (error: UpstreamError) => void): void {
    this.downListener = listener;
  }

  override facts(): UpstreamFacts {
    const running = this.state === 'running';
    return {
      pid: running ? 4242 : null,
      process_group: running ? 4242 : null,
      memory_bytes: running ? 1024 : null,
      exit: this.state === 'down' ? { code: 1, signal: null } : null,
      stderr: this.stderr,
    };
  }

  override get inFlight(): number {
    return this.calls;
  }

  override get listeners(): number {
    return this.streams;
  }

  override countListener(change: 1 | -1): void {
    this.streams += change;
    this.touch();
  }

  override get lastUsedMs(): number {
    return this.usedMs;
  }

  private end(error: UpstreamError): void {
    for (const sink of this.sinks) sink.onEnd(error);
    this.sinks.clear();
  }
}

/** Makes fakes, and remembers them in order. */
export class FakeUpstreamMaker {
  readonly made: FakeUpstream[] = [];
  readonly script: StartScript = { fails: null, times: 0 };

  constructor(
    private readonly clock: Clock,
    private readonly trace: (line: string) => void = () => undefined,
  ) {}

  create(spec: UpstreamSpec): FakeUpstream {
    const name = `u${String(this.made.length + 1)}`;
    const upstream = new FakeUpstream(name, spec, this.clock, this.script, this.trace);
    this.made.push(upstream);
    return upstream;
  }

  /** The next `times` starts fail with `code` (or hang). */
  fail(code: UpstreamErrorCode | 'hang' | null, times = Infinity): void {
    this.script.fails = code;
    this.script.times = times;
  }

  at(index: number): FakeUpstream {
    const upstream = this.made[index];
    if (upstream === undefined) throw new Error(`no upstream number ${String(index)} was made`);
    return upstream;
  }

  get running(): readonly FakeUpstream[] {
    return this.made.filter((upstream) => upstream.state === 'running');
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else
      signal.addEventListener(
        'abort',
        () => {
          resolve();
        },
        { once: true },
      );
  });
}
