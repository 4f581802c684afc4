import MiniSearch from 'minisearch';
import type { JsonObject } from '../kernel/json.js';

/** What can be searched of one service. */
export interface CatalogEntry {
  readonly service_id: string;
  readonly name: string;
  readonly title: string;
  readonly description: string;
  readonly tags: string;
  readonly tool_names: string;
  readonly tool_descriptions: string;
}

const FIELDS = ['name', 'title', 'description', 'tags', 'tool_names', 'tool_descriptions'] as const;
const MAX_FIELD_CHARS = 32_768;
const WORDS = /[^\p{L}\p{N}]+|(?<=\p{Ll})(?=\p{Lu})/u;

export interface CatalogSource {
  readonly service_id: string;
  readonly name: string;
  readonly title: string | null;
  readonly description: string | null;
  readonly tags: readonly string[];
  readonly tools: readonly JsonObject[];
}

export function catalogEntry(source: CatalogSource): CatalogEntry {
  const textOf = (tool: JsonObject, ...members: readonly string[]): string =>
    members.map((member) => (typeof tool[member] === 'string' ? tool[member] : '')).join(' ');
  return {
    service_id: source.service_id,
    name: source.name,
    title: source.title ?? '',
    description: bounded(source.description ?? ''),
    tags: source.tags.join(' '),
    tool_names: bounded(source.tools.map((tool) => textOf(tool, 'name')).join(' ')),
    tool_descriptions: bounded(
      source.tools.map((tool) => textOf(tool, 'title', 'description')).join(' '),
    ),
  };
}

/** The search index: names, titles, descriptions, tags and tools; words match by prefix and with small mistakes. */
export class Catalog {
  private readonly entries = new Map<string, CatalogEntry>();
  private readonly index = new MiniSearch<CatalogEntry>({
    idField: 'service_id',
    fields: [...FIELDS],
    tokenize: (text) => text.split(WORDS).filter((word) => word !== ''),
    searchOptions: {
      boost: { name: 6, title: 3, tags: 3, tool_names: 3 },
      prefix: true,
      fuzzy: (term) => (term.length > 4 ? 0.2 : false),
      combineWith: 'AND',
    },
  });

  get size(): number {
    return this.entries.size;
  }

  /** Distinct words in the index; none are left when every entry is removed. */
  get words(): number {
    return this.index.termCount;
  }

  put(entry: CatalogEntry): void {
    const before = this.entries.get(entry.service_id);
    if (before !== undefined && FIELDS.every((field) => before[field] === entry[field])) return;
    // Why not `discard`: it leaves the words of the old text until a later sweep.
    if (before !== undefined) this.index.remove(before);
    this.index.add(entry);
    this.entries.set(entry.service_id, entry);
  }

  remove(serviceId: string): void {
    const entry = this.entries.get(serviceId);
    if (entry === undefined) return;
    this.index.remove(entry);
    this.entries.delete(serviceId);
  }

  /** Scores by service id; higher is better, absent does not match. */
  search(query: string): ReadonlyMap<string, number> {
    const scores = new Map<string, number>();
    for (const { id, score } of this.index.search(query.slice(0, 256))) {
      if (typeof id === 'string') scores.set(id, score);
    }
    return scores;
  }
}

function bounded(text: string): string {
  return text.length > MAX_FIELD_CHARS ? text.slice(0, MAX_FIELD_CHARS) : text;
}
