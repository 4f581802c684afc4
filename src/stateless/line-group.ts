// HOT PATH
import type { InstanceSource } from '../upstream/instance-source.js';
import type { Line } from './line.js';

/** Whoever listens for changes of what a service offers. */
export interface ChangeListener {
  /** The line it stays on. */
  readonly line: Line | null;
  changed(message: Buffer, method: string): void;
  /** The line is over, or will be as soon as nobody uses it; `lost`: as its upstream ended. */
  lineOver(lost: boolean): void;
}

/** The lines of one principal and one set of client facts to one source. */
export class LineGroup {
  readonly lines: Line[] = [];
  readonly listeners = new Set<ChangeListener>();
  /** Lines being opened. */
  openings = 0;
  /** The opening that callers join who need no line to themselves. */
  opening: Promise<Line> | null = null;

  constructor(
    readonly source: InstanceSource,
    readonly key: string,
  ) {}

  get isEmpty(): boolean {
    return this.lines.length === 0 && this.openings === 0;
  }

  /** The first line with room, so that calls one after another find the same upstream; `takes`: to itself. */
  pick(takes: boolean): Line | null {
    for (const line of this.lines) {
      if (line.usable && (!takes || !line.taken || !line.exclusive || line.native)) return line;
    }
    return null;
  }

  /** Where each line has an upstream of its own, every listener hears of a change at any of them. */
  changed(line: Line, message: Buffer, method: string): void {
    const everywhere = !line.multiplexed && method !== 'notifications/resources/updated';
    for (const listener of [...this.listeners]) {
      if (everywhere || listener.line === line) listener.changed(message, method);
    }
  }

  remove(line: Line, lost: boolean): void {
    const at = this.lines.indexOf(line);
    if (at >= 0) this.lines.splice(at, 1);
    for (const listener of [...this.listeners]) {
      if (listener.line === line) listener.lineOver(lost);
    }
  }
}
