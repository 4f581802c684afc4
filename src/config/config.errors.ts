import { defineProblems, type FieldError, type ProblemError } from '../kernel/problem.js';

/** The closed list of what the configuration module refuses. */
export const configProblems = defineProblems('config', {
  invalid: {
    status: 422,
    title: 'The configuration is not valid',
    action: 'Correct the fields named in `errors`; GET /api/v1/config/schema describes each.',
    level: 'info',
  },
  'too-large': {
    status: 413,
    title: 'The configuration is too large',
    action: 'Keep the configuration document within 256 KiB.',
    level: 'info',
  },
  'literal-secret': {
    status: 422,
    title: 'A secret is written out in the configuration',
    action: 'Write a reference, ${env:NAME} or ${file:/path}, in place of the value.',
    level: 'warn',
  },
  'secret-misplaced': {
    status: 422,
    title: 'A secret reference stands where none is resolved',
    action:
      'Use references in runtime.env, network.headers, network.tls and secret of integration.webhooks only.',
    level: 'info',
  },
  'secret-denied': {
    status: 422,
    title: 'The secret reference is not on the allow-list',
    action: 'Name it in SWITCHYARD_SECRET_ENV or put the file under SWITCHYARD_SECRET_DIRS.',
    level: 'warn',
  },
  'secret-missing': {
    status: 422,
    title: 'A referenced secret does not exist',
    action: 'Set the variable or create the file, then activate the service again.',
    level: 'warn',
  },
  'command-not-allowed': {
    status: 422,
    title: 'The command may not be started',
    action: 'Use an allowed command, or add this one to SWITCHYARD_COMMANDS.',
    level: 'warn',
  },
  'command-missing': {
    status: 422,
    title: 'The command does not exist on this machine',
    action: 'Install it, or correct the name; it is looked up on the PATH of the gateway.',
    level: 'info',
  },
  'dangerous-env': {
    status: 422,
    title: 'An environment variable would change what the command runs',
    action: 'Leave it out, or name it in SWITCHYARD_ENV_ALLOW.',
    level: 'warn',
  },
  'url-refused': {
    status: 422,
    title: 'The URL may not be used as an upstream',
    action: 'Use an http(s) URL without credentials and fragment whose address egress allows.',
    level: 'info',
  },
  'hosting-mismatch': {
    status: 422,
    title: 'The hosting mode does not fit the configuration',
    action:
      'stdio needs runtime.command; sse and streamable_http need runtime.command or network.url.',
    level: 'info',
  },
  'template-unknown': {
    status: 422,
    title: 'The template does not exist',
    action: 'GET /api/v1/templates lists the templates and their revisions.',
    level: 'info',
  },
  'template-cycle': {
    status: 409,
    title: 'The template extends itself',
    action: 'Remove one `extends` of the cycle that is named.',
    level: 'info',
  },
  'template-depth': {
    status: 422,
    title: 'The chain of templates is too long',
    action: 'Keep a chain of `extends` within 5 templates.',
    level: 'info',
  },
  'template-not-found': {
    status: 404,
    title: 'There is no such template',
    action: 'GET /api/v1/templates lists the templates.',
    level: 'debug',
  },
  'template-taken': {
    status: 409,
    title: 'A template of that id exists',
    action: 'Choose another template_id, or change the template with PUT and its ETag.',
    level: 'info',
  },
  'template-built-in': {
    status: 409,
    title: 'The template is built in and read-only',
    action: 'Create a template of your own that extends it.',
    level: 'info',
  },
  'template-in-use': {
    status: 409,
    title: 'The template is in use',
    action: 'Let the services and templates that are named extend another one, then delete it.',
    level: 'info',
  },
  'template-etag-stale': {
    status: 412,
    title: 'The template has changed',
    action: 'Read it again and send its present ETag in If-Match.',
    level: 'info',
  },
  'template-if-match-missing': {
    status: 428,
    title: 'If-Match is missing',
    action: 'Send the ETag of the template that the change is based on in If-Match.',
    level: 'info',
  },
  'template-revision-taken': {
    status: 409,
    title: 'That revision of the template exists with other content',
    action: 'Store the content as a new revision, or under another template_id.',
    level: 'info',
  },
});

export type ConfigProblemName = keyof typeof configProblems;

/** One thing wrong with a configuration: a field error that knows which problem it is. */
export interface ConfigFault extends FieldError {
  readonly problem: ConfigProblemName;
}

/** One problem out of many faults: their own when all are of one kind, else `config.invalid`; all are listed. */
export function problemOfFaults(faults: readonly ConfigFault[]): ProblemError {
  const kinds = new Set(faults.map((fault) => fault.problem));
  const [only] = kinds;
  const problem = only !== undefined && kinds.size === 1 ? only : 'invalid';
  return configProblems[problem]({
    detail: summaryOf(faults),
    errors: fieldErrorsOf(faults),
  });
}

export function fieldErrorsOf(faults: readonly ConfigFault[]): FieldError[] {
  return faults.map(({ pointer, detail }) => ({ pointer, detail }));
}

function summaryOf(faults: readonly ConfigFault[]): string {
  const [first] = faults;
  if (first === undefined) return configProblems.invalid().definition.title;
  const where = first.pointer === '' ? 'The document' : first.pointer;
  const more = faults.length === 1 ? '' : ` (and ${faults.length - 1} more)`;
  return `${where}: ${first.detail}${more}`;
}
