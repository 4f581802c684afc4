import type { FileSystem } from '../kernel/file-system.js';
import { ProblemError } from '../kernel/problem.js';
import type { ChainCheck, ChainLine } from './chain-check.js';
import { chainLines, type ChainExtent, type ChainFile, type ChainFiles } from './chain-files.js';
import { systemCode } from './storage.errors.js';

/**
 * Feeds every line of a chain to `check`, file by file, as far as `extent` reaches. `linkOf` says what a line claims to be,
 * or why it cannot be read.
 */
export async function walkChain(
  fileSystem: FileSystem,
  files: ChainFiles,
  extent: ChainExtent,
  linkOf: (line: Buffer) => ChainLine | string,
  check: ChainCheck,
): Promise<void> {
  const walkFile = async (file: ChainFile): Promise<void> => {
    let line = 0;
    for await (const each of chainLines(fileSystem, files, extent, file, 'forward')) {
      line += 1;
      const read = each.isWhole ? linkOf(each.bytes) : 'The line has no end.';
      check.step(read, { file: file.name, line, byte: each.offset });
    }
  };
  for (const [index, file] of extent.files.entries()) {
    try {
      check.countFile();
      await walkFile(file);
    } catch (error) {
      const whole = { file: file.name, line: null, byte: 0 };
      if (!isForgotten(error)) check.report('file', file.first, wordsOf(error), whole);
      // Removed by retention meanwhile, or by somebody else: what follows is judged by itself.
      check.skipTo(extent.files[index + 1]?.first ?? extent.end.number + 1);
    }
  }
}

function isForgotten(error: unknown): boolean {
  return error instanceof ProblemError && error.code === 'storage.compacted';
}

function wordsOf(error: unknown): string {
  if (systemCode(error) === 'ENOENT') return 'The file is missing.';
  return `The file cannot be read: ${error instanceof Error ? error.message : String(error)}`;
}
