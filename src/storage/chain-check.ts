import type {
  ChainBreak,
  ChainFault,
  ChainLink,
  ChainPlace,
  ChainVerdict,
  ChainWitness,
} from './record-store.js';

/** Breaks that are told one by one; the others are counted. */
const MAX_BREAKS = 20;

/** What a line says of itself. */
export interface ChainLine extends ChainLink {
  readonly prev_hash: string;
}

export interface ChainStart extends ChainLink {
  /** Whether lines up to its number may stand before: retention was cut short after it had left its anchor. */
  readonly mayPrecede: boolean;
}

/**
 * Whether numbered, hashed lines follow on one another: fed line by line, it remembers the last one only. After a break it
 * goes on from what it finds, so that every place is told and none twice.
 */
export class ChainCheck {
  private records = 0;
  private files = 0;
  private first: ChainLink | null = null;
  private last: ChainLink | null = null;
  /** `hash` is `null` after a line that could not be read: the next one is believed. */
  private before: { readonly number: number; readonly hash: string | null };
  private readonly breaks: ChainBreak[] = [];
  private breakCount = 0;

  private readonly witnesses = new Map<number, ChainWitness[]>();

  /** `start`: the link that the first line follows. `witnesses`: hashes that lines of these numbers are known to have. */
  constructor(
    private readonly start: ChainStart,
    witnesses: readonly ChainWitness[],
  ) {
    this.before = start;
    for (const each of witnesses) {
      this.witnesses.set(each.number, [...(this.witnesses.get(each.number) ?? []), each]);
    }
  }

  countFile(): void {
    this.files += 1;
  }

  /** A line: what it says of itself, or why it cannot be read. */
  step(line: ChainLine | string, place: ChainPlace): void {
    this.records += 1;
    if (typeof line === 'string') {
      const number = this.before.number + 1;
      this.report('unreadable', number, line, place);
      this.before = { number, hash: null };
      return;
    }
    this.judge(line, place);
    const { number, hash } = line;
    for (const known of this.witnesses.get(number) ?? []) {
      if (known.hash === hash) continue;
      this.report('anchor', number, `${known.by} has another hash for ${number}.`, place);
    }
    this.first ??= { number, hash };
    this.last = { number, hash };
    this.before = this.last;
  }

  /** Something about a file, not a line. */
  report(fault: ChainFault, number: number | null, detail: string, place: ChainPlace): void {
    this.breakCount += 1;
    const { file, line, byte } = place;
    if (this.breaks.length < MAX_BREAKS) {
      this.breaks.push({ file, line, byte, fault, number, detail });
    }
  }

  /** A whole file is not there any more: what follows it is believed. */
  skipTo(number: number): void {
    this.before = { number: number - 1, hash: null };
  }

  /** `end`: the link that was written last, as its writer remembers it. `seen`: links that must be there, or have been. */
  verdict(end: ChainLink, seen: readonly ChainWitness[], place: ChainPlace): ChainVerdict {
    const { number: reached, hash: reachedHash } = this.before;
    if (reached !== end.number) {
      this.report('end', end.number, `It ends at ${reached}; ${end.number} was written.`, place);
    } else if (reachedHash !== null && reachedHash !== end.hash) {
      this.report('end', end.number, `${end.number} was written with another hash.`, place);
    }
    for (const { number, by } of seen) {
      if (number <= Math.max(reached, end.number)) continue;
      this.report('end', number, `It ends at ${reached}; ${by} has seen ${number}.`, place);
    }
    const { records, files, first, breaks, breakCount } = this;
    const { number, hash } = this.start;
    return {
      intact: breakCount === 0,
      records,
      files,
      anchor: number === 0 ? null : { number, hash },
      first,
      last: this.last,
      breaks,
      break_count: breakCount,
    };
  }

  private judge(line: ChainLine, place: ChainPlace): void {
    const { before } = this;
    if (this.isLeftOver(line)) return;
    const { number } = line;
    if (number !== before.number + 1) {
      const detail =
        number > before.number
          ? `${before.number + 1} to ${number - 1} are missing.`
          : `${number} stands after ${before.number}.`;
      this.report('order', number, detail, place);
    } else if (before.hash !== null && line.prev_hash !== before.hash) {
      const detail = `It does not follow the hash of ${before.number}: one of the two was changed.`;
      this.report('link', number, detail, place);
    }
  }

  /** The first line, where retention had left its anchor but not yet removed the file. */
  private isLeftOver({ number, hash }: ChainLink): boolean {
    if (this.records > 1 || !this.start.mayPrecede || number > this.start.number) return false;
    return number < this.start.number || hash === this.start.hash;
  }
}
