import { matchesPattern } from '../auth/principal.js';
import type { Endpoint } from '../gateway/endpoint.js';
import type { Items } from './list-shelf.js';
import { partsOf } from './member-name.js';
import type { MemberSession } from './member-session.js';
import type { ListKind } from './member-lists.js';
import { namedPrompts, namedTools, type NamedItem, type NamedItems } from './named-items.js';
import type { Outages } from './outages.js';
import type { Roster } from './roster.js';
import { lacks, type SourceLists } from './source-lists.js';

/** How long a list waits for slow members before it goes without them, or with what they listed before. */
export const LIST_WAIT_MS = 3_000;

/** Where a name of the aggregate leads. */
export interface Target {
  readonly endpoint: Endpoint;
  /** The name at the member. */
  readonly own: string;
}

export interface CatalogueParts {
  readonly roster: Roster;
  readonly lists: SourceLists;
  readonly outages: Outages;
  /** The client's session with a member, where it has one. */
  readonly sessionOf: (serviceId: string) => MemberSession | null;
}

/** What one client sees of its members together. Members come in the order of their names, items in their own order. */
export class Catalogue {
  constructor(private readonly parts: CatalogueParts) {}

  async tools(): Promise<NamedItem[]> {
    return (await this.named('tools', namedTools)).flatMap(({ list }) => list);
  }

  async prompts(): Promise<NamedItem[]> {
    return (await this.named('prompts', namedPrompts)).flatMap(({ list }) => list);
  }

  /** As JSON. Of members that list the same, the first one counts. */
  async resources(kind: 'resources' | 'templates'): Promise<string[]> {
    const seen = new Map<string, string>();
    for (const { items } of await this.listed(kind)) {
      for (const item of items) {
        const uri = kind === 'resources' ? item.uri : item.uriTemplate;
        if (typeof uri === 'string' && !seen.has(uri)) seen.set(uri, JSON.stringify(item));
      }
    }
    return [...seen.values()];
  }

  /** Where a tool is; a name that nobody lists is believed to be new at the service it names. */
  tool(name: string): Target | null {
    return this.find(name, (endpoint) => {
      const items = this.peek(endpoint, 'tools');
      return items === null ? null : namedTools(endpoint, items);
    });
  }

  async prompt(name: string): Promise<Target | null> {
    const plain = partsOf(name);
    // Only a name that was cut or mended needs the lists.
    if (plain === null || this.parts.roster.byName(plain.service) === null) {
      await this.listed('prompts');
    }
    return this.find(name, (endpoint) => {
      const items = this.peek(endpoint, 'prompts');
      return items === null ? null : namedPrompts(endpoint, items);
    });
  }

  /** Whose resource it is: the first member that lists it, else the one with the closest template; `null` = nobody's. */
  async owner(uri: string): Promise<Endpoint | null> {
    for (const { endpoint, items } of await this.listed('resources')) {
      if (items.some((item) => item.uri === uri)) return endpoint;
    }
    let best: { readonly endpoint: Endpoint; readonly weight: number } | null = null;
    for (const { endpoint, items } of await this.listed('templates')) {
      for (const { uriTemplate } of items) {
        if (typeof uriTemplate !== 'string') continue;
        const weight = fitOf(uriTemplate, uri);
        if (weight > (best?.weight ?? 0)) best = { endpoint, weight };
      }
    }
    return best?.endpoint ?? null;
  }

  private find(name: string, lists: (endpoint: Endpoint) => NamedItems | null): Target | null {
    const { roster } = this.parts;
    const plain = partsOf(name);
    const named = plain === null ? null : roster.byName(plain.service);
    const known = named === null ? undefined : lists(named)?.byName.get(name)?.own;
    if (named !== null && known !== undefined) return { endpoint: named, own: known };
    // Also where the service is there: what was cut of a longer name may read like the name of another one.
    for (const endpoint of roster.all) {
      const own = lists(endpoint)?.byName.get(name)?.own;
      if (own !== undefined) return { endpoint, own };
    }
    return plain === null || named === null ? null : { endpoint: named, own: plain.name };
  }

  private async named(
    kind: ListKind,
    name: (endpoint: Endpoint, items: Items) => NamedItems,
  ): Promise<NamedItems[]> {
    const listed = await this.listed(kind);
    return listed.map(({ endpoint, items }) => name(endpoint, items));
  }

  /** All members at once, each with its own time: one that is slow or down takes nothing from the others. */
  private async listed(kind: ListKind): Promise<{ endpoint: Endpoint; items: Items }[]> {
    const { roster, outages } = this.parts;
    const shown = roster.all.filter((endpoint) => outages.isListed(endpoint));
    const lists = await Promise.all(shown.map((endpoint) => this.ask(endpoint, kind)));
    return shown.flatMap((endpoint, at) => {
      const items = lists[at] ?? null;
      return items === null ? [] : [{ endpoint, items }];
    });
  }

  /** A member lists to a client that it knows what it lists to that client: the session is asked first. */
  private async ask(endpoint: Endpoint, kind: ListKind): Promise<Items | null> {
    const { lists, sessionOf } = this.parts;
    const session = sessionOf(endpoint.serviceId);
    if (session === null || session.ready(endpoint) === null) {
      return lists.ask(endpoint, kind, LIST_WAIT_MS);
    }
    if (lacks(endpoint, kind)) return [];
    return (await session.shelf.ask(kind, LIST_WAIT_MS)) ?? lists.peek(endpoint, kind);
  }

  private peek(endpoint: Endpoint, kind: ListKind): Items | null {
    const { lists, sessionOf } = this.parts;
    return sessionOf(endpoint.serviceId)?.shelf.peek(kind) ?? lists.peek(endpoint, kind);
  }
}

/** How many characters of the URI template are in `uri` as they stand; 0 = it does not fit. */
function fitOf(template: string, uri: string): number {
  const pattern = template.replaceAll('*', '').replace(/\{[^{}]*\}/g, '*');
  if (pattern === template) return pattern === uri ? pattern.length : 0;
  return matchesPattern(pattern, uri) ? pattern.replaceAll('*', '').length : 0;
}
