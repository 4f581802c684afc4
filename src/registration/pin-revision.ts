import type { ChangeContext } from '../registry/service.js';
import { requireVisible, requireWrite } from './change-access.js';
import type { ControlPlane } from './control-plane.js';

export interface PinnedRevision {
  readonly service_id: string;
  readonly revision: number;
  readonly pinned: boolean;
  /** Who keeps it: an operator, and a route that names it. */
  readonly pinned_by: readonly ('operator' | 'route')[];
}

/** Keeps a revision in the history whatever its age, or lets it go with age again. */
export async function pinRevision(
  { registry }: ControlPlane,
  id: string,
  revision: number,
  isPinned: boolean,
  ctx: ChangeContext,
): Promise<PinnedRevision> {
  requireWrite(ctx);
  const { service_id, spec } = registry.require(id);
  requireVisible(ctx, spec.name);
  const kept = await registry.keepRevision(service_id, revision, isPinned, ctx);
  const pinned_by = [
    ...(kept.kept_by_operator === true ? (['operator'] as const) : []),
    ...(kept.pinned ? (['route'] as const) : []),
  ];
  return { service_id, revision, pinned: pinned_by.length > 0, pinned_by };
}
