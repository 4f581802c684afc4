import type { Provenance } from '../config/merge.js';
import type { ServiceConfig } from '../config/service-config.js';
import { equalJson } from '../kernel/json.js';
import type { ServiceSpec } from './service.js';

/** A spec that is valid here and now: what a revision is made of. */
export interface PreparedSpec {
  /** `extends` is pinned. */
  readonly spec: ServiceSpec;
  readonly effective: ServiceConfig;
  readonly command_file: string | null;
  readonly provenance: Provenance;
}

type Content = Pick<PreparedSpec, 'spec' | 'effective' | 'command_file'>;

/** Whether two revisions would serve the same: spec, effective configuration and the file that is started. */
export function isSameContent(left: Content, right: Content): boolean {
  return (
    left.command_file === right.command_file &&
    equalJson(left.spec, right.spec) &&
    equalJson(left.effective, right.effective)
  );
}
