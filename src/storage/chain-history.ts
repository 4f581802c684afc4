import type { FileSystem } from '../kernel/file-system.js';
import { chainLines, type ChainExtent, type ChainFile, type ChainFiles } from './chain-files.js';
import type { FileLine } from './line-reader.js';
import type { ChainPlace, HistoryQuery } from './record-store.js';

/** Lines of a page together; one line may be more by itself. */
const MAX_PAGE_BYTES = 8 * 1024 * 1024;
/** Where a line names its number. */
const HEAD_CHARS = 96;
const MAX_PLACES = 64;

/** How the lines of a chain are read. */
export interface LineForm<T> {
  /** Finds the number at the head of a line that need not be read whole. */
  readonly head: RegExp;
  /** `null` = it cannot be read. */
  readonly decode: (line: Buffer) => { readonly number: number; readonly item: T } | null;
}

export interface ChainPage<T> {
  readonly items: readonly T[];
  readonly next: number | null;
  readonly damaged: readonly ChainPlace[];
}

/** What a chain keeps, read from its files a page at a time, beside the writer and without its knowledge. */
export class ChainHistory<T> {
  /** Where the pages that were read last left off, by the number that comes next: whoever pages on need not search. */
  private readonly places = new Map<number, { readonly file: string; readonly byte: number }>();

  constructor(
    private readonly fileSystem: FileSystem,
    private readonly files: ChainFiles,
    private readonly form: LineForm<T>,
  ) {}

  async page({ order, from: given, limit }: HistoryQuery): Promise<ChainPage<T>> {
    const { extent } = this.files;
    const isNewest = order === 'newest';
    const from = given ?? (isNewest ? extent.end.number : 0);
    const collected = new PageOfLines(this.form, limit);
    const files = isNewest ? [...extent.files].reverse() : extent.files;
    const direction = isNewest ? 'backward' : 'forward';
    for (const file of files) {
      if (isNewest ? file.first > from : lastOf(file, extent) < from) continue;
      const place = isNewest ? undefined : this.places.get(from);
      const startAt = place?.file === file.name ? place.byte : 0;
      const lines = chainLines(this.fileSystem, this.files, extent, file, direction, startAt);
      for await (const line of lines) {
        const number = this.numberOf(line.bytes);
        if (number !== null && (isNewest ? number > from : number < from)) continue;
        collected.add(file.name, line);
        if (!collected.isFull) continue;
        const next = nextOf(collected, order, from, extent);
        if (next !== null && !isNewest) this.remember(next, file.name, line);
        return collected.page(next);
      }
    }
    return collected.page(null);
  }

  private remember(next: number, file: string, { bytes, offset }: FileLine): void {
    for (const [oldest] of this.places) {
      if (this.places.size < MAX_PLACES) break;
      this.places.delete(oldest);
    }
    this.places.set(next, { file, byte: offset + bytes.length + 1 });
  }

  private numberOf(line: Buffer): number | null {
    const head = line.toString('latin1', 0, Math.min(HEAD_CHARS, line.length));
    const match = this.form.head.exec(head);
    return match === null ? null : Number(match[1]);
  }
}

class PageOfLines<T> {
  readonly items: T[] = [];
  private readonly damaged: ChainPlace[] = [];
  private bytes = 0;
  lowest = Number.POSITIVE_INFINITY;
  highest = 0;

  constructor(
    private readonly form: LineForm<T>,
    private readonly limit: number,
  ) {}

  get isFull(): boolean {
    return this.items.length + this.damaged.length >= this.limit || this.bytes > MAX_PAGE_BYTES;
  }

  add(file: string, { bytes, offset, isWhole }: FileLine): void {
    const read = isWhole ? this.form.decode(bytes) : null;
    if (read === null) {
      this.damaged.push({ file, line: null, byte: offset });
      return;
    }
    this.items.push(read.item);
    this.bytes += bytes.length;
    this.lowest = Math.min(this.lowest, read.number);
    this.highest = Math.max(this.highest, read.number);
  }

  page(next: number | null): ChainPage<T> {
    return { items: this.items, next, damaged: this.damaged };
  }
}

/** Strictly beyond `from`, whatever a damaged file says, so that paging comes to an end. */
function nextOf<T>(
  { items, lowest, highest }: PageOfLines<T>,
  order: HistoryQuery['order'],
  from: number,
  { end, files }: ChainExtent,
): number | null {
  if (order === 'newest') {
    const next = (items.length === 0 ? from : Math.min(lowest, from)) - 1;
    return next < (files[0]?.first ?? 1) ? null : next;
  }
  const next = (items.length === 0 ? from : Math.max(highest, from)) + 1;
  return next > end.number ? null : next;
}

function lastOf(file: ChainFile, { files, end }: ChainExtent): number {
  const next = files[files.indexOf(file) + 1];
  return next === undefined ? end.number : next.first - 1;
}
