import type { ServerResponse } from 'node:http';
import type { CancelTimer, Clock } from '../kernel/clock.js';

/** One event of a stream to a client (WHATWG HTML, 9.2). */
export interface StreamEvent {
  readonly event?: string;
  /** Sent back by the client as `Last-Event-ID` when it connects again. */
  readonly id?: string;
  /** Written as JSON. */
  readonly data: unknown;
}

export interface StreamTerms {
  readonly clock: Clock;
  /** Milliseconds of silence after which something is sent. */
  readonly beatMs: number;
  /** What is sent then; `null` = a comment. */
  readonly beat: (() => StreamEvent) | null;
  /** A client that leaves more than this unread is dropped; it can connect again where it was. */
  readonly maxUnreadBytes: number;
}

export const STREAM_BEAT_MS = 15_000;
export const MAX_UNREAD_BYTES = 1_048_576;
/** A client that reads nothing for so long while more waits for it is dropped, in milliseconds. */
const STALL_MS = 60_000;
const HEADERS = {
  'Content-Type': 'text/event-stream',
  'Cache-Control': 'no-cache, no-transform',
  'X-Accel-Buffering': 'no',
} as const;

/**
 * An event stream of the management API. Invariant: once it is over, by the client or by us, its timer is cancelled and
 * every function given to `onClose` has run exactly once.
 */
export class ManagementStream {
  private readonly cleanups = new Set<() => void>();
  private cancelBeat: CancelTimer = () => undefined;
  private live = true;

  constructor(
    private readonly response: ServerResponse,
    private readonly terms: StreamTerms,
  ) {
    response.writeHead(200, HEADERS);
    response.flushHeaders();
    response.once('close', () => {
      this.finish();
    });
    this.scheduleBeat();
  }

  get open(): boolean {
    return this.live;
  }

  /** Runs `cleanup` when the stream is over; at once when it is over already. */
  onClose(cleanup: () => void): void {
    if (this.live) this.cleanups.add(cleanup);
    else cleanup();
  }

  /** `false` when the stream is over, or was cut off because its client does not read. */
  send(event: StreamEvent): boolean {
    return this.write(frameOf(event));
  }

  /**
   * Resolves to `true` once the client has read what was sent, so that a long replay waits instead of piling up; to
   * `false` when the stream is over, or the client read nothing for a minute and was dropped.
   */
  async drained(): Promise<boolean> {
    if (!this.live || !this.response.writableNeedDrain) return this.live;
    await new Promise<void>((resolve) => {
      const cancel = this.terms.clock.schedule(STALL_MS, () => {
        this.drop();
      });
      const done = (): void => {
        cancel();
        this.cleanups.delete(done);
        this.response.removeListener('drain', done);
        resolve();
      };
      this.response.once('drain', done);
      this.onClose(done);
    });
    return this.live;
  }

  /** Ends it in order. Idempotent. */
  end(): void {
    if (!this.live) return;
    this.finish();
    this.response.end();
  }

  private write(frame: string): boolean {
    if (!this.live) return false;
    if (this.response.writableLength > this.terms.maxUnreadBytes) {
      this.drop();
      return false;
    }
    this.response.write(frame);
    this.cancelBeat();
    this.scheduleBeat();
    return true;
  }

  private drop(): void {
    this.finish();
    this.response.destroy();
  }

  private scheduleBeat(): void {
    const { clock, beatMs, beat } = this.terms;
    this.cancelBeat = clock.schedule(beatMs, () => {
      this.write(beat === null ? ': still here\n\n' : frameOf(beat()));
    });
  }

  private finish(): void {
    if (!this.live) return;
    this.live = false;
    this.cancelBeat();
    const cleanups = [...this.cleanups];
    this.cleanups.clear();
    for (const cleanup of cleanups) cleanup();
  }
}

/** `JSON.stringify` writes no line ends, so the data is one line. */
export function frameOf({ event, id, data }: StreamEvent): string {
  const head = `${id === undefined ? '' : `id: ${oneLine(id)}\n`}${event === undefined ? '' : `event: ${oneLine(event)}\n`}`;
  return `${head}data: ${JSON.stringify(data) ?? 'null'}\n\n`;
}

function oneLine(text: string): string {
  return text.replace(/[\r\n\0]/g, '');
}
