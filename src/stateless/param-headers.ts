import type { IncomingHttpHeaders } from 'node:http';
import { readHeaderValue } from '../protocol/header-value.js';
import { valueAt, type MirroredParam } from '../protocol/mirrored-params.js';

const INTEGER = /^[+-]?\d+(?:\.\d*)?(?:[eE][+-]?\d+)?$/;

/** What is wrong with the headers of a call of the tool with these arguments, or `null`. */
export function paramHeaderFault(
  params: readonly MirroredParam[],
  args: unknown,
  headers: IncomingHttpHeaders,
): string | null {
  for (const param of params) {
    const fault = faultOf(param, valueAt(args, param), headers[param.header]);
    if (fault !== null) return `The header ${param.header} ${fault}`;
  }
  return null;
}

function faultOf(
  { type }: MirroredParam,
  value: unknown,
  header: string | string[] | undefined,
): string | null {
  const absent = value === undefined || value === null;
  if (header === undefined) return absent ? null : 'is missing';
  if (Array.isArray(header)) return 'stands there more than once';
  const text = readHeaderValue(header);
  if (text === null) return 'contains invalid characters';
  if (absent) return 'has no counterpart in the arguments';
  return sameValue(type, value, text) ? null : 'does not match the arguments';
}

/** Integers are compared as numbers: `42.0` is `42`. */
function sameValue(type: MirroredParam['type'], value: unknown, text: string): boolean {
  if (typeof value === 'number' && type === 'integer') {
    return INTEGER.test(text) && Number(text) === value;
  }
  if (typeof value === 'object') return false;
  return text === String(value);
}
