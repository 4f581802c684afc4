/** Visible ASCII, space and tab (RFC 9110, 5.5). */
const FIELD = /^[\t\x20-\x7e]*$/;
/** The same, with neither space nor tab at an end, where they would be lost. */
const PLAIN = /^(?:[\x21-\x7e](?:[\t\x20-\x7e]*[\x21-\x7e])?)?$/;
const OPEN = '=?base64?';
const CLOSE = '?=';
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

/**
 * A value of the body as an HTTP field value: as it is where it can be, else in a Base64 sentinel, `=?base64?…?=`
 * (2026-07-28, Streamable HTTP, value encoding). What looks like a sentinel already is put into one, too.
 */
export function headerValue(value: string): string {
  const looksEncoded = value.startsWith(OPEN) && value.endsWith(CLOSE);
  if (!looksEncoded && PLAIN.test(value)) return value;
  return `${OPEN}${Buffer.from(value, 'utf8').toString('base64')}${CLOSE}`;
}

/**
 * The text that a field value stands for: itself, or what its sentinel holds. `null` for characters that may not be there
 * and for what is no Base64 of UTF-8.
 */
export function readHeaderValue(value: string): string | null {
  const encoded =
    value.startsWith(OPEN) && value.endsWith(CLOSE) && value.length >= OPEN.length + CLOSE.length;
  if (!encoded) return FIELD.test(value) ? value : null;
  const base64 = value.slice(OPEN.length, -CLOSE.length);
  if (!BASE64.test(base64)) return null;
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(
      Buffer.from(base64, 'base64'),
    );
  } catch {
    return null;
  }
}
