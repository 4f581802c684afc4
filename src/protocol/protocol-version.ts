/** Revisions of the MCP specification with `initialize`, newest first. */
export const LEGACY_VERSIONS = ['2025-11-25', '2025-06-18', '2025-03-26', '2024-11-05'] as const;

/** What an HTTP client without the `MCP-Protocol-Version` header speaks (2025-06-18, transports). */
export const ASSUMED_VERSION = '2025-03-26';

/** Revisions without `initialize` and sessions that are spoken here, newest first. */
export const MODERN_VERSIONS = ['2026-07-28'] as const;

/** The first revision without `initialize` and sessions. */
const FIRST_MODERN = '2026-07-28';

const DATED = /^\d{4}-\d{2}-\d{2}$/;

/** Whether `version` is a revision that is spoken here. */
export function isKnownVersion(version: string): boolean {
  return (LEGACY_VERSIONS as readonly string[]).includes(version);
}

/** Below 0 when `left` is older, above 0 when it is newer. Revisions are dates, so their text orders them. */
export function compareVersions(left: string, right: string): number {
  return left < right ? -1 : left > right ? 1 : 0;
}

/** What is no date counts as legacy: its bearer has to be told by `initialize`. */
export function eraOf(version: string): 'legacy' | 'modern' {
  return DATED.test(version) && compareVersions(version, FIRST_MODERN) >= 0 ? 'modern' : 'legacy';
}
