import type { FileSystem } from '../kernel/file-system.js';
import { linesBackward, linesForward, type FileLine, type ReadRange } from './line-reader.js';
import type { ChainLink } from './record-store.js';
import { storageProblems, systemCode } from './storage.errors.js';

/** One file of a chain, named by the first number in it. */
export interface ChainFile {
  readonly first: number;
  readonly name: string;
}

/** What of a chain is durable at one moment. */
export interface ChainExtent {
  readonly end: ChainLink;
  /** Ordered by first number. */
  readonly files: readonly ChainFile[];
  /** How much of the last file is durable; what follows is being written. `null` = all of it. */
  readonly tailBytes: number | null;
}

/** The files of a chain that somebody writes, moves and removes while others read. */
export interface ChainFiles {
  readonly extent: ChainExtent;
  /** The path of a file now, or `null` when it is no longer kept. */
  find(name: string): string | null;
}

/**
 * The lines of one file, as far as `extent` reaches, wherever the file is by now. Throws `storage.compacted` once it is no
 * longer kept, and the system's own error when it is gone though it should be there. `startAt`: where a line begins, to go
 * forward from.
 */
export async function* chainLines(
  fileSystem: FileSystem,
  files: ChainFiles,
  extent: ChainExtent,
  file: ChainFile,
  order: 'forward' | 'backward',
  startAt = 0,
): AsyncGenerator<FileLine> {
  const read = readerOf(fileSystem, files, file.name);
  const written = file === extent.files.at(-1) ? extent.tailBytes : null;
  if (written === 0) return;
  const bytes = await bytesOf(fileSystem, files, file.name);
  if (order === 'backward') {
    yield* linesBackward(read, Math.min(bytes, written ?? bytes));
    return;
  }
  for await (const line of linesForward(read, bytes, startAt)) {
    // Why by the beginning of a line: one that was changed behind our back may reach further than what was written.
    if (written !== null && line.offset >= written) return;
    yield line;
  }
}

function readerOf(fileSystem: FileSystem, files: ChainFiles, name: string): ReadRange {
  return (offset, length) =>
    whereItIs(files, name, (path) => fileSystem.readRange(path, offset, length));
}

function bytesOf(fileSystem: FileSystem, files: ChainFiles, name: string): Promise<number> {
  return whereItIs(files, name, async (path) => {
    const facts = await fileSystem.facts(path);
    if (facts?.kind === 'file') return facts.bytes;
    throw Object.assign(new Error('The file is missing.'), { code: 'ENOENT' });
  });
}

async function whereItIs<T>(
  files: ChainFiles,
  name: string,
  read: (path: string) => Promise<T>,
): Promise<T> {
  const path = files.find(name);
  if (path === null) throw storageProblems.compacted();
  try {
    return await read(path);
  } catch (error) {
    const now = files.find(name);
    if (systemCode(error) !== 'ENOENT' || now === path) throw error;
    if (now === null) throw storageProblems.compacted();
    return read(now);
  }
}
