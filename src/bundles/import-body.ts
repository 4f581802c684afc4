import type { IncomingMessage } from 'node:http';
import { hasScope, type Principal } from '../auth/principal.js';
import { MAX_YAML_CHARS } from './bundle-text.js';

/** Of a bundle in JSON: 10,000 services of a usual size are 15 MiB. */
export const MAX_BUNDLE_BYTES = 64 * 1024 * 1024;
/** A character of YAML is at most four bytes; what is longer than is read is refused where its form is judged. */
export const MAX_YAML_BYTES = MAX_YAML_CHARS * 4;

const IMPORT_PATH = /^\/api\/v1\/import\/?(\?|$)/i;
const YAML_TYPE = /^application\/yaml\s*(;|$)/i;
const JSON_TYPE = /^application\/json\s*(;|$)/i;

/** Who sends a request, by its headers; `null` when nobody that is known. */
export type Authenticate = (headers: IncomingMessage['headers']) => Principal | null;

/**
 * Which bodies are read beyond the usual limit: bundles, of those who may import them. Anybody else's are read, and
 * refused, like any other.
 */
export function isLargeImport(request: IncomingMessage, authenticate: Authenticate): boolean {
  return isImport(request, JSON_TYPE) && mayImport(authenticate(request.headers));
}

export function isYamlImport(request: IncomingMessage, authenticate: Authenticate): boolean {
  return isImport(request, YAML_TYPE) && mayImport(authenticate(request.headers));
}

function isImport({ method, url = '/', headers }: IncomingMessage, type: RegExp): boolean {
  return method === 'POST' && IMPORT_PATH.test(url) && type.test(headers['content-type'] ?? '');
}

function mayImport(principal: Principal | null): boolean {
  return principal !== null && hasScope(principal, 'admin');
}
