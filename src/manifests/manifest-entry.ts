import { ProblemError, type FieldError } from '../kernel/problem.js';
import type { JsonObject } from '../kernel/json.js';

/** One service that a manifest asks for. */
export interface ManifestEntry {
  /** How the manifest calls it, for messages. */
  readonly label: string;
  /** The service specification, as `POST /api/v1/services` takes it. */
  readonly spec: JsonObject;
  /** Where each part of the specification stands in the manifest; pairs of JSON Pointers, the most specific first. */
  readonly origins: readonly (readonly [spec: string, manifest: string])[];
  /** Names of the tools that the manifest says the server has. */
  readonly declaredTools: readonly string[];
}

export type ManifestKind = 'wrapper' | 'client_servers' | 'server_json' | 'service';

export interface Manifest {
  readonly kind: ManifestKind;
  readonly entries: readonly ManifestEntry[];
  readonly warnings: readonly string[];
}

/** A JSON Pointer into the specification, as one into the manifest. Pointers outside of both are left as they are. */
export function pointerInManifest(entry: ManifestEntry, pointer: string): string {
  for (const [spec, manifest] of entry.origins) {
    if (pointer === spec || pointer.startsWith(`${spec}/`)) {
      return manifest + pointer.slice(spec.length);
    }
  }
  return pointer;
}

/** The error with its pointers in the manifest that the sender wrote, not in the specification made of it. */
export function inManifest(entry: ManifestEntry, error: unknown): unknown {
  if (!(error instanceof ProblemError) || error.details.errors === undefined) return error;
  const errors = error.details.errors.map(({ pointer, detail }): FieldError => ({
    pointer: pointerInManifest(entry, pointer),
    detail,
  }));
  return new ProblemError(error.code, error.definition, { ...error.details, errors });
}

/** A service name made of any text: lower case, `-` for what is not allowed; `null` when nothing is left. */
export function serviceNameOf(text: string): string | null {
  const name = text
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .slice(0, 80)
    .replace(/^-/, '')
    .slice(0, 63)
    .replace(/-$/, '');
  return name === '' ? null : name;
}
