import { isJsonObject, type JsonObject } from '../kernel/json.js';
import type { FieldError } from '../kernel/problem.js';
import { registrationProblems } from './registration.errors.js';

/** The two members that only a create reads, of a body that the registry has found valid. */
export function readCreateMembers(input: unknown): {
  readonly draft: boolean;
  readonly service_id: string | undefined;
} {
  if (!isJsonObject(input)) return { draft: false, service_id: undefined };
  const { draft, service_id } = input;
  return {
    draft: draft === true,
    service_id: typeof service_id === 'string' ? service_id.toLowerCase() : undefined,
  };
}

/** Members of a document that are observed too, besides those that the registry ignores: read, sent back, not asked for. */
const BOOKKEEPING = new Set(['desired', 'candidate', 'generation', 'schema_version']);

/** The body of an update: a client may send back the document it read. */
export function withoutBookkeeping(input: unknown): unknown {
  if (!isJsonObject(input)) return input;
  return Object.fromEntries(Object.entries(input).filter(([name]) => !BOOKKEEPING.has(name)));
}

/** A merge patch has to be an object: anything else would replace the whole specification (RFC 7396, section 2). */
export function readPatch(input: unknown): JsonObject {
  const patch = withoutBookkeeping(input);
  if (isJsonObject(patch)) return patch;
  throw registrationProblems['invalid-request']({
    detail: 'A merge patch of a service is a JSON object.',
    errors: [{ pointer: '', detail: 'must be an object' }],
  });
}

/** The revision number in the body of a rollback. */
export function readRollbackBody(input: unknown): number {
  const errors: FieldError[] = [];
  const revision = isJsonObject(input) ? input['revision'] : undefined;
  if (!isJsonObject(input)) errors.push({ pointer: '', detail: 'must be an object' });
  else if (typeof revision !== 'number' || !Number.isSafeInteger(revision) || revision < 1) {
    errors.push({
      pointer: '/revision',
      detail: 'must be the number of a stored revision, 1 or more',
    });
  }
  for (const key of isJsonObject(input) ? Object.keys(input) : []) {
    if (key !== 'revision') errors.push({ pointer: `/${key}`, detail: 'is not known here' });
  }
  if (errors.length > 0 || typeof revision !== 'number') {
    throw registrationProblems['invalid-request']({ detail: 'The body is not valid.', errors });
  }
  return revision;
}
