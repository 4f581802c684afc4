import type { JsonObject } from '../kernel/json.js';
import { compileSchema } from '../kernel/tool-schema.js';

/**
 * Why a foreign JSON Schema cannot be asserted, or `null`. A pattern that the linear-time engine cannot run would always
 * pass; an assertion that cannot fail is refused.
 */
export function foreignSchemaFault(schema: JsonObject): string | null {
  const compiled = compileSchema(schema);
  if (!compiled.ok) return `is not usable: ${compiled.reason.slice(0, 300)}.`;
  const [unchecked] = compiled.unchecked;
  if (unchecked === undefined) return null;
  return `has a pattern that cannot run in linear time: ${unchecked.slice(0, 200)}.`;
}
