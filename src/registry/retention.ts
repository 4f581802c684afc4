import type { RevisionDocument } from './service.js';

/** Revisions kept of a service besides those that are exempt. */
export const KEPT_REVISIONS = 20;
/** Revisions of one service that operators may keep besides. */
export const MAX_PINS = 20;
export const ARCHIVE_RETENTION_MS = 30 * 86_400_000;
export const KEPT_ARCHIVES = 1000;

/**
 * The revisions to remove so that `KEPT_REVISIONS` stay: the oldest first, never one that is exempt (pinned, current or
 * candidate), though exempt ones count.
 */
export function revisionsToRemove(
  revisions: readonly number[],
  isExempt: (revision: number) => boolean,
): number[] {
  const excess = revisions.length - KEPT_REVISIONS;
  if (excess <= 0) return [];
  return [...revisions]
    .sort((left, right) => left - right)
    .filter((revision) => !isExempt(revision))
    .slice(0, excess);
}

/** Kept whatever its age: by an operator, or as a route names it. */
export function isPinned({ pinned, kept_by_operator }: RevisionDocument): boolean {
  return pinned || kept_by_operator === true;
}

/** Versions and revision numbers that routes name, by their `version` or by the end `/v/<version>` of their path. */
export function versionsNamedBy(
  routes: readonly { readonly path: string; readonly version: string | null }[],
): Set<string> {
  const named = new Set<string>();
  for (const { path, version } of routes) {
    const inPath = /^\/mcp\/[^/]+\/v\/([^/]+)$/.exec(path)?.[1];
    for (const one of [version, inPath]) if (typeof one === 'string') named.add(one);
  }
  return named;
}

/** Ids of the archived services past their time at `now` (milliseconds since the epoch), or beyond the newest 1,000. */
export function archivesToPurge(
  archives: readonly { readonly service_id: string; readonly deleted_at: string }[],
  now: number,
): string[] {
  const newestFirst = [...archives].sort((left, right) =>
    left.deleted_at < right.deleted_at ? 1 : left.deleted_at > right.deleted_at ? -1 : 0,
  );
  return newestFirst
    .filter(
      ({ deleted_at }, place) =>
        place >= KEPT_ARCHIVES || now - Date.parse(deleted_at) > ARCHIVE_RETENTION_MS,
    )
    .map(({ service_id }) => service_id);
}
