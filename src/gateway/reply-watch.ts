// HOT PATH
import { SseParser, type SseEvent } from '../protocol/sse.js';
import { eachMessage, isReplyTo } from './exchange-call.js';

/** A longer event is taken for the reply: what is passed through must not be held in memory to find out. */
const MAX_WATCHED_BYTES = 65_536;

/**
 * Watches an event stream that is passed through for whether its client would wait in vain once it ends. That is so
 * while neither the reply came by nor an event id that the client can resume from. Reads no further after either.
 */
export class ReplyWatch {
  private parser: SseParser | null;

  constructor(private readonly id: Buffer) {
    const stop = (): void => {
      this.parser = null;
    };
    this.parser = new SseParser(MAX_WATCHED_BYTES, (event) => this.take(event, stop), stop);
  }

  get outstanding(): boolean {
    return this.parser !== null;
  }

  push(chunk: Buffer): void {
    this.parser?.push(chunk);
  }

  private take({ event, data, id }: SseEvent, stop: () => void): void {
    if (id !== undefined && id !== '') stop();
    if (this.parser === null || event !== 'message' || data.length === 0) return;
    eachMessage(data, (message, kind, envelope) => {
      if (kind === 'response' && isReplyTo(this.id, message, envelope)) stop();
    });
  }
}
