/**
 * The first part of an ETag: the generation, with the candidate while one is pending. It changes with every change of the
 * spec or of what is wanted, and comes back when a candidate is given up.
 */
export function specVersionOf(service: {
  readonly generation: number;
  readonly candidate: number | null;
}): string {
  const { generation, candidate } = service;
  return candidate === null ? String(generation) : `${generation}c${candidate}`;
}

/** The ETag of a service document: what is wanted, then what is observed. */
export function etagOf(specVersion: string, statusVersion: number): string {
  return `"${specVersion}.${statusVersion}"`;
}

/**
 * Whether an If-Match (RFC 9110, section 13.1.1) allows a write on this spec version: `*`, or a list with an ETag whose
 * first part equals it. The second part is what is observed and does not matter. A weak tag never matches.
 */
export function matchesSpecVersion(ifMatch: string | number, specVersion: string): boolean {
  if (typeof ifMatch === 'number') return String(ifMatch) === specVersion;
  if (ifMatch.trim() === '*') return true;
  return ifMatch.split(',').some((one) => specPartOf(one.trim()) === specVersion);
}

function specPartOf(tag: string): string | null {
  const bare = /^"([^"]*)"$/.exec(tag)?.[1] ?? tag;
  return /^(\d+(?:c\d+)?)(?:\.\d+)?$/.exec(bare)?.[1] ?? null;
}
