import { isJsonObject, type JsonObject } from '../kernel/json.js';
import { layersOf } from './config-schema.js';
import type { ConfigFragment } from './service-config.js';

const EXEC_FIELDS = ['command', 'args', 'env', 'cwd'] as const;

/**
 * The part of a fragment and its overlays that decides what is executed: whoever sets or changes it needs the scope
 * `exec`. Keyed by pointer; empty when the fragment sets nothing of it. Compare two with `equalJson`.
 */
export function execFieldsOf(fragment: ConfigFragment): JsonObject {
  const found: JsonObject = {};
  for (const { layer, base } of layersOf(fragment, '')) {
    const runtime = layer['runtime'];
    if (!isJsonObject(runtime)) continue;
    for (const name of EXEC_FIELDS) {
      const value = runtime[name];
      if (value !== undefined) found[`${base}/runtime/${name}`] = value;
    }
  }
  return found;
}
