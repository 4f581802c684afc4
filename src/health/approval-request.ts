import { isJsonObject } from '../kernel/json.js';
import { healthProblems } from './health.errors.js';

const HASH = /^[0-9a-f]{64}$/;

/** The hash that the body of an approval names. Throws `health.body-invalid`. */
export function readApprovalRequest(body: unknown): string {
  if (!isJsonObject(body)) throw refused('', 'A JSON object with the member hash is expected.');
  for (const name of Object.keys(body)) {
    if (name !== 'hash') throw refused(`/${name}`, 'Not known here.');
  }
  const { hash } = body;
  if (typeof hash === 'string' && HASH.test(hash)) return hash;
  throw refused('/hash', 'The present_hash of GET …/tool-pins is expected: 64 hexadecimal digits.');
}

function refused(pointer: string, detail: string): Error {
  return healthProblems['body-invalid']({ errors: [{ pointer, detail }] });
}
