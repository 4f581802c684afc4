import { dirname } from 'node:path';
import type { FileSystem } from '../kernel/file-system.js';
import { sha256Hex } from '../kernel/ids.js';
import { writeFully } from '../storage/durable-write.js';
import type { ArchiveMember } from './archive-writer.js';
import { BackupFault, checkBackup, recordOf, type BackupFiles } from './backup-check.js';
import type { BackupManifest, BackupRecord, LostRecord } from './backup-document.js';

export interface UnpackedBackup {
  readonly manifest: BackupManifest;
  readonly lost: readonly LostRecord[];
  readonly records: readonly BackupRecord[];
}

/**
 * Unpacks a backup into an empty directory, checks it whole, and only then reads its records, each against its sum once
 * more. Nothing outside `scratch` is written: member names are those of the grammar. Throws `BackupFault`.
 */
export async function unpackBackup(
  fileSystem: FileSystem,
  scratch: string,
  files: BackupFiles,
): Promise<UnpackedBackup> {
  const made = new Set<string>();
  const keep = async ({ name, content }: ArchiveMember): Promise<void> => {
    const path = `${scratch}/${name}`;
    const directory = dirname(path);
    if (!made.has(directory)) await fileSystem.makeDirectory(directory);
    made.add(directory);
    const file = await fileSystem.open(path, 'exclusive');
    try {
      await writeFully(file, content);
    } finally {
      await file.close();
    }
  };
  const { manifest, lost, sums } = await checkBackup(files, keep);
  const records: BackupRecord[] = [];
  for (const [name, sum] of sums) {
    const content = await fileSystem.read(`${scratch}/${name}`);
    if (sha256Hex(content) !== sum) {
      throw new BackupFault('damaged', `"${name}" changed after it was unpacked.`);
    }
    records.push(recordOf(name, content));
  }
  return { manifest, lost, records };
}
