import { defineProblems } from '../kernel/problem.js';

/** The closed list of what the registry refuses. */
export const registryProblems = defineProblems('registry', {
  invalid: {
    status: 422,
    title: 'The service is not valid',
    action: 'Correct the fields named in `errors` and send the whole document again.',
    level: 'info',
  },
  unknown: {
    status: 404,
    title: 'There is no such service',
    action: 'GET /api/v1/services lists the services.',
    level: 'debug',
  },
  archived: {
    status: 410,
    title: 'The service was deleted',
    action: 'POST to the path in `restore` to bring it back from the archive.',
    level: 'info',
  },
  'not-archived': {
    status: 404,
    title: 'There is no such service in the archive',
    action: 'Check the id; the archive keeps 30 days and at most 1,000 services.',
    level: 'debug',
  },
  'name-taken': {
    status: 409,
    title: 'The name belongs to another service',
    action: 'Choose another name, or update the service named in `service_id`.',
    level: 'info',
  },
  'script-taken': {
    status: 409,
    title: 'The script belongs to another service',
    action: 'Update the service named in `service_id`, or leave script_id out.',
    level: 'info',
  },
  'id-taken': {
    status: 409,
    title: 'The service id is in use',
    action: 'Leave service_id out, or update or restore the service that has it.',
    level: 'info',
  },
  'if-match-missing': {
    status: 428,
    title: 'The write needs If-Match',
    action: 'Send the ETag of the document you read as If-Match.',
    level: 'info',
  },
  'etag-stale': {
    status: 412,
    title: 'The service was changed by someone else',
    action: 'Read the service again, apply the change to what it is now, and retry.',
    level: 'info',
  },
  'dependency-cycle': {
    status: 409,
    title: 'The dependencies form a cycle',
    action: 'Remove one of the dependencies of the cycle that is named.',
    level: 'info',
  },
  'has-dependents': {
    status: 409,
    title: 'Other services depend on this one',
    action: 'Change or deactivate the services in `dependents`, or send cascade=deactivate.',
    level: 'info',
  },
  archiving: {
    status: 409,
    title: 'The service is being deleted',
    action: 'Wait until it is archived, then restore it.',
    level: 'info',
  },
  'desired-refused': {
    status: 409,
    title: 'The service cannot be made that',
    action: 'Activate, deactivate or delete it; only a new service can be a draft.',
    level: 'info',
  },
  'not-candidate': {
    status: 409,
    title: 'The revision is not waiting to be promoted',
    action: 'Read the service again; a newer change has replaced the revision.',
    level: 'info',
  },
  'batch-refused': {
    status: 409,
    title: 'Changes of the batch are refused',
    action: 'Correct the changes named in `items`; nothing of the batch was stored.',
    level: 'info',
  },
  'contract-broken': {
    status: 422,
    title: 'The tools of the new revision would break their callers',
    action:
      'Keep what `errors` name as it was, or send the change again with ?allow_breaking=true; what served before still serves.',
    level: 'info',
  },
  'revision-not-served': {
    status: 409,
    title: 'The revision was never in force',
    action:
      'Choose a revision whose outcome is `superseded`; to try this one, PUT its specification.',
    level: 'info',
  },
  'too-many-pins': {
    status: 409,
    title: 'As many revisions are pinned as can be',
    action: 'Unpin one of those in `pinned` first: PATCH it with {"pinned": false}.',
    level: 'info',
  },
  'not-drifted': {
    status: 409,
    title: 'The stored document was not edited by hand',
    action: 'Read the conditions of the service; only one with the condition Drifted has an edit.',
    level: 'info',
  },
  'drift-refused': {
    status: 422,
    title: 'The edit by hand changes more than the specification',
    action:
      'Undo what `errors` name in the file and restart the gateway, or send {"action": "revert"} and PUT the specification.',
    level: 'info',
  },
  'revision-unknown': {
    status: 404,
    title: 'There is no such revision',
    action: 'GET /api/v1/services/{id}/revisions lists those that are kept.',
    level: 'debug',
  },
});
