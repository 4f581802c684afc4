import { Activity } from './activity.js';
import { ChannelPort } from './channel-port.js';
import { ChildLink } from './child-link.js';
import type { ChildParts } from './child-process.js';
import { discover } from './discovery.js';
import type { EraMemory } from './era.js';
import { aborted } from './handshake.js';
import type { MessageChannel } from './message-channel.js';
import { scrubberOf } from './scrub.js';
import { UpstreamError, type UpstreamErrorCode } from './upstream.errors.js';
import { GATEWAY_CLIENT } from './upstream.js';
import type { CommandSpec, UpstreamSpec } from './upstream-spec.js';

/** Probes of one command that said nothing, after which it is not asked again. */
const MAX_ATTEMPTS = 3;
const MAX_COMMANDS = 1000;

/** What failed a probe and says nothing about the server: another time it may go better. */
const TRANSIENT: ReadonlySet<UpstreamErrorCode> = new Set([
  'command-missing',
  'command-denied',
  'spawn-failed',
  'disconnected',
  'handshake-timeout',
  'memory-limit',
  'process-limit',
]);

/** A command that answers `initialize`, by the key that its era is remembered by. */
export interface ProbedCommand {
  readonly key: string;
  readonly spec: UpstreamSpec;
  readonly command: CommandSpec;
}

/** Asked once, for all that wait to know. */
interface Probe extends ProbedCommand {
  readonly waiting: Set<() => void>;
  readonly abort: AbortController;
  readonly done: Promise<void>;
}

/**
 * Finds out whether commands that answer `initialize` speak the stateless protocol as well, each on a throw-away child,
 * as some servers end over the question. One child at a time in the whole gateway; a command that has answered, either
 * way, is not asked again. Invariant: a probe runs only while an upstream that wants to know it lives.
 */
export class EraProbes {
  private readonly attempts = new Map<string, number>();
  private readonly probes = new Map<string, Probe>();
  private last: Promise<void> = Promise.resolve();

  constructor(
    private readonly children: ChildParts,
    private readonly eras: EraMemory,
  ) {}

  /**
   * Waits for the command's probe, which is made when there is none; `onFound` is called when it speaks the stateless
   * protocol. Answers how to wait no longer, `null` when nothing will be found out. Leaving resolves when no child runs
   * for nobody.
   */
  join(probed: ProbedCommand, onFound: () => void): (() => Promise<void>) | null {
    const { key } = probed;
    const known = this.eras.of(key);
    if (known === 'stateless' || known === 'both') return null;
    if ((this.attempts.get(key) ?? 0) >= MAX_ATTEMPTS) return null;
    const probe = this.probes.get(key) ?? this.queue(probed);
    probe.waiting.add(onFound);
    return async () => {
      probe.waiting.delete(onFound);
      if (probe.waiting.size > 0) return;
      probe.abort.abort();
      if (this.probes.get(key) === probe) this.probes.delete(key);
      await probe.done;
    };
  }

  private queue(probed: ProbedCommand): Probe {
    const abort = new AbortController();
    const waiting = new Set<() => void>();
    const before = this.last;
    const gaveUp = new Promise<void>((resolve) => {
      abort.signal.addEventListener('abort', () => {
        resolve();
      });
    });
    const done = Promise.race([before, gaveUp]).then(() => this.run(probe));
    const probe: Probe = { ...probed, waiting, abort, done };
    this.probes.set(probed.key, probe);
    this.last = Promise.all([before, done]).then(() => undefined);
    return probe;
  }

  private async run(probe: Probe): Promise<void> {
    const { key, waiting, abort } = probe;
    let attempts = (this.attempts.get(key) ?? 0) + 1;
    try {
      if (abort.signal.aborted) return;
      await this.ask(probe);
      this.eras.note(key, 'both');
    } catch (error) {
      const code = error instanceof UpstreamError ? error.code : null;
      if (abort.signal.aborted) return;
      if (code === null || !TRANSIENT.has(code)) attempts = MAX_ATTEMPTS;
    } finally {
      if (this.probes.get(key) === probe) this.probes.delete(key);
    }
    this.noteAttempts(key, attempts);
    if (this.eras.of(key) === 'both') for (const tell of [...waiting]) tell();
  }

  /** Rejects when the server does not speak it. Nothing of the child runs any more then, nor afterwards. */
  private async ask({ spec, command, abort: { signal } }: Probe): Promise<void> {
    const { children } = this;
    const scrub = scrubberOf(spec.secrets);
    const activity = new Activity(children.clock);
    let channel: MessageChannel | null = null;
    const link = new ChildLink({
      children,
      // A mark of its own: what strays from the one child is not to be swept with the other.
      spec: { ...spec, instanceId: `${spec.instanceId}.era` },
      command,
      activity,
      scrub,
      listener: { onMessage() {}, onTaskProgress() {} },
      onEnd: (_link, error) => {
        channel?.table.failAll(null, error);
      },
    });
    try {
      channel = await link.start();
      if (signal.aborted) throw aborted();
      if (link.ended !== null) throw link.ended;
      const port = new ChannelPort(channel, activity);
      await discover(port, GATEWAY_CLIENT, { timeoutMs: spec.startTimeoutMs, signal, scrub });
    } finally {
      await link.stop();
    }
  }

  private noteAttempts(key: string, attempts: number): void {
    this.attempts.delete(key);
    this.attempts.set(key, attempts);
    const oldest = this.attempts.keys().next().value;
    if (this.attempts.size > MAX_COMMANDS && oldest !== undefined) this.attempts.delete(oldest);
  }
}

/** One upstream's wish to know whether others like it would speak the stateless protocol. */
export class EraWish {
  private wanted = false;
  private found = false;
  private listener: (() => void) | null = null;
  private leave: (() => Promise<void>) | null = null;

  constructor(
    private readonly probes: EraProbes,
    private readonly probed: ProbedCommand,
  ) {}

  /** A client that speaks the stateless protocol is to be served. */
  want(): void {
    this.wanted = true;
  }

  /** Its child has answered `initialize`. */
  ask(): void {
    if (!this.wanted || this.probed.spec.alone === true || this.leave !== null) return;
    this.leave = this.probes.join(this.probed, () => {
      this.found = true;
      this.listener?.();
    });
  }

  onFound(listener: () => void): void {
    this.listener = listener;
    if (this.found) setImmediate(listener);
  }

  /** Resolves when no probe runs for it. */
  async end(): Promise<void> {
    this.listener = null;
    const { leave } = this;
    this.leave = null;
    await leave?.();
  }
}
