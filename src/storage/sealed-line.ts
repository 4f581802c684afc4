import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { isJsonObject, type JsonObject } from '../kernel/json.js';

// `,"hash":"` + 64 + `"` then `,"crc":"` + 8 + `"}`. The tail has a fixed length, so a line is verified on its own bytes
// and never on a re-printed copy.
const CRC_CHARS = ',"crc":"'.length + 8 + '"}'.length;
const HASH_CHARS = ',"hash":"'.length + 64 + '"'.length;
/** The hash before the first line of a chain. */
export const NO_HASH = '0'.repeat(64);

/** A line of a chained file: with its line feed, and the hash that the next line names as its `prev_hash`. */
export interface SealedLine {
  readonly line: string;
  readonly hash: string;
}

/**
 * The members of `body` as one line of JSON, closed by two more: `hash`, the SHA-256 (hex) of the bytes before `,"hash"`,
 * and `crc`, the CRC-32 of the bytes before `,"crc"`. `body` has at least one member, `prev_hash` among them.
 */
export function sealLine(body: object): SealedLine {
  const text = JSON.stringify(body).slice(0, -1);
  const hash = createHash('sha256').update(text).digest('hex');
  const sealed = `${text},"hash":"${hash}"`;
  return { line: `${sealed},"crc":"${crcHex(sealed)}"}\n`, hash };
}

/** What a line without its line feed holds, when checksum and hash are those of its bytes; else why it is not to be believed. */
export function openLine(line: Buffer): JsonObject | string {
  const sealedLength = line.length - CRC_CHARS;
  const bodyLength = sealedLength - HASH_CHARS;
  if (bodyLength <= 0) return 'The line is too short.';
  const text = line.toString('latin1', bodyLength);
  const match = /^,"hash":"([0-9a-f]{64})","crc":"([0-9a-f]{8})"}$/.exec(text);
  if (match === null) return 'The line does not end in a hash and a checksum.';
  if (crcHex(line.subarray(0, sealedLength)) !== match[2]) return 'The checksum does not match.';
  const hash = createHash('sha256').update(line.subarray(0, bodyLength)).digest('hex');
  if (hash !== match[1]) return 'The hash does not match.';
  try {
    const value: unknown = JSON.parse(line.toString('utf8'));
    return isJsonObject(value) ? value : 'The line is not a JSON object.';
  } catch {
    return 'The line is not JSON.';
  }
}

function crcHex(content: string | Buffer): string {
  return crc32(content).toString(16).padStart(8, '0');
}
