import { scanReferences } from '../config/secret-reference.js';
import type { ServiceConfig } from '../config/service-config.js';
import { isJsonObject, type JsonValue } from '../kernel/json.js';
import { scrubberOf, type Scrub } from '../upstream/scrub.js';

/** Resolves one reference to its value; rejects when it cannot. */
export type ResolveReference = (reference: string) => Promise<string>;

/**
 * The scrubber for what an upstream of this configuration says. Rejects when a secret cannot be read now: then nobody can
 * tell what is in a text, and it must not be kept.
 */
export async function scrubberFor(
  config: ServiceConfig,
  resolve: ResolveReference,
): Promise<Scrub> {
  const references = new Set(
    secretFields(config).flatMap((text) =>
      scanReferences(text).references.map(({ text: found }) => found),
    ),
  );
  if (references.size === 0) return (text) => text;
  return scrubberOf(await Promise.all([...references].map(resolve)));
}

/** The same JSON value with every text in it scrubbed, names of members included. */
export function scrubJson<T extends JsonValue>(value: T, scrub: Scrub): T {
  if (typeof value === 'string') return scrub(value) as T;
  if (Array.isArray(value)) return value.map((item) => scrubJson(item, scrub)) as T;
  if (!isJsonObject(value)) return value;
  const members = Object.entries(value).map(([name, member]) => [
    scrub(name),
    scrubJson(member, scrub),
  ]);
  return Object.fromEntries(members) as T;
}

function secretFields({ runtime, network }: ServiceConfig): string[] {
  const { ca, cert, key } = network.tls;
  const texts = [...Object.values(runtime.env), ...Object.values(network.headers), ca, cert, key];
  return texts.filter((text) => text !== null);
}
