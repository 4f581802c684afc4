import type { Clock, CancelTimer } from '../kernel/clock.js';
import { SseParser } from '../protocol/sse.js';
import type { ExchangeConversation, ExchangeHandle, ExchangeSink } from '../upstream/upstream.js';
import { eachMessage } from './exchange-call.js';

const MAX_EVENT_BYTES = 16 * 1_048_576;
const AGAIN_MS = 1_000;

/**
 * Listens to the standing stream of an HTTP upstream and hands on its messages, for clients that do not listen
 * themselves. A stream that ends is opened again where it stopped; one that is refused (405, RFC 9110) is not.
 */
export class ExchangeListener implements ExchangeSink {
  private exchange: ExchangeHandle | null = null;
  private parser: SseParser | null = null;
  private lastId: string | null = null;
  private cancelTimer: CancelTimer | null = null;
  private closed = false;

  constructor(
    private readonly conversation: ExchangeConversation,
    private readonly clock: Clock,
    private readonly take: (message: Buffer) => void,
  ) {
    this.listen();
  }

  close(): void {
    this.closed = true;
    this.cancelTimer?.();
    this.exchange?.abort();
  }

  onHead(status: number): void {
    if (status !== 200) {
      this.close();
      return;
    }
    this.parser = new SseParser(
      MAX_EVENT_BYTES,
      (event) => {
        if (event.id !== undefined) this.lastId = event.id;
        if (event.data.length > 0) eachMessage(event.data, this.take);
      },
      () => {
        this.close();
      },
    );
  }

  onChunk(chunk: Buffer): boolean {
    this.parser?.push(chunk);
    return true;
  }

  onEnd(): void {
    this.again();
  }

  onFail(): void {
    this.again();
  }

  private again(): void {
    if (this.closed) return;
    this.parser = null;
    this.cancelTimer = this.clock.schedule(AGAIN_MS, () => {
      this.listen();
    });
  }

  private listen(): void {
    if (this.closed) return;
    const headers = { accept: 'text/event-stream' };
    this.exchange = this.conversation.listen(
      this.lastId === null ? headers : { ...headers, 'last-event-id': this.lastId },
      this,
    );
  }
}
