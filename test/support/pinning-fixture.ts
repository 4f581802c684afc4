import type { LifecycleAccess } from '../../src/health/health-ports.js';
import { ToolApprovals } from '../../src/health/tool-approvals.js';
import { ToolPinningDesk } from '../../src/health/tool-pinning.js';
import { SilentLogger } from '../../src/kernel/logger.js';
import type { JsonObject } from '../../src/kernel/json.js';
import type { RevisionDocument, ServiceDocument } from '../../src/registry/service.js';
import { MemoryStore } from '../../src/storage/memory.store.js';
import type { RecordStore } from '../../src/storage/record-store.js';
import { ManualClock } from './manual-clock.js';

/** A desk over documents; `promoted` is what the stored revisions were promoted with. */
export function pinningDesk(
  documents: () => readonly ServiceDocument[],
  lifecycle: Pick<LifecycleAccess, 'statusOf'>,
  options: { store?: RecordStore; promoted?: () => readonly JsonObject[] | null } = {},
): ToolPinningDesk {
  const clock = new ManualClock();
  const logger = new SilentLogger();
  const { store = new MemoryStore(clock), promoted = () => null } = options;
  const find = (id: string): ServiceDocument | undefined =>
    documents().find(({ service_id }) => service_id === id);
  const revision = (): Promise<RevisionDocument> =>
    Promise.resolve({ tools: promoted() } as RevisionDocument);
  const approvals = new ToolApprovals(store, logger);
  return new ToolPinningDesk({ find, revision }, lifecycle, approvals, clock, logger);
}
