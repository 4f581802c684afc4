import type { FileSystem } from '../kernel/file-system.js';
import { ChainCheck, type ChainLine } from '../storage/chain-check.js';
import { walkChain } from '../storage/chain-walk.js';
import type { ChainVerdict, ChainWitness } from '../storage/record-store.js';
import { ANCHOR_FILE, readAnchor } from '../storage/retention-anchor.js';
import { NO_HASH } from '../storage/sealed-line.js';
import type { AttemptChain } from './attempt-chain.js';
import { attemptFiles } from './attempt-file.js';
import { decodeAttempt, type AttemptRecord } from './attempt-record.js';

export interface AttemptVerdict {
  readonly verdict: ChainVerdict;
  /** Where the journal stood at the last record of each file: the journal must have been there. */
  readonly witnesses: readonly ChainWitness[];
}

/** Reads every record of attempts that is kept: its own hash, the one before it, the order, and the anchor of retention. */
export async function checkAttempts(
  fileSystem: FileSystem,
  directory: string,
  chain: AttemptChain,
): Promise<AttemptVerdict> {
  const { extent } = chain;
  const anchor = await readAnchor(fileSystem, directory);
  const known = anchor === null || anchor === 'damaged' ? null : anchor;
  const start = { ...(known ?? { number: 0, hash: NO_HASH }), mayPrecede: known !== null };
  const check = new ChainCheck(start, known === null ? [] : [{ ...known, by: ANCHOR_FILE }]);
  if (anchor === 'damaged') {
    const detail = 'The anchor of the retention cannot be read.';
    check.report('anchor', null, detail, { file: ANCHOR_FILE, line: null, byte: 0 });
  }
  const seen = new Map<number, AttemptRecord>();
  const linkOf = (line: Buffer): ChainLine | string => {
    const record = decodeAttempt(line);
    if (typeof record === 'string') return record;
    const file = extent.files.findLastIndex(({ first }) => first <= record.seq);
    seen.set(file, record);
    return { number: record.seq, hash: record.hash, prev_hash: record.prev_hash };
  };
  await walkChain(fileSystem, chain, extent, linkOf, check);
  for (const { first, name } of await attemptFiles(fileSystem, directory)) {
    if (chain.find(name) !== null) continue;
    const detail = 'The file is named like a part of the chain, and is none.';
    check.report('file', first, detail, { file: name, line: null, byte: 0 });
  }
  const file = extent.files.at(-1)?.name ?? '';
  const verdict = check.verdict(extent.end, [], { file, line: null, byte: extent.tailBytes ?? 0 });
  const witnesses = [...seen.values()].map(({ seq, journal }) => {
    return { ...journal, by: `attempt ${seq}` };
  });
  return { verdict, witnesses };
}
