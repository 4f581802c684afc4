/**
 * The value of JSON bytes, or `undefined` when they are none. Bodies that were only scanned may still hold a bad escape
 * inside a string, and what an upstream sends may hold anything.
 */
export function parseBytes(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch {
    return undefined;
  }
}
