/** What an HTTP field value may hold as it is: visible ASCII, and space or tab between it (RFC 9110, 5.5). */
const PLAIN = /^[\x21-\x7e](?:[\t\x20-\x7e]*[\x21-\x7e])?$/;
const MARK = '=?base64?';

/**
 * A value of the body as an HTTP field value: as it is where it can be, else as `=?base64?…?=` (2026-07-28, Streamable
 * HTTP, value encoding). What looks encoded already is encoded, too.
 */
export function headerValue(value: string): string {
  const looksEncoded = value.startsWith(MARK) && value.endsWith('?=');
  if (!looksEncoded && (value === '' || PLAIN.test(value))) return value;
  return `${MARK}${Buffer.from(value, 'utf8').toString('base64')}?=`;
}
