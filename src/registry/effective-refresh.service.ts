import { Injectable } from '@nestjs/common';
import { Logger } from '../kernel/logger.js';
import { ProblemError } from '../kernel/problem.js';
import { RegistryService } from './registry.service.js';
import { systemContext } from './service-changes.js';

export interface RefreshReport {
  /** Services that got a new revision. */
  readonly changed: readonly string[];
  /** Services whose stored spec is not valid here and now, with the code of the problem; they keep what they have. */
  readonly refused: readonly { readonly service_id: string; readonly code: string }[];
}

/**
 * Recomputes the effective configuration of every service. For the boot: another SWITCHYARD_ENV, or a command that is
 * elsewhere now, gives a new revision, which is proven before it replaces the stored one.
 */
@Injectable()
export class EffectiveRefreshService {
  constructor(
    private readonly registry: RegistryService,
    private readonly logger: Logger,
  ) {}

  /** One service after the other; a failure of one does not keep the others from it. What is held waits for its operator. */
  async refresh(isHeld: (id: string) => boolean = () => false): Promise<RefreshReport> {
    const changed: string[] = [];
    const refused: { service_id: string; code: string }[] = [];
    const ctx = systemContext('boot', 'the effective configuration differs from the stored one');
    for (const { service_id: id, spec, desired } of this.registry.list()) {
      const isBusy = desired === 'archived' || this.registry.candidateOf(id) !== undefined;
      if (isBusy || isHeld(id)) continue;
      try {
        const prepared = await this.registry.prepare(spec);
        const { outcome } = await this.registry.propose(id, prepared, ctx);
        if (outcome !== 'unchanged') changed.push(id);
      } catch (error) {
        if (!(error instanceof ProblemError)) throw error;
        refused.push({ service_id: id, code: error.code });
        this.logger.warn({ service_id: id, err: error }, 'a stored configuration is not valid now');
      }
    }
    return { changed, refused };
  }
}
