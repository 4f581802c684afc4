import { defineProblems } from '../kernel/problem.js';

/** The closed list of what the generator hook and the inbox refuse of their own. */
export const hooksProblems = defineProblems('hooks', {
  'manifest-invalid': {
    status: 422,
    title: 'The manifest is not valid',
    action: 'Correct the members named in `errors` and send it again.',
    level: 'info',
  },
  'servers-failed': {
    status: 422,
    title: 'Some servers of the manifest could not be registered',
    action:
      'See `items`: the problem of each; those that succeeded serve. Mend the rest and send it again.',
    level: 'info',
  },
  'file-refused': {
    status: 422,
    title: 'The inbox takes only regular JSON files of at most 1 MiB',
    action: 'Write the manifest as a plain file beside the inbox and rename it into the inbox.',
    level: 'warn',
  },
});
