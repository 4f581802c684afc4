import type { JsonObject } from '../kernel/json.js';
import { shownTime, text } from './render-text.js';

/** One line of a service's log. */
export function renderLogLine({ at, source, message }: JsonObject): string {
  return `${shownTime(at)}  ${text(source).padEnd(9)}  ${text(message)}`;
}
