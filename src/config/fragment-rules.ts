import { refusalOf } from '../kernel/egress.js';
import {
  isJsonObject,
  pointerTo,
  valueAt,
  type JsonObject,
  type JsonValue,
} from '../kernel/json.js';
import type { ConfigFault } from './config.errors.js';
import { isUnder, maySecretEnv, type ConfigPolicy } from './config-policy.js';
import { layersOf } from './config-schema.js';
import { isDangerousEnv } from './dangerous-env.js';
import { headerFault } from './header-rules.js';
import { inheritedEnvFault } from './inherited-env.js';
import { isLiteralEnv, isLiteralHeader } from './literal-secret.js';
import { looksReferring, scanReferences } from './secret-reference.js';
import { literalAddress, urlFault } from './url-rules.js';

/** Where references are resolved: every text directly in these objects. */
const REFERRING_PLACES = ['/runtime/env', '/network/headers', '/network/tls'] as const;
const WEBHOOKS = '/integration/webhooks';

/**
 * What the settings forbid in a fragment and its overlays, whichever environment they are for: secrets written out,
 * references where none is resolved or not on the allow-list, dangerous variables, headers that are the gateway's own,
 * addresses. The fragment's form has been validated.
 */
export function fragmentFaults(
  fragment: JsonObject,
  base: string,
  policy: ConfigPolicy,
): ConfigFault[] {
  return [
    ...layersOf(fragment, base).flatMap(({ layer, base: at }) => [
      ...envFaults(layer, at, policy),
      ...inheritedEnvFaults(layer, at, policy),
      ...headerFaults(layer, at),
      ...tlsFaults(layer, at),
      ...urlFaults(layer, at, policy),
      ...webhookFaults(layer, at, policy),
      ...referenceFaults(layer, at, policy),
    ]),
    ...misplacedReferences(fragment, base),
  ];
}

function envFaults(layer: JsonObject, at: string, policy: ConfigPolicy): ConfigFault[] {
  return textsAt(layer, '/runtime/env').flatMap(({ name, text, pointer }) => {
    const faults: ConfigFault[] = [];
    if (isLiteralEnv(name, text)) faults.push(literal(`${at}${pointer}`));
    if (isDangerousEnv(name, policy.envAllow)) {
      const detail = `${name} changes what the command runs and is not in SWITCHYARD_ENV_ALLOW.`;
      faults.push({ problem: 'dangerous-env', pointer: `${at}${pointer}`, detail });
    }
    return faults;
  });
}

function inheritedEnvFaults(layer: JsonObject, at: string, policy: ConfigPolicy): ConfigFault[] {
  const place = '/security/env_allow';
  const names = valueAt(layer, place);
  return (Array.isArray(names) ? names : []).flatMap((name, index) => {
    if (typeof name !== 'string') return [];
    return inheritedEnvFault(name, pointerTo(`${at}${place}`, index), policy) ?? [];
  });
}

function headerFaults(layer: JsonObject, at: string): ConfigFault[] {
  const seen = new Set<string>();
  return textsAt(layer, '/network/headers').flatMap(({ name, text, pointer }) => {
    const faults: ConfigFault[] = [];
    if (isLiteralHeader(name, text)) faults.push(literal(`${at}${pointer}`));
    const detail = seen.has(name.toLowerCase())
      ? 'repeats a header whose name differs in case only.'
      : headerFault(name);
    if (detail !== null) faults.push({ problem: 'invalid', pointer: `${at}${pointer}`, detail });
    seen.add(name.toLowerCase());
    return faults;
  });
}

function tlsFaults(layer: JsonObject, at: string): ConfigFault[] {
  const key = valueAt(layer, '/network/tls/key');
  if (typeof key !== 'string') return [];
  const { references, remainder } = scanReferences(key);
  if (references.length === 1 && remainder.trim() === '') return [];
  return [literal(`${at}/network/tls/key`)];
}

function urlFaults(layer: JsonObject, at: string, policy: ConfigPolicy): ConfigFault[] {
  const url = valueAt(layer, '/network/url');
  return typeof url === 'string' ? urlFaultsOf(url, `${at}/network/url`, policy) : [];
}

/** Receivers of alerts: where they may be is what upstreams may, and their secret is a reference and nothing else. */
function webhookFaults(layer: JsonObject, at: string, policy: ConfigPolicy): ConfigFault[] {
  return webhooksOf(layer).flatMap(({ url, secret, pointer }) => {
    const faults = urlFaultsOf(url, `${at}${pointer}/url`, policy);
    const { references, remainder } = scanReferences(secret);
    const isReference = references.length === 1 && remainder === '';
    if (!isReference && !looksReferring(secret)) faults.push(literal(`${at}${pointer}/secret`));
    else if (references.length > 0 && !isReference) {
      const detail = 'must be one reference and nothing else.';
      faults.push({ problem: 'invalid', pointer: `${at}${pointer}/secret`, detail });
    }
    return [...faults, ...referenceFaultsOf(secret, `${at}${pointer}/secret`, policy)];
  });
}

