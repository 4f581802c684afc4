import type { CallEnd } from '../health/call-fault.js';
import { RollingWindow, type WindowFigures } from './rolling-window.js';

/** One call as the channel of the hot path tells it. */
export interface EndedCall {
  /** The tool that was called; `null` for other methods. */
  readonly tool: string | null;
  readonly end: CallEnd;
  readonly duration_ms: number;
}

/** Lengths of the windows that are kept, in seconds, with the length of their slices in milliseconds. */
const WINDOWS = [
  { seconds: 60, sliceMs: 5_000 },
  { seconds: 900, sliceMs: 60_000 },
] as const;

/** Tools that are counted by themselves at a time; calls of further ones are counted together. */
export const MAX_TOOLS = 50;
export const OTHER_TOOLS = '(other tools)';

export interface ToolFigures extends WindowFigures {
  readonly tool: string;
}

export interface PerformanceWindow extends WindowFigures {
  /** The window is this long at most; its oldest slice, a twelfth or a fifteenth of it, ends all at once. */
  readonly window_s: number;
  /** Most called first. */
  readonly tools: readonly ToolFigures[];
}

/** Windows of one kind of calls, the short one first. */
class WindowSet {
  readonly windows = WINDOWS.map(
    ({ seconds, sliceMs }) => new RollingWindow(sliceMs, (seconds * 1_000) / sliceMs),
  );

  record({ end, duration_ms }: EndedCall, nowMs: number): void {
    for (const window of this.windows) window.record(end, duration_ms, nowMs);
  }

  isOver(nowMs: number): boolean {
    return this.windows.every((window) => window.isOver(nowMs));
  }
}

/** How one service did lately, as a whole and by tool. In memory, pure, bounded: some 10 KB per tool that is called. */
export class ServicePerformance {
  private readonly whole = new WindowSet();
  private readonly tools = new Map<string, WindowSet>();

  /** `isListed`: whether the service has a tool of this name, so that invented names cost nothing. */
  constructor(private readonly isListed: (tool: string) => boolean) {}

  /** Times are monotonic milliseconds. */
  record(call: EndedCall, nowMs: number): void {
    this.whole.record(call, nowMs);
    if (call.tool !== null) this.windowsOf(call.tool, nowMs).record(call, nowMs);
  }

  /** Whether no call is left in any window, so that nothing has to be kept. */
  isOver(nowMs: number): boolean {
    return this.whole.isOver(nowMs);
  }

  /** `top`: tools at most in each window. */
  report(nowMs: number, top: number): PerformanceWindow[] {
    return WINDOWS.map(({ seconds }, at) => {
      const tools: ToolFigures[] = [];
      for (const [tool, { windows }] of this.tools) {
        const figures = windows[at]?.figures(nowMs);
        if (figures !== undefined && hasAny(figures)) tools.push({ tool, ...figures });
      }
      tools.sort((one, other) => other.calls - one.calls || (one.tool < other.tool ? -1 : 1));
      const whole = this.whole.windows[at]?.figures(nowMs) ?? NO_FIGURES;
      return { window_s: seconds, ...whole, tools: tools.slice(0, top) };
    });
  }

  private windowsOf(tool: string, nowMs: number): WindowSet {
    const known = this.tools.get(tool);
    if (known !== undefined) return known;
    if (tool !== OTHER_TOOLS && !this.hasRoomFor(tool, nowMs)) {
      return this.windowsOf(OTHER_TOOLS, nowMs);
    }
    const made = new WindowSet();
    this.tools.set(tool, made);
    return made;
  }

  private hasRoomFor(tool: string, nowMs: number): boolean {
    if (!this.isListed(tool)) return false;
    if (this.tools.size < MAX_TOOLS) return true;
    for (const [name, windows] of this.tools) {
      if (!windows.isOver(nowMs)) continue;
      this.tools.delete(name);
      return true;
    }
    return false;
  }
}

/** Of a service that nobody called. */
export const NO_FIGURES: WindowFigures = {
  calls: 0,
  transport_errors: 0,
  tool_errors: 0,
  rpc_errors: 0,
  caller_errors: 0,
  cancelled: 0,
  refused: 0,
  p50_ms: null,
  p95_ms: null,
  p99_ms: null,
};

function hasAny({ calls, cancelled, refused }: WindowFigures): boolean {
  return calls + cancelled + refused > 0;
}
