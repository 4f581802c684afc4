/**
 * Version of everything the store writes, `<major>.<minor>`: on each file, journal record and snapshot. A newer minor is
 * read as it is (it only adds members); a newer major is refused, as its meaning is not known here.
 */
export const SCHEMA_VERSION = '1.0';

const OWN_MAJOR = 1;

/** Whether `version` is one that this code must not touch. What is not a version at all is not newer, it is damage. */
export function isNewerMajor(version: unknown): boolean {
  const major = majorOf(version);
  return major !== null && major > OWN_MAJOR;
}

/** Whether `version` is one that this code can read. */
export function isReadableVersion(version: unknown): boolean {
  return majorOf(version) === OWN_MAJOR;
}

function majorOf(version: unknown): number | null {
  if (typeof version !== 'string') return null;
  const match = /^([1-9]\d{0,5})\.\d{1,6}$/.exec(version);
  return match === null ? null : Number(match[1]);
}
