import { sha256Hex } from '../kernel/ids.js';

/** What usual clients take as the name of a tool: at most this, and of letters, digits, `_` and `-` only. */
const MAX_CHARS = 64;
const UNSAFE = /[^A-Za-z0-9_-]/g;
const SEPARATOR = '__';
const HASH_CHARS = 8;
/** What is left of a service's name where both do not fit. */
const CUT_SERVICE_CHARS = 24;

/**
 * The name by which a tool or prompt of a member is known in the aggregate. It depends on the two names alone, so that it
 * is the same for every caller and selection, and after a restart. Names that were cut or mended end in a hash of both.
 */
export function memberName(service: string, name: string): string {
  const plain = `${service}${SEPARATOR}${name}`;
  const safe = plain.replace(UNSAFE, '_');
  if (safe === plain && plain.length <= MAX_CHARS) return plain;
  const hash = sha256Hex(`${service}\0${name}`).slice(0, HASH_CHARS);
  const room = MAX_CHARS - 1 - HASH_CHARS;
  if (safe.length <= room) return `${safe}_${hash}`;
  const head = service.slice(0, CUT_SERVICE_CHARS).replace(UNSAFE, '_');
  const tail = name.replace(UNSAFE, '_');
  return `${`${head}${SEPARATOR}${tail}`.slice(0, room)}_${hash}`;
}

/** The parts of a name that was neither cut nor mended, or `null`. Names of services have no `_`, so the first one parts. */
export function partsOf(name: string): { readonly service: string; readonly name: string } | null {
  const at = name.indexOf(SEPARATOR);
  if (at <= 0 || at + SEPARATOR.length >= name.length) return null;
  return { service: name.slice(0, at), name: name.slice(at + SEPARATOR.length) };
}
