import semver from 'semver';
import type { RevisionDocument, ServiceDocument } from '../registry/service.js';

/** The part of the registry that versions are looked up in. */
export interface RevisionSource {
  revisions(serviceId: string): Promise<readonly RevisionDocument[]>;
}

/**
 * The revision that a route's `version` names: a revision number, or the newest promoted revision that carries the
 * semver. The current revision is preferred. `null` when there is none.
 */
export async function resolveVersion(
  registry: RevisionSource,
  document: ServiceDocument,
  version: string,
): Promise<number | null> {
  const { service_id, revision, spec } = document;
  if (version === String(revision) || isSameVersion(version, spec.version)) return revision;
  const wanted = (await registry.revisions(service_id))
    .filter(({ outcome }) => outcome === 'current' || outcome === 'superseded')
    .filter((stored) => {
      return String(stored.revision) === version || isSameVersion(stored.spec.version, version);
    })
    .map((stored) => stored.revision);
  return wanted.length === 0 ? null : Math.max(...wanted);
}

function isSameVersion(left: string, right: string): boolean {
  if (left === right) return true;
  const version = semver.valid(left);
  return version !== null && version === semver.valid(right);
}