function webhooksOf(
  layer: JsonObject,
): { readonly url: string; readonly secret: string; readonly pointer: string }[] {
  const webhooks = valueAt(layer, WEBHOOKS);
  return (Array.isArray(webhooks) ? webhooks : []).flatMap((webhook, index) => {
    const { url, secret } = isJsonObject(webhook) ? webhook : {};
    if (typeof url !== 'string' || typeof secret !== 'string') return [];
    return [{ url, secret, pointer: pointerTo(WEBHOOKS, index) }];
  });
}

function urlFaultsOf(url: string, pointer: string, policy: ConfigPolicy): ConfigFault[] {
  const fault = urlFault(url);
  if (fault !== null) return [{ problem: 'url-refused', pointer, detail: fault }];
  const address = literalAddress(url);
  if (address === null) return [];
  const refusal = refusalOf(address, policy.egress, policy.ownListeners, portOf(url));
  return refusal === null ? [] : [{ problem: 'url-refused', pointer, detail: `${refusal}.` }];
}

function portOf(text: string): number {
  const url = new URL(text);
  if (url.port !== '') return Number(url.port);
  return url.protocol === 'https:' ? 443 : 80;
}

function referenceFaults(layer: JsonObject, at: string, policy: ConfigPolicy): ConfigFault[] {
  return REFERRING_PLACES.flatMap((place) =>
    textsAt(layer, place).flatMap(({ text, pointer }) =>
      referenceFaultsOf(text, `${at}${pointer}`, policy),
    ),
  );
}

/** What is wrong with the references of one text that may hold some. */
export function referenceFaultsOf(
  text: string,
  pointer: string,
  policy: Pick<ConfigPolicy, 'secretEnv' | 'secretDirs'>,
): ConfigFault[] {
  const { references, malformed } = scanReferences(text);
  const faults: ConfigFault[] = malformed.map(({ detail }) => ({
    problem: 'invalid',
    pointer,
    detail: `the secret reference ${detail}`,
  }));
  for (const reference of references) {
    const isAllowed =
      reference.source === 'env'
        ? maySecretEnv(policy, reference.name)
        : isUnder(policy.secretDirs, reference.path);
    if (isAllowed) continue;
    const list = reference.source === 'env' ? 'SWITCHYARD_SECRET_ENV' : 'SWITCHYARD_SECRET_DIRS';
    const detail = `${reference.text} is not allowed by ${list}.`;
    faults.push({ problem: 'secret-denied', pointer, detail });
  }
  return faults;
}

function misplacedReferences(fragment: JsonObject, base: string): ConfigFault[] {
  const allowed = new Set<string>();
  for (const { base: at } of layersOf(fragment, base)) {
    for (const place of REFERRING_PLACES) allowed.add(`${at}${place}`);
  }
  const secrets = new Set(
    layersOf(fragment, base).flatMap(({ layer, base: at }) =>
      webhooksOf(layer).map(({ pointer }) => `${at}${pointer}/secret`),
    ),
  );
  const faults: ConfigFault[] = [];
  const visit = (value: JsonValue, pointer: string): void => {
    if (typeof value === 'string' && looksReferring(value) && !secrets.has(pointer)) {
      const detail = 'holds a secret reference, which is not resolved here.';
      faults.push({ problem: 'secret-misplaced', pointer, detail });
    }
    if (typeof value !== 'object' || value === null) return;
    for (const [name, member] of Object.entries(value)) {
      if (!allowed.has(pointer)) visit(member, pointerTo(pointer, name));
    }
  };
  visit(fragment, base);
  return faults;
}

function literal(pointer: string): ConfigFault {
  const detail = 'writes a secret out; put ${env:NAME} or ${file:/path} in its place.';
  return { problem: 'literal-secret', pointer, detail };
}

/** The texts directly in the object at `place`, with pointers from the layer. */
function textsAt(
  layer: JsonObject,
  place: string,
): { readonly name: string; readonly text: string; readonly pointer: string }[] {
  const object = valueAt(layer, place);
  if (!isJsonObject(object)) return [];
  return Object.entries(object).flatMap(([name, text]) =>
    typeof text === 'string' ? [{ name, text, pointer: pointerTo(place, name) }] : [],
  );
}
