import type { JsonObject } from '../kernel/json.js';
import { isJsonObject } from '../kernel/json.js';
import { LEGACY_VERSIONS } from '../protocol/protocol-version.js';
import { GATEWAY_CLIENT, type ClientFacts } from '../upstream/upstream.js';
import type { Asker } from './stateless-request.js';

/** Requests of a server that a client may be asked to fulfil. */
export type InputMethod = 'elicitation/create' | 'roots/list' | 'sampling/createMessage';

/** The `initialize` of a client that never sends one; without a name of its own it goes by the gateway's. */
export function legacyClientOf({ clientInfo, capabilities }: Asker): ClientFacts {
  return {
    protocolVersion: LEGACY_VERSIONS[0],
    capabilities,
    clientInfo: clientInfo ?? GATEWAY_CLIENT.clientInfo,
  };
}

/** Whether the client can be asked for anything at all. */
export function canBeAsked({ roots, sampling, elicitation }: JsonObject): boolean {
  return roots !== undefined || sampling !== undefined || elicitation !== undefined;
}

export function isInputMethod(method: string): method is InputMethod {
  return (
    method === 'elicitation/create' ||
    method === 'roots/list' ||
    method === 'sampling/createMessage'
  );
}

/** The capability that a request of the server needs and `capabilities` lack, as `ClientCapabilities`; `null` = none. */
export function lackingCapability(
  method: InputMethod,
  params: JsonObject,
  capabilities: JsonObject,
): JsonObject | null {
  switch (method) {
    case 'roots/list':
      return capabilities.roots === undefined ? { roots: {} } : null;
    case 'sampling/createMessage':
      return capabilities.sampling === undefined ? { sampling: {} } : null;
    case 'elicitation/create':
      return elicitationLack(params.mode === 'url' ? 'url' : 'form', capabilities.elicitation);
  }
}

/** An empty object stands for form mode, as it always has (2025-11-25, elicitation, capabilities). */
function elicitationLack(
  mode: 'form' | 'url',
  declared: JsonObject[string] | undefined,
): JsonObject | null {
  const lacking = { elicitation: { [mode]: {} } };
  if (!isJsonObject(declared)) return lacking;
  if (declared[mode] !== undefined) return null;
  return mode === 'form' && declared.url === undefined ? null : lacking;
}
