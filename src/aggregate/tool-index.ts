import MiniSearch from 'minisearch';
import { isJsonObject, type JsonObject } from '../kernel/json.js';
import type { NamedItem, NamedItems } from './named-items.js';

interface ToolEntry {
  /** Service id and the tool's name there. */
  readonly id: string;
  readonly service_id: string;
  readonly name: string;
  readonly service: string;
  readonly title: string;
  readonly description: string;
  readonly parameters: string;
}

export interface ToolHit {
  readonly tool: NamedItem;
  readonly service: string;
  readonly score: number;
}

interface Indexed {
  readonly service: string;
  readonly named: NamedItems;
  readonly entries: readonly ToolEntry[];
  readonly byId: ReadonlyMap<string, NamedItem>;
}

const FIELDS = ['name', 'service', 'title', 'description', 'parameters'];
const MAX_FIELD_CHARS = 8_192;
const MAX_QUERY_CHARS = 512;
const WORDS = /[^\p{L}\p{N}]+|(?<=\p{Ll})(?=\p{Lu})/u;

/**
 * The search index over the tools of all members, one for every caller: what a caller may not use is left out of its
 * answer. A member's tools are read again when it lists others, nothing is when it does not.
 */
export class ToolIndex {
  private readonly services = new Map<string, Indexed>();
  private readonly index = new MiniSearch<ToolEntry>({
    fields: FIELDS,
    storeFields: ['service_id'],
    tokenize: (text) => text.split(WORDS).filter((word) => word !== ''),
    searchOptions: {
      boost: { name: 4, title: 3, service: 2, description: 1.5 },
      prefix: (term) => term.length > 2,
      fuzzy: (term) => (term.length > 4 ? 0.2 : false),
    },
  });

  /** Tools that can be found. */
  get size(): number {
    return this.index.documentCount;
  }

  /** The same of the services named. */
  countOf(serviceIds: Iterable<string>): number {
    let count = 0;
    for (const id of serviceIds) count += this.services.get(id)?.entries.length ?? 0;
    return count;
  }

  put(serviceId: string, service: string, named: NamedItems): void {
    const before = this.services.get(serviceId);
    if (before?.named === named) return;
    this.remove(serviceId);
    const byId = new Map(named.list.map((tool) => [`${serviceId}\0${tool.own}`, tool]));
    const entries = [...byId].map(([id, tool]) => entryOf(id, serviceId, service, tool));
    this.index.addAll(entries);
    this.services.set(serviceId, { service, named, entries, byId });
  }

  remove(serviceId: string): void {
    const before = this.services.get(serviceId);
    if (before === undefined) return;
    this.services.delete(serviceId);
    // Why not `discard`: it leaves the words of the old text until a later sweep.
    for (const entry of before.entries) this.index.remove(entry);
  }

  /** Forgets services that `keeps` does not know. */
  retain(keeps: (serviceId: string) => boolean): void {
    for (const id of [...this.services.keys()]) if (!keeps(id)) this.remove(id);
  }

  /** The best first, of the services that `includes`. A query without words finds all, in order. */
  search(query: string, limit: number, includes: (serviceId: string) => boolean): ToolHit[] {
    const text = query.slice(0, MAX_QUERY_CHARS);
    if (text.split(WORDS).every((word) => word === '')) return this.first(limit, includes);
    const found = this.index.search(text, {
      filter: ({ service_id }) => typeof service_id === 'string' && includes(service_id),
    });
    return found.slice(0, limit).flatMap(({ id, score, service_id }) => {
      const indexed = this.services.get(String(service_id));
      const tool = indexed?.byId.get(String(id));
      if (indexed === undefined || tool === undefined) return [];
      return [{ tool, service: indexed.service, score: Math.round(score * 1_000) / 1_000 }];
    });
  }

  private first(limit: number, includes: (serviceId: string) => boolean): ToolHit[] {
    const hits: ToolHit[] = [];
    const known = [...this.services].filter(([id]) => includes(id));
    known.sort(([, left], [, right]) => (left.service < right.service ? -1 : 1));
    for (const [, { service, named }] of known) {
      for (const tool of named.list) {
        if (hits.length >= limit) return hits;
        hits.push({ tool, service, score: 0 });
      }
    }
    return hits;
  }
}

function entryOf(
  id: string,
  serviceId: string,
  service: string,
  { own, item }: NamedItem,
): ToolEntry {
  const { title, description, annotations, inputSchema } = item;
  const shown = isJsonObject(annotations) ? annotations.title : null;
  return {
    id,
    service_id: serviceId,
    name: own,
    service,
    title: [title, shown].filter((text) => typeof text === 'string').join(' '),
    description: bounded(typeof description === 'string' ? description : ''),
    parameters: bounded(parametersOf(inputSchema)),
  };
}

function parametersOf(schema: unknown): string {
  const properties = isJsonObject(schema) ? schema.properties : null;
  if (!isJsonObject(properties)) return '';
  return Object.entries(properties)
    .map(([name, property]) => `${name} ${descriptionOf(property)}`)
    .join(' ');
}

function descriptionOf(property: unknown): string {
  const described: JsonObject = isJsonObject(property) ? property : {};
  return typeof described.description === 'string' ? described.description : '';
}

function bounded(text: string): string {
  return text.length > MAX_FIELD_CHARS ? text.slice(0, MAX_FIELD_CHARS) : text;
}
