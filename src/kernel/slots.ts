// HOT PATH
/**
 * A bag of short-lived objects, each removed by the slot it was given. Why not Set or Map: under churn V8 replaces their
 * tables all the time, and each old table points to its successor. Once one of them has reached the old generation, the
 * chain keeps alive every object that was ever in a replaced table until the next full collection: the young collections
 * then copy nearly everything, which cost more than all the rest of a call.
 */
export class Slots<T> {
  private readonly items: (T | null)[] = [];
  private readonly free: number[] = [];

  get size(): number {
    return this.items.length - this.free.length;
  }

  /** Answers the slot to remove it by. */
  add(item: T): number {
    const slot = this.free.pop();
    if (slot === undefined) return this.items.push(item) - 1;
    this.items[slot] = item;
    return slot;
  }

  /** A slot is removed once; it may be given to another object right after. */
  remove(slot: number): void {
    this.items[slot] = null;
    this.free.push(slot);
  }

  /** In no particular order. What is added meanwhile may be left out; removing is fine. */
  *values(): IterableIterator<T> {
    for (let slot = 0; slot < this.items.length; slot += 1) {
      const item = this.items[slot];
      if (item !== null && item !== undefined) yield item;
    }
  }

  /** The same without an iterator. */
  forEach(visit: (item: T) => void): void {
    for (let slot = 0; slot < this.items.length; slot += 1) {
      const item = this.items[slot];
      if (item !== null && item !== undefined) visit(item);
    }
  }
}
