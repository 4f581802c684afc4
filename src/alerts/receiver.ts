import { KeyFileError, readList, repeated } from '../auth/api-keys.js';
import { matchesPattern } from '../auth/principal.js';
import { scanReferences } from '../config/secret-reference.js';
import type { ServiceConfig, WebhookConfig } from '../config/service-config.js';
import { urlFault } from '../config/url-rules.js';
import { sha256Hex } from '../kernel/ids.js';
import { isJsonObject, pointerTo, type JsonValue } from '../kernel/json.js';
import { isAtLeast, SEVERITIES, type Severity } from './alert.js';
import { webhookKey } from './webhook-secret.js';

/** Who is told of alerts. */
export interface Receiver {
  /** `gateway:<name>`, or `service:<service_id>:<8 digits of its URL's hash>`: the same over restarts. */
  readonly receiver_id: string;
  readonly name: string;
  readonly url: string;
  /** A secret, or the reference to one; resolved when something is sent. */
  readonly secret: string;
  readonly min_severity: Severity;
  /** Patterns of the names of services it is told of; `null` = all, and the gateway itself. */
  readonly services: readonly string[] | null;
  /** The service that configures it; `null` = the gateway's file. */
  readonly service_id: string | null;
}

const MEMBERS = ['name', 'url', 'secret', 'min_severity', 'services'];
const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;
const PATTERN = /^[a-z0-9*-]{1,63}$/;
const MAX_RECEIVERS = 64;

/** Whether a receiver is told of an alert of `severity`. */
export function isMeant(
  receiver: Receiver,
  alert: { readonly service_id: string | null; readonly name: string },
  severity: Severity,
): boolean {
  if (!isAtLeast(severity, receiver.min_severity)) return false;
  if (receiver.service_id !== null) return receiver.service_id === alert.service_id;
  if (receiver.services === null) return true;
  const isService = alert.service_id !== null;
  return isService && receiver.services.some((pattern) => matchesPattern(pattern, alert.name));
}

/** The receivers that a service's own configuration names. */
export function receiversOfService(
  serviceId: string,
  name: string,
  { integration }: ServiceConfig,
): Receiver[] {
  // Configurations that were stored before there were webhooks have none.
  const webhooks: readonly WebhookConfig[] =
    (integration as Partial<typeof integration>).webhooks ?? [];
  return webhooks.map(({ url, secret, min_severity }, at) => ({
    receiver_id: `service:${serviceId}:${sha256Hex(url).slice(0, 8)}`,
    name: `${name}#${String(at)}`,
    url,
    secret,
    min_severity,
    services: null,
    service_id: serviceId,
  }));
}

/**
 * Reads `{ "receivers": [ { "name", "url", "secret", "min_severity"?, "services"? } ] }`; `secret` is written out or a
 * reference. Throws `KeyFileError` with every fault, none of which shows a secret.
 */
export function parseReceivers(content: Uint8Array): readonly Receiver[] {
  const entries = readList(content, 'receivers');
  const faults = [...repeated(entries, 'name')];
  if (entries.length > MAX_RECEIVERS) faults.push('There are more than 64 receivers');
  const receivers = entries.map((entry, at) =>
    readReceiver(entry, pointerTo('/receivers', at), faults),
  );
  if (faults.length > 0) throw new KeyFileError(faults);
  return receivers.filter((receiver) => receiver !== null);
}

function readReceiver(entry: JsonValue, at: string, faults: string[]): Receiver | null {
  if (!isJsonObject(entry)) {
    faults.push(`${at} is not an object`);
    return null;
  }
  for (const member of Object.keys(entry)) {
    if (!MEMBERS.includes(member)) faults.push(`${pointerTo(at, member)} is unknown`);
  }
  const { name, url, secret, min_severity = 'warning', services = null } = entry;
  const fault = (member: string, text: string): null => {
    faults.push(`${at}/${member} ${text}`);
    return null;
  };
  if (typeof name !== 'string' || !NAME.test(name)) {
    return fault('name', 'is not a name of letters, digits, ".", "_" and "-" (at most 64)');
  }
  const wrongUrl = typeof url === 'string' ? urlFault(url) : 'must be an absolute URL.';
  if (typeof url !== 'string' || wrongUrl !== null) return fault('url', wrongUrl ?? '');
  if (typeof secret !== 'string' || !isSecret(secret)) {
    return fault('secret', 'is neither "whsec_" and 24 to 64 bytes in base64 nor one reference');
  }
  const severity = SEVERITIES.find((one) => one === min_severity);
  if (severity === undefined)
    return fault('min_severity', `is not one of ${SEVERITIES.join(', ')}`);
  if (services !== null && !isPatternList(services)) {
    return fault('services', 'is neither null nor a list of name patterns');
  }
  const receiver_id = `gateway:${name}`;
  return { receiver_id, name, url, secret, min_severity: severity, services, service_id: null };
}

function isSecret(text: string): boolean {
  const { references, malformed, remainder } = scanReferences(text);
  if (references.length === 0 && malformed.length === 0) return webhookKey(text) !== null;
  return references.length === 1 && malformed.length === 0 && remainder === '';
}

function isPatternList(value: JsonValue): value is string[] {
  return (
    Array.isArray(value) && value.every((item) => typeof item === 'string' && PATTERN.test(item))
  );
}
