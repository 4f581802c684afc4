import { recordKey } from './record-layout.js';
import type { RecordKind, StorageFault } from './record-store.js';

/** What is wrong with the files of which records. A fault ends when its record is next written or deleted. */
export class FaultList {
  private readonly faults = new Map<string, StorageFault>();

  add(fault: StorageFault): void {
    this.faults.set(recordKey(fault.kind, fault.id), fault);
  }

  clear(kind: RecordKind, id: string): void {
    this.faults.delete(recordKey(kind, id));
  }

  list(): readonly StorageFault[] {
    return [...this.faults.values()];
  }
}
