import type { Endpoint } from '../gateway/endpoint.js';
import { toolDoorOf } from '../gateway/tool-door.js';
import type { JsonObject } from '../kernel/json.js';
import type { Items } from './list-shelf.js';
import { memberName } from './member-name.js';

/** A tool or prompt of a member as the aggregate shows it. */
export interface NamedItem {
  /** In the aggregate. */
  readonly name: string;
  /** At the member. */
  readonly own: string;
  readonly item: JsonObject;
  /** As JSON, under its name in the aggregate; all else verbatim. */
  readonly json: string;
}

export interface NamedItems {
  readonly list: readonly NamedItem[];
  readonly byName: ReadonlyMap<string, NamedItem>;
}

interface Remembered {
  readonly endpoint: Endpoint;
  readonly named: NamedItems;
}

const tools = new WeakMap<Items, Remembered>();
const prompts = new WeakMap<Items, Remembered>();

/** The member's tools without those that its policy refuses. Made once for a list and endpoint, whoever asks. */
export function namedTools(endpoint: Endpoint, items: Items): NamedItems {
  const door = toolDoorOf(endpoint);
  return remembered(tools, endpoint, items, (own) => door === null || door.refusalOf(own) === null);
}

export function namedPrompts(endpoint: Endpoint, items: Items): NamedItems {
  return remembered(prompts, endpoint, items, () => true);
}

function remembered(
  memory: WeakMap<Items, Remembered>,
  endpoint: Endpoint,
  items: Items,
  shows: (own: string) => boolean,
): NamedItems {
  const known = memory.get(items);
  if (known?.endpoint === endpoint) return known.named;
  const named = nameAll(endpoint.serviceName, items, shows);
  memory.set(items, { endpoint, named });
  return named;
}

/** Of equal names the first counts, here and at the call. */
function nameAll(service: string, items: Items, shows: (own: string) => boolean): NamedItems {
  const byName = new Map<string, NamedItem>();
  for (const item of items) {
    const own = item.name;
    if (typeof own !== 'string' || own === '' || !shows(own)) continue;
    const name = memberName(service, own);
    if (byName.has(name)) continue;
    byName.set(name, { name, own, item, json: JSON.stringify({ ...item, name }) });
  }
  return { list: [...byName.values()], byName };
}
