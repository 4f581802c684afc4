import { contractDiff } from '../registry/contract-diff.js';
import { registryProblems } from '../registry/registry.errors.js';
import type { RevisionDocument, ServiceDocument, ServiceSpec } from '../registry/service.js';
import type { ControlPlane } from './control-plane.js';

export interface RollbackTarget {
  readonly spec: ServiceSpec;
  readonly warnings: readonly string[];
}

const NAMED_TOOLS = 10;

/**
 * What going back to a revision means: only to one that was in force, and with a word on what callers of the current one
 * lose. Throws `registry.revision-unknown` and `registry.revision-not-served`.
 */
export async function rollbackTarget(
  { registry }: ControlPlane,
  current: ServiceDocument,
  revision: number,
): Promise<RollbackTarget> {
  const { service_id: id } = current;
  const older = await registry.revision(id, revision);
  const { spec, outcome } = older;
  if (revision === current.revision) {
    return { spec, warnings: [`Revision ${String(revision)} is the current one already.`] };
  }
  if (outcome === 'draft' || outcome === 'candidate') {
    const why = outcome === 'draft' ? 'was given up before it served' : 'is still on its way';
    throw registryProblems['revision-not-served']({
      detail: `Revision ${String(revision)} of "${current.spec.name}" ${why}.`,
      extra: { service_id: id, revision, outcome },
    });
  }
  const before = await toolsOf(registry, current);
  if (before === null || older.tools === null) return { spec, warnings: [] };
  const broken = contractDiff(before, older.tools)
    .tools.filter(({ verdict }) => verdict === 'breaking')
    .map(({ tool }) => tool.slice(0, 128));
  if (broken.length === 0) return { spec, warnings: [] };
  const more = broken.length - NAMED_TOOLS;
  const names =
    broken.slice(0, NAMED_TOOLS).join(', ') + (more > 0 ? `, and ${String(more)} more` : '');
  const range = `?from=${String(current.revision)}&to=${String(revision)}`;
  const where = `/api/v1/services/${id}/revisions/diff${range}`;
  return { spec, warnings: [`Going back breaks callers of these tools: ${names}. See ${where}.`] };
}

/** A damaged record of the present must not bar the way back. */
async function toolsOf(
  registry: ControlPlane['registry'],
  { service_id, revision }: ServiceDocument,
): Promise<RevisionDocument['tools']> {
  try {
    return (await registry.revision(service_id, revision)).tools;
  } catch {
    return null;
  }
}
