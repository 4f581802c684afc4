import { sha256Hex } from '../kernel/ids.js';
import { ArchiveFault, readArchive, type ArchiveLimits } from './archive-reader.js';
import { isSidecarOf, parseSums } from './archive-sums.js';
import type { ArchiveMember } from './archive-writer.js';
import {
  decodeLost,
  decodeManifest,
  decodeRecord,
  isBackupMember,
  LOST_RECORDS,
  MANIFEST,
  SUMS,
  type BackupManifest,
  type BackupRecord,
  type Decoded,
  type LostRecord,
} from './backup-document.js';

/** Why a backup is refused. `damaged`: it is not what was written. `newer`: this version cannot know what it means. */
export class BackupFault extends Error {
  override readonly name = 'BackupFault';

  constructor(
    readonly kind: 'damaged' | 'newer',
    message: string,
    options: ErrorOptions = {},
  ) {
    super(message, options);
  }
}

export interface CheckedBackup {
  readonly manifest: BackupManifest;
  readonly lost: readonly LostRecord[];
  /** Names of the records' members, in the order of the archive, with their SHA-256. */
  readonly sums: ReadonlyMap<string, string>;
}

export interface BackupFiles {
  readonly file: string;
  readonly content: Uint8Array;
  /** `null` when there is none: a backup without it is not trusted. */
  readonly sidecar: Uint8Array | null;
}

/**
 * Checks a backup whole, the sidecar first. `keep` gets each member before the sums are checked: what it makes of them
 * counts only once this has resolved. Throws `BackupFault`.
 */
export async function checkBackup(
  { file, content, sidecar }: BackupFiles,
  keep: (member: ArchiveMember) => Promise<void> = () => Promise.resolve(),
  limits?: ArchiveLimits,
): Promise<CheckedBackup> {
  if (sidecar === null) throw damaged(`"${file}" has no ".sha256" beside it.`);
  if (!isSidecarOf(sidecar, file, sha256Hex(content))) {
    throw damaged(`"${file}" is not the file whose SHA-256 stands beside it.`);
  }
  const found: Found = { manifest: null, lost: null, sumsText: null, sums: new Map(), records: 0 };
  try {
    for await (const member of readArchive(content, isBackupMember, limits)) {
      take(member, found);
      await keep(member);
    }
  } catch (error) {
    if (error instanceof ArchiveFault) throw damaged(error.message, { cause: error });
    throw error;
  }
  return conclude(found);
}

/** The manifest alone; the rest of the archive is not looked at. Throws `BackupFault`. */
export async function readManifest(content: Uint8Array): Promise<BackupManifest> {
  try {
    for await (const member of readArchive(content, isBackupMember)) {
      if (member.name !== MANIFEST) break;
      return valueOf(decodeManifest(member.content));
    }
  } catch (error) {
    if (error instanceof ArchiveFault) throw damaged(error.message, { cause: error });
    throw error;
  }
  throw damaged('The archive does not begin with a manifest.');
}

/** A record of a backup that was checked. Throws `BackupFault`. */
export function recordOf(name: string, content: Uint8Array): BackupRecord {
  return valueOf(decodeRecord(name, content));
}

interface Found {
  manifest: BackupManifest | null;
  lost: readonly LostRecord[] | null;
  sumsText: string | null;
  records: number;
  readonly sums: Map<string, string>;
}

function take({ name, content }: ArchiveMember, found: Found): void {
  if (found.sumsText !== null) throw damaged(`"${name}" comes after the sums.`);
  if ((found.manifest === null) !== (name === MANIFEST)) {
    throw damaged('The archive does not begin with a manifest.');
  }
  if (name === SUMS) {
    found.sumsText = Buffer.from(content).toString('utf8');
    return;
  }
  found.sums.set(name, sha256Hex(content));
  if (name === MANIFEST) found.manifest = valueOf(decodeManifest(content));
  else if (name === LOST_RECORDS) found.lost = valueOf(decodeLost(content));
  else {
    valueOf(decodeRecord(name, content));
    found.records += 1;
  }
}

function conclude({ manifest, lost, sumsText, sums, records }: Found): CheckedBackup {
  if (manifest === null || lost === null || sumsText === null) {
    throw damaged('The archive is not whole.');
  }
  const wanted = parseSums(sumsText);
  const isSame =
    wanted !== null &&
    wanted.size === sums.size &&
    [...sums].every(([name, sum]) => wanted.get(name) === sum);
  if (!isSame) throw damaged(`The members are not those that ${SUMS} names.`);
  const counted = Object.values(manifest.counts).reduce((total, count) => total + count, 0);
  if (counted !== records + lost.length) {
    throw damaged(`The manifest counts ${counted} records; ${records + lost.length} are there.`);
  }
  const own = [...sums].filter(([name]) => name !== MANIFEST && name !== LOST_RECORDS);
  return { manifest, lost, sums: new Map(own) };
}

function valueOf<T>(decoded: Decoded<T>): T {
  if (decoded.state === 'read') return decoded.value;
  throw new BackupFault(decoded.state, decoded.detail);
}

function damaged(message: string, options?: ErrorOptions): BackupFault {
  return new BackupFault('damaged', message, options);
}
