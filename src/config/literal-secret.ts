import { scanReferences } from './secret-reference.js';

const SECRET_ENV_PARTS = ['SECRET', 'TOKEN', 'PASSWORD', 'API_KEY', 'PRIVATE_KEY'] as const;
const AUTHORIZATION_HEADERS: ReadonlySet<string> = new Set([
  'authorization',
  'proxy-authorization',
]);
/** What may stand around the reference of an authorization header: the scheme. */
const SCHEME = /^[A-Za-z][A-Za-z0-9-]{0,31} ?$/;
/** What may stand around the references of a cookie header: the names. */
const COOKIE_NAMES = /^(?:[!#$%&'*+.^_`|~0-9A-Za-z-]{1,64}=(?:; ?)?)*$/;

/** Whether an environment variable of this name is taken to hold a secret. */
export function isSecretEnvName(name: string): boolean {
  const upper = name.toUpperCase();
  return SECRET_ENV_PARTS.some((part) => upper.includes(part));
}

/** Whether a header of this name is taken to hold a secret. */
export function isSecretHeaderName(name: string): boolean {
  const lower = name.toLowerCase();
  return AUTHORIZATION_HEADERS.has(lower) || lower === 'cookie' || /(?:^|-)api-?key$/.test(lower);
}

/** Whether a secret variable's value writes the secret out. An empty value hides nothing. */
export function isLiteralEnv(name: string, value: string): boolean {
  return isSecretEnvName(name) && value !== '' && scanReferences(value).references.length === 0;
}

/** Whether a secret header's value writes the secret out: the secret part must be a reference. */
export function isLiteralHeader(name: string, value: string): boolean {
  if (!isSecretHeaderName(name) || value === '') return false;
  const { references, remainder } = scanReferences(value);
  if (references.length === 0) return true;
  const lower = name.toLowerCase();
  if (AUTHORIZATION_HEADERS.has(lower)) return remainder !== '' && !SCHEME.test(remainder);
  return lower === 'cookie' && !COOKIE_NAMES.test(remainder);
}
