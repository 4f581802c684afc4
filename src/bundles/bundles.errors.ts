import { defineProblems } from '../kernel/problem.js';

/** The closed list of what bundles and backups are refused with. */
export const bundlesProblems = defineProblems('bundles', {
  'backup-unknown': {
    status: 404,
    title: 'There is no such backup',
    action: 'List the backups with GET /api/v1/backups and use an id as listed.',
    level: 'info',
  },
  'backup-damaged': {
    status: 422,
    title: 'The backup is damaged',
    action:
      'Nothing was changed. Fetch the archive and its .sha256 again from where they were copied to, or use another backup.',
    level: 'error',
  },
  'backup-newer': {
    status: 422,
    title: 'The backup was made by a newer version',
    action: 'Restore it with the version that its manifest names, or a later one.',
    level: 'warn',
  },
  'backup-too-large': {
    status: 413,
    title: 'The backup is larger than one that is read',
    action: 'Remove it; a backup of this gateway is never that large.',
    level: 'warn',
  },
  'backup-busy': {
    status: 409,
    title: 'Another backup or restore is under way',
    action: 'Retry when it has ended.',
    level: 'info',
  },
  'backup-failed': {
    status: 503,
    title: 'The backup could not be written',
    action: 'Check the disk of the data directory, and retry; nothing unfinished is left.',
    level: 'error',
  },
  'backup-unsettled': {
    status: 503,
    title: 'The records changed faster than they could be read',
    action: 'Retry when fewer services are being changed.',
    level: 'warn',
  },
  'restore-refused': {
    status: 422,
    title: 'Some of the backup is not valid here',
    action:
      'Nothing was changed. Mend what `errors` names, such as a command that is not installed, or leave it out with ?skip_invalid=true.',
    level: 'info',
  },
  'query-invalid': {
    status: 400,
    title: 'The query is not valid',
    action: 'Correct the parameters that `errors` points at.',
    level: 'info',
  },
  'bundle-invalid': {
    status: 422,
    title: 'The bundle is not valid',
    action: 'Correct the places named in `errors`; nothing was changed.',
    level: 'info',
  },
  'bundle-newer': {
    status: 422,
    title: 'The bundle is of another version',
    action: 'Export it again from a gateway of this version, or import it with the one it is from.',
    level: 'info',
  },
  'plan-missing': {
    status: 428,
    title: 'The import was not planned',
    action:
      'Send the same body with dry_run=true, look at the plan, and send it again with its plan_hash.',
    level: 'info',
  },
  'plan-stale': {
    status: 409,
    title: 'The plan does not hold any more',
    action: 'Plan again with dry_run=true: the body, the options or what is stored has changed.',
    level: 'info',
  },
  'item-exists': {
    status: 409,
    title: 'Something else is here in its place',
    action: 'Choose skip, overwrite or rename as the conflict policy, and plan again.',
    level: 'info',
  },
  'import-refused': {
    status: 409,
    title: 'The import has conflicts',
    action: 'Mend the items named in `items`, or choose another conflict policy, and plan again.',
    level: 'info',
  },
  'backup-query-invalid': {
    status: 400,
    title: 'The query is not valid',
    action: 'Correct the parameters that `errors` points at.',
    level: 'info',
  },
});
