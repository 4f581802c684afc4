import type { Clock } from '../kernel/clock.js';
import type { FileSystem } from '../kernel/file-system.js';
import type { Logger } from '../kernel/logger.js';
import { ColdReader } from './cold-reader.js';
import { CommitRing } from './commit-ring.js';
import { CommitWatchers } from './commit-watchers.js';
import { Compaction, type CompactionLimits } from './compaction.js';
import { FaultList } from './fault-list.js';
import { Journal } from './journal.js';
import { Materialiser } from './materialiser.js';
import { SystemProcessTable, type ProcessTable } from './process-identity.js';
import { RecordTable } from './record-table.js';
import { ServiceIndex } from './service-index.js';
import { SpaceReserve } from './space-reserve.js';
import { StoreLock } from './store-lock.js';
import { storePaths, type StorePaths } from './store-paths.js';
import { WriteGate } from './write-gate.js';

export interface FileStoreLimits extends CompactionLimits {
  /** Commits, and their bytes, that are kept in memory for those who follow the changes. */
  readonly ringCommits: number;
  readonly ringBytes: number;
  readonly reserveBytes: number;
}

const MIB = 1024 * 1024;

export const FILE_STORE_LIMITS: FileStoreLimits = Object.freeze({
  compactRecords: 10_000,
  compactBytes: 16 * MIB,
  sealedKeptMs: 90 * 24 * 60 * 60 * 1000,
  sealedKeptBytes: 1024 * MIB,
  ringCommits: 2_000,
  ringBytes: 8 * MIB,
  reserveBytes: MIB,
});

export interface FileStoreOptions {
  /** Absolute; `<data>/services`. Made when absent. */
  readonly directory: string;
  readonly fileSystem: FileSystem;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly processes?: ProcessTable;
  readonly limits?: Partial<FileStoreLimits>;
}

/** The rooms of the file store, built once and wired here. */
export interface FileStoreParts {
  readonly fileSystem: FileSystem;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly paths: StorePaths;
  readonly table: RecordTable;
  readonly ring: CommitRing;
  readonly watchers: CommitWatchers;
  readonly faults: FaultList;
  readonly gate: WriteGate;
  readonly reserve: SpaceReserve;
  readonly lock: StoreLock;
  readonly journal: Journal;
  readonly materialiser: Materialiser;
  readonly compaction: Compaction;
  readonly cold: ColdReader;
  readonly index: ServiceIndex;
}

export function assembleParts(options: FileStoreOptions): FileStoreParts {
  const { fileSystem, clock, logger, directory } = options;
  const limits: FileStoreLimits = { ...FILE_STORE_LIMITS, ...options.limits };
  const paths = storePaths(directory);
  const processes = options.processes ?? new SystemProcessTable(fileSystem);
  const base = { fileSystem, clock, logger, paths };
  const reserve = new SpaceReserve(fileSystem, paths.reserve, limits.reserveBytes);
  const memory = {
    table: new RecordTable(),
    ring: new CommitRing(limits.ringCommits, limits.ringBytes),
    watchers: new CommitWatchers(logger),
    faults: new FaultList(),
    gate: new WriteGate(),
  };
  const journal = new Journal(fileSystem, paths.journal, paths.sealed, async () => {
    await reserve.release();
  });
  const materialiser = new Materialiser(fileSystem, directory, clock, logger);
  const shared = { ...base, ...memory, reserve, journal, materialiser };
  return {
    ...shared,
    lock: new StoreLock(fileSystem, paths.lock, processes, clock),
    compaction: new Compaction({ ...shared, limits }),
    cold: new ColdReader(shared),
    index: new ServiceIndex(fileSystem, directory, memory.table, clock),
  };
}
