import type { ServerResponse } from 'node:http';
import type { Clock } from '../kernel/clock.js';
import { discoveryProblems } from './discovery.errors.js';
import {
  ManagementStream,
  MAX_UNREAD_BYTES,
  STREAM_BEAT_MS,
  type StreamTerms,
} from './event-stream.js';

const MAX_STREAMS = 64;
const RETRY_S = 5;

/** Opens event streams of the management API, and bounds how many there are. */
export class StreamDesk {
  private readonly streams = new Set<ManagementStream>();

  constructor(private readonly clock: Clock) {}

  get count(): number {
    return this.streams.size;
  }

  /** Throws `discovery.too-many-streams`. */
  open(response: ServerResponse, beat: StreamTerms['beat'] = null): ManagementStream {
    if (this.streams.size >= MAX_STREAMS) {
      throw discoveryProblems['too-many-streams']({ retry_after_s: RETRY_S });
    }
    const stream = new ManagementStream(response, {
      clock: this.clock,
      beatMs: STREAM_BEAT_MS,
      beat,
      maxUnreadBytes: MAX_UNREAD_BYTES,
    });
    this.streams.add(stream);
    stream.onClose(() => {
      this.streams.delete(stream);
    });
    return stream;
  }

  /** At shutdown: clients connect again, elsewhere or later. */
  endAll(): void {
    for (const stream of [...this.streams]) stream.end();
  }
}
