import { isDeeperThan, isJsonObject, type JsonObject } from '../kernel/json.js';
import type { FieldError } from '../kernel/problem.js';
import { registryProblems } from '../registry/registry.errors.js';
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

/** More than any valid specification is deep; the registry judges what the patch makes of it. */
const MAX_PATCH_DEPTH = 64;

/** A merge patch has to be an object: anything else would replace the whole specification (RFC 7396, section 2). */
export function readPatch(input: unknown): JsonObject {
  const patch = withoutBookkeeping(input);
  if (isDeeperThan(patch, MAX_PATCH_DEPTH)) {
    const detail = `is nested more than ${String(MAX_PATCH_DEPTH)} levels deep`;
    throw registrationProblems['invalid-request']({
      detail: `The patch ${detail}.`,
      errors: [{ pointer: '', detail }],
    });
  }
  if (isJsonObject(patch)) return patch;
  throw registrationProblems['invalid-request']({
    detail: 'A merge patch of a service is a JSON object.',
    errors: [{ pointer: '', detail: 'must be an object' }],
  });
}

/** The revision number in the body of a rollback. */
export function readRollbackBody(input: unknown): number {
  return readOnly(input, 'revision', isRevision, REVISION_NUMBER);
}

/** What `POST …/drift` asks for. */
export function readDriftBody(input: unknown): 'adopt' | 'revert' {
  const isAction = (value: unknown): value is 'adopt' | 'revert' =>
    value === 'adopt' || value === 'revert';
  return readOnly(input, 'action', isAction, 'must be "adopt" or "revert"');
}

/** Whether `PATCH …/revisions/{n}` pins the revision. */
export function readPinBody(input: unknown): boolean {
  const isFlag = (value: unknown): value is boolean => typeof value === 'boolean';
  return readOnly(input, 'pinned', isFlag, 'must be true or false');
}

/** The revision number in a path; what is none names no revision. */
export function readRevisionNumber(text: string): number {
  const revision = /^[1-9][0-9]{0,8}$/.test(text) ? Number(text) : 0;
  if (isRevision(revision)) return revision;
  throw registryProblems['revision-unknown'](`${JSON.stringify(text.slice(0, 40))} is no number.`);
}

const REVISION_NUMBER = 'must be the number of a stored revision, 1 or more';

function isRevision(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 1;
}

/** The one member that a body has to have. */
function readOnly<T>(
  input: unknown,
  name: string,
  isValid: (value: unknown) => value is T,
  rule: string,
): T {
  const errors: FieldError[] = [];
  const value = isJsonObject(input) ? input[name] : undefined;
  if (!isJsonObject(input)) errors.push({ pointer: '', detail: 'must be an object' });
  else if (!isValid(value)) errors.push({ pointer: `/${name}`, detail: rule });
  for (const key of isJsonObject(input) ? Object.keys(input) : []) {
    if (key !== name) errors.push({ pointer: `/${key}`, detail: 'is not known here' });
  }
  if (errors.length === 0 && isValid(value)) return value;
  throw registrationProblems['invalid-request']({ detail: 'The body is not valid.', errors });
}
