const BASE64 = /^[A-Za-z0-9+/]*={0,2}$/;

/**
 * The bytes of `text`, or `null` when it is not base64 (RFC 4648, section 4; the padding may be left out).
 * Why not `Buffer.from` alone: it skips what it does not know, and a mistyped secret becomes a shorter one.
 */
export function decodeBase64(text: string): Buffer | null {
  if (!BASE64.test(text)) return null;
  const bytes = Buffer.from(text, 'base64');
  const padded = bytes.toString('base64');
  return text === padded || text === padded.replace(/=+$/, '') ? bytes : null;
}
