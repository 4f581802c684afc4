import { defineProblems } from '../kernel/problem.js';

/** The closed list of what the store refuses or reports. */
export const storageProblems = defineProblems('storage', {
  'version-conflict': {
    status: 409,
    title: 'The record was changed by someone else',
    action: 'Read the record again, apply the change to what it is now, and retry.',
    level: 'info',
  },
  'invalid-change': {
    status: 422,
    title: 'The commit is not a valid set of changes',
    action: 'Send at least one change, each record at most once, and a document with every put.',
    level: 'error',
  },
  'unsafe-id': {
    status: 422,
    title: 'The id cannot name a record',
    action: 'Use a UUID, or lower-case letters, digits, "-" and "_".',
    level: 'warn',
  },
  'disk-full': {
    status: 507,
    title: 'The disk is full',
    action: 'Free space on the volume of the data directory; deletions still work.',
    level: 'error',
  },
  'read-only': {
    status: 503,
    title: 'The store is read-only',
    action: 'See the reason in the status of the store, mend its cause and restart.',
    level: 'error',
  },
  'write-failed': {
    status: 503,
    title: 'The change could not be made durable',
    action: 'Retry; when it happens again, check the disk of the data directory.',
    level: 'error',
  },
  compacted: {
    status: 410,
    title: 'The commits asked for are no longer kept',
    action: 'Read the present state, and follow the changes from its revision on.',
    level: 'info',
  },
  closed: {
    status: 503,
    title: 'The store is not open',
    action: 'Retry once the server has started.',
    level: 'warn',
  },
  locked: {
    status: 503,
    title: 'Another process uses the data directory',
    action: 'Stop the other process, or give this one another data directory.',
    level: 'error',
  },
  'newer-schema': {
    status: 503,
    title: 'The data directory was written by a newer version',
    action: 'Start the version that wrote it, or restore a backup made by this one.',
    level: 'error',
  },
  'corrupt-journal': {
    status: 503,
    title: 'The journal is damaged',
    action: 'Restore a backup; the damaged files have been left as they are.',
    level: 'error',
  },
  'corrupt-record': {
    status: 500,
    title: 'The stored record is damaged',
    action: 'See `corrupt/` in the data directory, and write the record again or restore a backup.',
    level: 'error',
  },
});

/** The `code` of an error of the operating system, or `undefined`. */
export function systemCode(error: unknown): string | undefined {
  // Why not `instanceof Error`: errors of the runtime may come from another realm, as under a test runner.
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}

/** Whether the error means that the volume, or the user's share of it, has no room left. */
export function isOutOfSpace(error: unknown): boolean {
  const code = systemCode(error);
  return code === 'ENOSPC' || code === 'EDQUOT';
}
