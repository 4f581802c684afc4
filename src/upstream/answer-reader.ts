import { SseParser } from '../protocol/sse.js';

/** Takes the messages out of an HTTP answer: one JSON body, or the events of a stream. */
export class AnswerReader {
  private parts: Buffer[] = [];
  private bytes = 0;
  private readonly events: SseParser | null;

  /** `onTooLong` may be called several times. */
  constructor(
    headers: Readonly<Record<string, string>>,
    private readonly maxBytes: number,
    private readonly onMessage: (message: Buffer) => void,
    private readonly onTooLong: () => void,
  ) {
    this.events =
      headers['content-type']?.startsWith('text/event-stream') === true
        ? new SseParser(
            maxBytes,
            ({ data }) => {
              if (data.length > 0) onMessage(data);
            },
            onTooLong,
          )
        : null;
  }

  push(chunk: Buffer): void {
    if (this.events !== null) {
      this.events.push(chunk);
      return;
    }
    this.bytes += chunk.length;
    if (this.bytes > this.maxBytes) this.onTooLong();
    else this.parts.push(chunk);
  }

  end(): void {
    if (this.events !== null || this.parts.length === 0) return;
    const [only] = this.parts;
    const whole = this.parts.length === 1 && only !== undefined ? only : Buffer.concat(this.parts);
    this.parts = [];
    this.onMessage(whole);
  }
}
