import { readFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import type { GatewayProcess } from '../support/gateway-process.js';

export interface CallSeen {
  readonly tool: string;
  /** `null` for calls that change nothing. */
  readonly key: string | null;
  readonly kind: string;
  readonly mayHaveRun: boolean;
  readonly startedMs: number;
  readonly endedMs: number;
}

const EVERY_MS = 100;
const PATIENCE_MS = 20_000;

/** Two callers, one of each tool, that call every 100 ms whether or not they were answered. */
export class FailureCallers {
  readonly seen: CallSeen[] = [];
  private running = true;
  private readonly pending = new Set<Promise<void>>();
  private readonly loops: readonly Promise<void>[];

  constructor(
    private readonly gateway: GatewayProcess,
    private readonly service: string,
    tools: readonly string[] = ['answer', 'work'],
  ) {
    this.loops = tools.map((tool) => this.loop(tool));
  }

  async stop(): Promise<void> {
    this.running = false;
    await Promise.all(this.loops);
    await Promise.all(this.pending);
  }

  /** Whether each tool was answered, and nothing else came since. */
  isServedSince(atMs: number): boolean {
    const since = this.seen.filter(({ startedMs }) => startedMs >= atMs);
    const tools = new Set(since.map(({ tool }) => tool));
    return tools.size === this.loops.length && since.every(({ kind }) => kind === 'answered');
  }

  during(fromMs: number, untilMs: number): readonly CallSeen[] {
    return this.seen.filter(({ startedMs }) => startedMs >= fromMs && startedMs < untilMs);
  }

  private async loop(tool: string): Promise<void> {
    for (let count = 0; this.running; count += 1) {
      const call = this.call(tool, count);
      this.pending.add(call);
      void call.finally(() => this.pending.delete(call));
      await pause(EVERY_MS);
    }
  }

  private async call(tool: string, count: number): Promise<void> {
    const key = tool === 'work' ? `${this.service}-${String(count)}` : null;
    const startedMs = performance.now();
    const path = `/api/v1/services/${this.service}/tools/${tool}`;
    const heard = await Promise.race([
      this.gateway.request<Record<string, unknown>>('POST', path, key === null ? {} : { key }).then(
        ({ status, body }) => kindOf(status, body),
        (error: unknown) => ({ kind: `no answer: ${String(error)}`, mayHaveRun: true }),
      ),
      pause(
        PATIENCE_MS,
        { kind: `no answer within ${String(PATIENCE_MS)} ms`, mayHaveRun: true },
        { ref: false },
      ),
    ]);
    this.seen.push({ tool, key, ...heard, startedMs, endedMs: performance.now() });
  }
}

function kindOf(
  status: number,
  body: Record<string, unknown>,
): { kind: string; mayHaveRun: boolean } {
  if (status === 200) {
    return { kind: body.is_error === true ? 'isError' : 'answered', mayHaveRun: true };
  }
  const { code, reason, may_have_run } = body;
  const told = typeof reason === 'string' ? ` ${reason}` : '';
  return { kind: `${String(status)} ${String(code)}${told}`, mayHaveRun: may_have_run !== false };
}

/** What was executed how often, as the upstream itself wrote it down; faults are in words. */
export function judgeExecutions(
  seen: readonly CallSeen[],
  record: string,
): { sent: number; ran: number; twice: number; faults: string[] } {
  const counts = new Map<string, number>();
  for (const key of linesOf(record)) counts.set(key, (counts.get(key) ?? 0) + 1);
  const calls = seen.filter(({ key }) => key !== null);
  const faults: string[] = [];
  const twice = [...counts].filter(([, count]) => count > 1);
  if (twice.length > 0)
    faults.push(`executed more than once: ${twice.map(([key]) => key).join(', ')}`);
  for (const { key, kind, mayHaveRun } of calls) {
    const ran = counts.has(key ?? '');
    if (kind === 'answered' && !ran) faults.push(`${String(key)} was answered and never executed`);
    if (ran && !mayHaveRun)
      faults.push(`${String(key)} was executed and told not to have run (${kind})`);
  }
  return { sent: calls.length, ran: counts.size, twice: twice.length, faults: faults.slice(0, 5) };
}

export function linesOf(path: string): readonly string[] {
  try {
    return readFileSync(path, 'utf8')
      .split('\n')
      .filter((line) => line !== '');
  } catch {
    return [];
  }
}
