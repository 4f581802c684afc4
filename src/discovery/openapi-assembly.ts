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

/**
 * One object for the answers of all operations that give the same. Why: an object with a status for a key has room for
 * every number up to it, 5 KB, and the endpoint of each service has three of them. Keeps what it has seen, so it is for
 * operations whose answers do not depend on the service.
 */
export class SharedAnswers {
  private readonly known = new Map<string, unknown>();

  /** Changes `paths` in place. */
  share(paths: Readonly<Record<string, object>>): void {
    for (const operations of Object.values(paths)) {
      for (const operation of Object.values(operations) as unknown[]) {
        if (typeof operation !== 'object' || operation === null) continue;
        if ('responses' in operation) operation.responses = this.oneOf(operation.responses);
      }
    }
  }

  private oneOf(responses: unknown): unknown {
    const text = JSON.stringify(responses);
    const known = this.known.get(text) ?? responses;
    this.known.set(text, known);
    return known;
  }
}

function asObject(value: unknown): JsonObject {
  return isJsonObject(value) ? value : {};
}
