import type { StorageFault } from '../storage/record-store.js';
import type { ConditionChange } from './conditions.js';

/** The service that a fault is told with; `null` for records that are not shown with one. */
export function serviceOf({ kind, id }: StorageFault): string | null {
  if (kind === 'service') return id;
  return kind === 'revision' ? (id.split('/')[0] ?? null) : null;
}

/** What a fault of a stored file says about its service. */
export function conditionOf(fault: StorageFault): ConditionChange {
  if (fault.fault === 'corrupt') {
    const message = damageOf(fault);
    return { type: 'StorageCorrupt', status: 'true', reason: 'StorageCorrupt', message };
  }
  const message = `${fault.file} was edited by hand and is not in force: ${fault.detail}${wayOut(fault)}`;
  return { type: 'Drifted', status: 'true', reason: 'EditedByHand', message };
}

/** How an operator settles it; an edited revision is settled by any write that touches it. */
function wayOut({ kind, id }: StorageFault): string {
  if (kind !== 'service') return '';
  return ` POST /api/v1/services/${id}/drift with {"action": "adopt"} makes it a revision, {"action": "revert"} undoes it.`;
}

/** One sentence about a file that could not be read. */
export function damageOf({ kind, file, detail }: StorageFault): string {
  return `The ${kind} record was damaged and moved to ${file}: ${detail}`;
}
