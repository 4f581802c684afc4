import { parseBytes } from '../gateway/json-bytes.js';
import { isJsonObject } from '../kernel/json.js';
import { LOG_LEVELS } from '../protocol/log-level.js';

/** The severity of a `notifications/message` as an index into `LOG_LEVELS`; what has none counts as the highest. */
export function levelOf(message: Buffer): number {
  const parsed = parseBytes(message);
  const level =
    isJsonObject(parsed) && isJsonObject(parsed.params) ? parsed.params.level : undefined;
  const index = typeof level === 'string' ? LOG_LEVELS.indexOf(level) : -1;
  return index < 0 ? LOG_LEVELS.length : index;
}
