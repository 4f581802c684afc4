import { isJsonObject, type JsonObject } from '../kernel/json.js';

/** A part of an OpenAPI document. */
export interface DocumentPart {
  readonly paths: Readonly<Record<string, object>>;
  readonly components: Readonly<Record<string, object>>;
}

/** The parts put into `base`. Neither is changed; a path or component of `base` is never replaced. */
export function assembleDocument(base: JsonObject, parts: Iterable<DocumentPart>): JsonObject {
  const paths: Record<string, object> = {};
  const schemas: Record<string, object> = {};
  for (const part of parts) {
    Object.assign(paths, part.paths);
    Object.assign(schemas, part.components);
  }
  const components = isJsonObject(base.components) ? base.components : {};
  return {
    ...base,
    paths: { ...paths, ...asObject(base.paths) },
    components: { ...components, schemas: { ...schemas, ...asObject(components.schemas) } },
  } as JsonObject;
}

function asObject(value: unknown): JsonObject {
  return isJsonObject(value) ? value : {};
}
