import { isUuid } from '../kernel/ids.js';

/** A DNS label: the name is a path segment, a host label and a file name somewhere. */
export const SERVICE_NAME = '^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$';

/** They stand in paths beside a service's name or in its place. */
const RESERVED: ReadonlySet<string> = new Set(['sse', 'message', 'v']);

/** Why a well-formed name cannot be that of a service, or `null`. */
export function nameFault(name: string): string | null {
  if (RESERVED.has(name)) return `"${name}" is reserved.`;
  if (isUuid(name)) return 'must not look like a uuid: {id} accepts ids and names alike.';
  return null;
}
