import type { FileSystem } from '../kernel/file-system.js';
import type { ChainFile } from '../storage/chain-files.js';
import { linesForward } from '../storage/line-reader.js';
import type { ChainLink } from '../storage/record-store.js';
import { decodeAttempt, type AttemptRecord } from './attempt-record.js';

export function attemptFileName(first: number): string {
  return `attempts-${String(first).padStart(12, '0')}.jsonl`;
}

/** The files of attempts in a directory, in order. */
export async function attemptFiles(
  fileSystem: FileSystem,
  directory: string,
): Promise<ChainFile[]> {
  const names = await fileSystem.names(directory);
  return names
    .flatMap((name) => {
      const match = /^attempts-(\d{12,15})\.jsonl$/.exec(name);
      return match === null ? [] : [{ first: Number(match[1]), name }];
    })
    .sort((left, right) => left.first - right.first);
}

/** Where the last file leaves off. */
export interface FileTail {
  /** The last record that can be read, or `null` when there is none. */
  readonly last: AttemptRecord | null;
  /** Lines after it that have an end and still cannot be read: they are left, and the chain goes on behind them. */
  readonly badLines: number;
  /** Where a last line without an end begins; else the length of the file. */
  readonly wholeBytes: number;
  readonly bytes: number;
}

export async function tailOf(fileSystem: FileSystem, path: string): Promise<FileTail> {
  const bytes = (await fileSystem.facts(path))?.bytes ?? 0;
  let last: AttemptRecord | null = null;
  let badLines = 0;
  let wholeBytes = bytes;
  const read = (offset: number, length: number): Promise<Buffer> =>
    fileSystem.readRange(path, offset, length);
  for await (const line of linesForward(read, bytes)) {
    if (!line.isWhole) {
      wholeBytes = line.offset;
      break;
    }
    const record = decodeAttempt(line.bytes);
    if (typeof record === 'string') {
      badLines += 1;
    } else {
      last = record;
      badLines = 0;
    }
  }
  return { last, badLines, wholeBytes, bytes };
}

/** The link of the last record of a file, read from its end. */
export async function lastLinkOf(fileSystem: FileSystem, path: string): Promise<ChainLink | null> {
  const { last } = await tailOf(fileSystem, path);
  return last === null ? null : { number: last.seq, hash: last.hash };
}
