import { createHash } from 'node:crypto';
import type { FileSystem } from '../kernel/file-system.js';
import { isJsonObject } from '../kernel/json.js';
import { ChainCheck, type ChainLine, type ChainStart } from './chain-check.js';
import { walkChain } from './chain-walk.js';
import { JournalChain, readRecord } from './journal-chain.js';
import { firstOfSegment, type Journal } from './journal.js';
import { linesForward } from './line-reader.js';
import type { ChainVerdict, ChainWitness } from './record-store.js';
import { ANCHOR_FILE, readAnchor } from './retention-anchor.js';
import { NO_HASH } from './sealed-line.js';
import { revisionOfSnapshot } from './snapshot.js';

export interface JournalCheckParts {
  readonly fileSystem: FileSystem;
  readonly journal: Pick<Journal, 'extent' | 'find' | 'directory' | 'sealedDirectory'>;
}

interface Anchors {
  readonly start: ChainStart;
  readonly known: readonly ChainWitness[];
  /** Files that say nothing, as they are damaged. */
  readonly damaged: readonly { readonly file: string; readonly detail: string }[];
}

/**
 * Reads every line of the journal, sealed segments included, beside the writer: each line against its own hash and against
 * the one before, the segments against one another, all of it against the anchors of snapshots and retention, and the end
 * against what the running journal knows to have written.
 */
export async function checkJournal(
  parts: JournalCheckParts,
  witnesses: readonly ChainWitness[],
): Promise<ChainVerdict> {
  const { fileSystem, journal } = parts;
  const chain = new JournalChain(journal);
  // In one turn: what is durable now is what is checked, whatever is appended meanwhile.
  const { extent } = chain;
  const anchors = await readAnchors(parts);
  const check = new ChainCheck(anchors.start, [...anchors.known, ...witnesses]);
  for (const { file, detail } of anchors.damaged) {
    check.report('anchor', null, detail, { file, line: null, byte: 0 });
  }
  await walkChain(fileSystem, chain, extent, linkOf, check);
  for (const name of await strangers(parts)) {
    const detail = 'The file is named like a part of the journal, and is none.';
    check.report('file', firstOfSegment(name), detail, { file: name, line: null, byte: 0 });
  }
  const file = extent.files.at(-1)?.name ?? '';
  return check.verdict(extent.end, witnesses, { file, line: null, byte: extent.tailBytes ?? 0 });
}

function linkOf(line: Buffer): ChainLine | string {
  const record = readRecord(line);
  if (typeof record === 'string') return record;
  return { number: record.revision, hash: record.hash, prev_hash: record.prev_hash };
}

async function readAnchors({ fileSystem, journal }: JournalCheckParts): Promise<Anchors> {
  const known: ChainWitness[] = [];
  const damaged: { readonly file: string; readonly detail: string }[] = [];
  const anchor = await readAnchor(fileSystem, journal.directory);
  if (anchor === 'damaged') {
    damaged.push({ file: ANCHOR_FILE, detail: 'The anchor of the retention cannot be read.' });
  } else if (anchor !== null) {
    known.push({ ...anchor, by: ANCHOR_FILE });
  }
  for (const name of await fileSystem.names(journal.directory)) {
    const revision = revisionOfSnapshot(name);
    if (revision === null) continue;
    const hash = await anchorOfSnapshot(fileSystem, `${journal.directory}/${name}`, revision);
    if (hash === 'gone') continue;
    if (hash === null) damaged.push({ file: name, detail: 'The snapshot is damaged.' });
    else if (revision > 0) known.push({ number: revision, hash, by: name });
  }
  const start = anchor === null || anchor === 'damaged' ? { number: 0, hash: NO_HASH } : anchor;
  return { start: { ...start, mayPrecede: start.number > 0 }, known, damaged };
}

/** The hash that a snapshot goes on from; `null` when its own checksum is wrong; `gone` once a newer one took its place. */
async function anchorOfSnapshot(
  fileSystem: FileSystem,
  path: string,
  revision: number,
): Promise<string | null> {
  const facts = await fileSystem.facts(path);
  if (facts === undefined) return 'gone';
  const sum = createHash('sha256');
  let header: Buffer | null = null;
  let footer: Buffer | null = null;
  try {
    const read = (offset: number, length: number): Promise<Buffer> =>
      fileSystem.readRange(path, offset, length);
    for await (const { bytes } of linesForward(read, facts.bytes)) {
      if (footer !== null) sum.update(footer).update('\n');
      header ??= bytes;
      footer = bytes;
    }
  } catch {
    return (await fileSystem.facts(path)) === undefined ? 'gone' : null;
  }
  if (header === null || footer === null || parsed(footer)['sha256'] !== sum.digest('hex')) {
    return null;
  }
  const { revision: stated, anchor_hash: hash } = parsed(header);
  return stated === revision && typeof hash === 'string' ? hash : null;
}

/** Files that are named like segments and are not the journal's: the list was made first, so that new ones are known. */
async function strangers({ fileSystem, journal }: JournalCheckParts): Promise<string[]> {
  const found = [
    ...(await fileSystem.names(journal.directory)).map((name) => [journal.directory, name]),
    ...(await fileSystem.names(journal.sealedDirectory)).map((name) => [
      journal.sealedDirectory,
      name,
    ]),
  ];
  const unknown: string[] = [];
  for (const [directory = '', name = ''] of found) {
    const path = `${directory}/${name}`;
    if (firstOfSegment(name) === null || journal.find(name) === path) continue;
    // Sealed or forgotten while the list was made.
    if ((await fileSystem.facts(path)) !== undefined) unknown.push(name);
  }
  return unknown;
}

function parsed(line: Buffer): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(line.toString('utf8'));
    return isJsonObject(value) ? value : {};
  } catch {
    return {};
  }
}
