import type { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { pause } from './gateway-process.js';
import { textOf } from './mcp-clients.js';

export interface CallRecord {
  readonly key: string;
  readonly label: string | null;
  readonly error: string | null;
  readonly startedMs: number;
  readonly endedMs: number;
}

/** Calls `work` at a steady rate: fast (10 ms), slow (500 ms) and streaming calls mixed. Bounded by `stop`. */
export class CallLoad {
  readonly records: CallRecord[] = [];
  private running = true;
  private readonly pending = new Set<Promise<void>>();
  private readonly loop: Promise<void>;

  constructor(
    private readonly clients: readonly Client[],
    private readonly perSecond: number,
    private readonly prefix: string,
  ) {
    this.loop = this.run();
  }

  /** Ends the load and waits for the calls under way. */
  async stop(): Promise<void> {
    this.running = false;
    await this.loop;
    await Promise.all(this.pending);
  }

  private async run(): Promise<void> {
    const startedAt = performance.now();
    for (let count = 0; this.running && count < 100_000; count += 1) {
      const due = startedAt + (count * 1000) / this.perSecond;
      await pause(Math.max(0, due - performance.now()));
      const call = this.call(count);
      this.pending.add(call);
      void call.finally(() => this.pending.delete(call));
    }
  }

  private async call(count: number): Promise<void> {
    const client = this.clients[count % this.clients.length];
    if (client === undefined) throw new Error('no client');
    const key = `${this.prefix}-${count}`;
    const shape = [{ ms: 10 }, { ms: 500 }, { ms: 60, steps: 3 }][count % 3] ?? { ms: 10 };
    const startedMs = performance.now();
    const options = 'steps' in shape ? { onprogress: () => undefined } : {};
    try {
      const result = await client.callTool(
        { name: 'work', arguments: { key, ...shape } },
        undefined,
        options,
      );
      this.records.push({
        key,
        label: textOf(result),
        error: null,
        startedMs,
        endedMs: performance.now(),
      });
    } catch (error) {
      this.records.push({
        key,
        label: null,
        error: String(error),
        startedMs,
        endedMs: performance.now(),
      });
    }
  }
}
