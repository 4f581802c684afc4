/** Who made a backup: its retention depends on it. `external`: a file that was put into the directory. */
export type BackupOrigin = 'on_demand' | 'scheduled' | 'external';

export const ARCHIVE_SUFFIX = '.tar.gz';
export const SIDECAR_SUFFIX = '.sha256';

const ID = /^[A-Za-z0-9][A-Za-z0-9_-]{0,95}$/;
const OWN = /^(\d{4})(\d{2})(\d{2})t(\d{2})(\d{2})(\d{2})(\d{3})z-(manual|scheduled)-[0-9a-f]{8}$/;

/** Whether `text` may name a backup: nothing that can leave the directory. */
export function isBackupId(text: string): boolean {
  return ID.test(text);
}

/** The id of a backup begun at `nowMs`: ids sort by time. `nonce` is eight hexadecimal digits. */
export function backupIdOf(
  nowMs: number,
  origin: Exclude<BackupOrigin, 'external'>,
  nonce: string,
): string {
  const time = new Date(nowMs).toISOString().replaceAll(/[-:.]/g, '').toLowerCase();
  return `${time}-${origin === 'scheduled' ? 'scheduled' : 'manual'}-${nonce}`;
}

export function originOf(backupId: string): BackupOrigin {
  const maker = OWN.exec(backupId)?.[8];
  if (maker === undefined) return 'external';
  return maker === 'scheduled' ? 'scheduled' : 'on_demand';
}

/** When a backup of ours was begun, as its id says, in milliseconds since the epoch; `null` for any other. */
export function timeOfBackup(backupId: string): number | null {
  const parts = OWN.exec(backupId);
  if (parts === null) return null;
  const [, year = '', month = '', day = '', hour = '', minute = '', second = '', ms = ''] = parts;
  const time = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}.${ms}Z`);
  return Number.isNaN(time) ? null : time;
}

export function archiveFileOf(backupId: string): string {
  return `${backupId}${ARCHIVE_SUFFIX}`;
}

export function sidecarFileOf(backupId: string): string {
  return `${archiveFileOf(backupId)}${SIDECAR_SUFFIX}`;
}

/** The backup that a file of the directory is the archive of, or `null`. */
export function backupIdOfFile(name: string): string | null {
  if (!name.endsWith(ARCHIVE_SUFFIX)) return null;
  const id = name.slice(0, -ARCHIVE_SUFFIX.length);
  return isBackupId(id) ? id : null;
}
