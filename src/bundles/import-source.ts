import { shapeErrors } from '../config/shape-limits.js';
import { isJsonObject, type JsonObject } from '../kernel/json.js';
import type { FieldError } from '../kernel/problem.js';
import { readClientServers } from '../manifests/client-servers.js';
import {
  pointerInManifest,
  type Manifest,
  type ManifestEntry,
} from '../manifests/manifest-entry.js';
import { readServerJson } from '../manifests/server-json.js';
import { BUNDLE_VERSION, type Bundle } from './bundle.js';
import { bundleErrors, filledBundle } from './bundle-schema.js';
import { bundlesProblems } from './bundles.errors.js';
import { readYaml } from './bundle-text.js';

export type SourceFormat = 'bundle' | 'client_servers' | 'server_json';

/** What is to be imported, whatever it was written as. */
export interface ImportSource {
  readonly format: SourceFormat;
  readonly bundle: Bundle;
  readonly warnings: readonly string[];
  /** Where a pointer into the spec of service `index` stands in what was sent. */
  pointer(index: number, pointer: string): string;
}

/**
 * Reads the body of an import: a bundle, the file of a client (`mcpServers`, or `servers` as VS Code has it), or a
 * `server.json`. A text is YAML. Throws `bundles.bundle-invalid` with everything wrong with its form, and
 * `bundles.bundle-newer`.
 */
export function readImport(body: unknown): ImportSource {
  const document = typeof body === 'string' ? parsedYaml(body) : body;
  if (!isJsonObject(document)) throw invalid([{ pointer: '', detail: 'must be an object.' }]);
  if (document['bundle_version'] !== undefined) return readBundle(document);
  const errors: FieldError[] = [];
  const manifest = readForeign(document, errors);
  if (manifest === null || errors.length > 0) throw invalid(errors);
  return fromManifest(manifest);
}

function parsedYaml(text: string): unknown {
  const reading = readYaml(text);
  if ('errors' in reading) throw invalid(reading.errors);
  return reading.value;
}

function readBundle(document: JsonObject): ImportSource {
  const { bundle_version: version } = document;
  const [, major] = /^(\d{1,4})\.\d{1,4}$/.exec(typeof version === 'string' ? version : '') ?? [];
  if (major !== undefined && major !== BUNDLE_VERSION.split('.')[0]) {
    throw bundlesProblems['bundle-newer']({
      detail: `The bundle is of version ${String(version)}; ${BUNDLE_VERSION} is read here.`,
      errors: [{ pointer: '/bundle_version', detail: `must be ${BUNDLE_VERSION}.` }],
    });
  }
  const errors = [...bundleErrors(document), ...deepTemplates(document)];
  if (errors.length > 0) throw invalid(errors);
  return {
    format: 'bundle',
    bundle: filledBundle(document),
    warnings: [],
    pointer: (index, pointer) => `/services/${String(index)}/spec${pointer}`,
  };
}

/** Templates are compared before they are judged, and what is nested too deep cannot be. */
function deepTemplates({ templates }: JsonObject): FieldError[] {
  return (Array.isArray(templates) ? templates.filter(isJsonObject) : []).flatMap((one, index) =>
    ['config', 'overlays'].flatMap((name) =>
      shapeErrors(one[name], `/templates/${String(index)}/${name}`),
    ),
  );
}

function readForeign(document: JsonObject, errors: FieldError[]): Manifest | null {
  for (const member of ['mcpServers', 'servers']) {
    const servers = document[member];
    if (isJsonObject(servers)) return readClientServers(servers, `/${member}`, errors);
  }
  if (document['packages'] !== undefined || document['remotes'] !== undefined) {
    return readServerJson(document, errors);
  }
  const detail =
    'is nothing that is read here: it has neither bundle_version, mcpServers, servers, packages nor remotes.';
  errors.push({ pointer: '', detail });
  return null;
}

function fromManifest({ kind, entries, warnings }: Manifest): ImportSource {
  const services = entries.map(({ spec }) => ({ spec }));
  return {
    format: kind === 'server_json' ? 'server_json' : 'client_servers',
    bundle: { bundle_version: BUNDLE_VERSION, services, templates: [] },
    warnings,
    pointer: (index, pointer) => {
      const entry: ManifestEntry | undefined = entries[index];
      return entry === undefined ? pointer : pointerInManifest(entry, pointer);
    },
  };
}

function invalid(errors: readonly FieldError[]): Error {
  const [first] = errors;
  const detail = first === undefined ? '' : `${first.pointer || 'The body'} ${first.detail}`;
  return bundlesProblems['bundle-invalid']({ detail, errors: errors.slice(0, MAX_ERRORS) });
}

const MAX_ERRORS = 200;
