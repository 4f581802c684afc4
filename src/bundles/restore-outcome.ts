import type { Settlement } from '../lifecycle/settling.js';
import type { BatchChange, BatchOutcome } from '../registry/batch-change.js';
import { importedService, type ImportedService } from './import-outcome.js';

/** What became of one service; the words are those of an import. */
export type RestoredService = Omit<ImportedService, 'action'>;

export interface Waiting {
  settled(id: string, revision: number | null, timeoutMs: number): Promise<Settlement>;
}

/** Waits until every service has come to an end, or for `waitMs`. `batch` is in the order of the changes. */
export async function outcomesOf(
  changes: readonly BatchChange[],
  batch: readonly BatchOutcome[],
  lifecycle: Waiting,
  waitMs: number,
): Promise<RestoredService[]> {
  return Promise.all(
    batch.map(async (result, index): Promise<RestoredService> => {
      const change = changes[index];
      const asked = change?.op === 'desire' ? null : result.revision;
      const settlement = await lifecycle.settled(result.service_id, asked, waitMs);
      const wanted = wantedOf(change);
      const told = importedService({ action: 'update' }, result, wanted, settlement);
      const { service_id, name, revision, outcome, state, problem } = told;
      return { service_id, name, revision, outcome, state, problem };
    }),
  );
}

function wantedOf(change: BatchChange | undefined): 'active' | 'archived' | 'stored' {
  const desired = change?.desired ?? 'active';
  return desired === 'active' || desired === 'archived' ? desired : 'stored';
}
