import type { ApiClient } from './api-client.js';
import { servicePath } from './api-path.js';
import type { Terminal } from './terminal.js';

const STEP_MS = 500;
const CLEAR_LINE = '\r\u001b[K';

/**
 * One line on stderr that says how long a wait has lasted and what state the service is in; nothing unless a person looks
 * on. What it cannot find out it leaves out: the wait itself is what counts.
 */
export class Progress {
  private state = '';

  constructor(
    private readonly terminal: Terminal,
    private readonly api: ApiClient,
    private readonly service: string | null,
  ) {}

  async during<T>(work: Promise<T>): Promise<T> {
    if (!this.terminal.isInteractive) return work;
    const over = new AbortController();
    const shown = this.show(over.signal);
    try {
      return await work;
    } finally {
      over.abort();
      await shown;
    }
  }

  private async show(over: AbortSignal): Promise<void> {
    const { clock, err } = this.terminal;
    const startedMs = clock.monotonicMs();
    for (;;) {
      await clock.sleep(STEP_MS, over);
      if (!over.aborted) await this.look();
      if (over.aborted) break;
      const seconds = Math.round((clock.monotonicMs() - startedMs) / 1000);
      const state = this.state === '' ? '' : ` · ${this.state}`;
      err(`${CLEAR_LINE}waiting ${String(seconds)} s${state}`);
    }
    err(CLEAR_LINE);
  }

  private async look(): Promise<void> {
    if (this.service === null) return;
    try {
      const { body } = await this.api.request('GET', servicePath(this.service));
      const state = body?.['state'];
      this.state = typeof state === 'string' ? `${this.service} is ${state}` : '';
    } catch {
      // Not there yet, or not for this key.
    }
  }
}
