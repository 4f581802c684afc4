import { isJsonObject, type JsonObject } from '../kernel/json.js';
import { layersOf } from './config-schema.js';
import type { ConfigFragment } from './service-config.js';

const EXEC_FIELDS = [
  ['runtime', ['command', 'args', 'env', 'cwd']],
  ['security', ['env_allow']],
] as const;

/**
 * The part of a fragment and its overlays that decides what is executed: whoever sets or changes it needs the scope
 * `exec`. Keyed by pointer; empty when the fragment sets nothing of it. Compare two with `equalJson`.
 */
export function execFieldsOf(fragment: ConfigFragment): JsonObject {
  const found: JsonObject = {};
  for (const { layer, base } of layersOf(fragment, '')) {
    for (const [category, names] of EXEC_FIELDS) {
      const fields = layer[category];
      if (!isJsonObject(fields)) continue;
      for (const name of names) {
        const value = fields[name];
        if (value !== undefined) found[`${base}/${category}/${name}`] = value;
      }
    }
  }
  return found;
}
