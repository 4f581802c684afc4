import type { Scrub } from './scrub.js';
import { UpstreamError } from './upstream.errors.js';

/** Lines of a banner that are put up with before the handshake. */
const MAX_BANNER_LINES = 20;
/** Log lines in a row, without one call between them, that are put up with afterwards. */
const MAX_LOG_LINES = 10_000;
const QUOTED_CHARS = 120;

/** What a child writes to standard output that is no message: counted, noted, and named when it is the likely fault. */
export class StdoutNoise {
  private first: string | null = null;
  private count = 0;
  private talking = false;

  constructor(
    private readonly scrub: Scrub,
    private readonly note: (line: string) => void,
  ) {}

  /** A line that is no message. Answers the error to end the upstream with when it is one too many. */
  hear(line: Buffer): UpstreamError | null {
    const text = this.scrub(line.toString('utf8', 0, 4096)).slice(0, 1000);
    this.first ??= text;
    this.count += 1;
    this.note(`(stdout, not a message) ${text}`);
    return this.count > (this.talking ? MAX_LOG_LINES : MAX_BANNER_LINES) ? this.error() : null;
  }

  /** The handshake succeeded. */
  becomeTalking(): void {
    this.talking = true;
    this.count = 0;
  }

  /** There was a call since: the run of other lines is over. */
  forgive(): void {
    this.count = 0;
  }

  /** A failed handshake's error, or the better one when what was printed explains it. */
  explain(error: UpstreamError): UpstreamError {
    const noisy = ['exited', 'exited-early', 'handshake-timeout', 'disconnected'].includes(
      error.code,
    );
    if (this.first === null || this.talking || !noisy) return error;
    const better = this.error();
    return new UpstreamError(better.code, `${better.message}. Then: ${error.message}`, error.facts);
  }

  private error(): UpstreamError {
    const first = this.first ?? '';
    const quoted = JSON.stringify(first.slice(0, QUOTED_CHARS));
    return isJson(first)
      ? new UpstreamError(
          'not-mcp',
          `Standard output carries JSON that is no MCP message: ${quoted}`,
        )
      : new UpstreamError('not-json', `Standard output carries text that is no message: ${quoted}`);
  }
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
