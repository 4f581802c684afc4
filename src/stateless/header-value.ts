const OPEN = '=?base64?';
const CLOSE = '?=';
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;
/** Visible ASCII, space and tab (RFC 9110, 5.5). */
const PLAIN = /^[\t\x20-\x7e]*$/;

/**
 * The text that a mirrored header stands for (2026-07-28, Streamable HTTP, Value Encoding): itself, or what its Base64
 * sentinel holds. `null` for characters that may not be there and for what is no Base64 of UTF-8.
 */
export function readHeaderValue(value: string): string | null {
  if (
    !value.startsWith(OPEN) ||
    !value.endsWith(CLOSE) ||
    value.length < OPEN.length + CLOSE.length
  ) {
    return PLAIN.test(value) ? value : null;
  }
  const encoded = value.slice(OPEN.length, -CLOSE.length);
  if (!BASE64.test(encoded)) return null;
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(
      Buffer.from(encoded, 'base64'),
    );
  } catch {
    return null;
  }
}
