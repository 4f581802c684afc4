// HOT PATH
export interface Numbered {
  /** A positive integer. */
  readonly id: number;
}

const FIRST_ROOM = 64;
/** Half a megabyte of slots; what is under way beyond that goes to the map. */
const MAX_ROOM = 65_536;

/**
 * What is under way, by ids that are counted upwards. An id's slot is its low bits. Of two items that want one slot, the
 * older has seen a whole turn of the ring go by: when the ring is at least half full, that is because much is under way,
 * and it grows; otherwise the older one is slow and makes room by going to a small map. So the ring's size follows how
 * much is under way at once and not how long the slowest takes.
 * Why not a Map for all: under churn V8 replaces its tables all the time, see `kernel/slots`.
 */
export class CallRing<T extends Numbered> {
  private items: (T | null)[] = emptyRoom(FIRST_ROOM);
  private mask = FIRST_ROOM - 1;
  private inRing = 0;
  private readonly slow = new Map<number, T>();

  get size(): number {
    return this.inRing + this.slow.size;
  }

  /** Slots of the ring; for its bounds to be tested. */
  get room(): number {
    return this.items.length;
  }

  get(id: number): T | undefined {
    const item = this.items[id & this.mask];
    if (item !== null && item !== undefined && item.id === id) return item;
    return this.slow.size === 0 ? undefined : this.slow.get(id);
  }

  /** Invariant: `item.id` is larger than every id before it. */
  add(item: T): void {
    let before = this.items[item.id & this.mask];
    while (before !== null && before !== undefined) {
      if (this.inRing * 2 >= this.items.length && this.items.length < MAX_ROOM) this.grow();
      else this.setAside(before);
      before = this.items[item.id & this.mask];
    }
    this.items[item.id & this.mask] = item;
    this.inRing += 1;
  }

  /** Answers whether it was there. */
  delete(id: number): boolean {
    const slot = id & this.mask;
    if (this.items[slot]?.id !== id) return this.slow.size > 0 && this.slow.delete(id);
    this.items[slot] = null;
    this.inRing -= 1;
    if (this.inRing === 0 && this.items.length > FIRST_ROOM) this.shrink();
    return true;
  }

  /** In no particular order. What is added meanwhile may be left out, and what is deleted may still be visited. */
  *values(): IterableIterator<T> {
    for (const item of this.items) if (item !== null) yield item;
    yield* this.slow.values();
  }

  private setAside(item: T): void {
    this.items[item.id & this.mask] = null;
    this.inRing -= 1;
    this.slow.set(item.id, item);
  }

  private grow(): void {
    const room = this.items.length * 2;
    const items: (T | null)[] = emptyRoom(room);
    // Slots that differed still do.
    for (const item of this.items) if (item !== null) items[item.id & (room - 1)] = item;
    this.items = items;
    this.mask = room - 1;
  }

  /** Half of it at a time, as the next burst may be near. */
  private shrink(): void {
    const room = this.items.length / 2;
    this.items = emptyRoom(room);
    this.mask = room - 1;
  }
}

function emptyRoom(room: number): null[] {
  return new Array<null>(room).fill(null);
}
