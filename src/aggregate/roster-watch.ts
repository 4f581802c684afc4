import type { Endpoint } from '../gateway/endpoint.js';
import { equalJson } from '../kernel/json.js';
import { LIST_KINDS, LISTS, type ListKind } from './member-lists.js';
import type { Outages } from './outages.js';
import type { Roster } from './roster.js';
import { lacks } from './source-lists.js';

interface Seen {
  readonly endpoint: Endpoint;
  readonly listed: boolean;
}

/** What clients were told last, so that they hear of what is different since. */
export class RosterWatch {
  private seen: ReadonlyMap<string, Seen>;

  constructor(
    private readonly roster: Roster,
    private readonly outages: Outages,
  ) {
    this.seen = this.look();
  }

  /** The `list_changed` methods of what changed since the last look. */
  changes(): Set<string> {
    const before = this.seen;
    const now = this.look();
    this.seen = now;
    const kinds = new Set<ListKind>();
    for (const [id, seen] of now) addAll(kinds, changesOf(before.get(id), seen));
    for (const [id, seen] of before) if (!now.has(id)) addAll(kinds, changesOf(seen, undefined));
    return new Set([...kinds].map((kind) => LISTS[kind].changed));
  }

  private look(): Map<string, Seen> {
    const { roster, outages } = this;
    return new Map(
      roster.all.map((endpoint) => [
        endpoint.serviceId,
        { endpoint, listed: outages.isListed(endpoint) },
      ]),
    );
  }
}

function changesOf(before: Seen | undefined, now: Seen | undefined): ListKind[] {
  const wasListed = before?.listed === true;
  const isListed = now?.listed === true;
  if (!wasListed && !isListed) return [];
  return LIST_KINDS.filter((kind) => {
    const had = wasListed && before !== undefined && !lacks(before.endpoint, kind);
    const has = isListed && now !== undefined && !lacks(now.endpoint, kind);
    if (had !== has) return true;
    if (!had || before === undefined || now === undefined) return false;
    return isOther(kind, before.endpoint, now.endpoint);
  });
}

/** What a member lists beside tools is not known without asking: that of another revision counts as another. */
function isOther(kind: ListKind, before: Endpoint, now: Endpoint): boolean {
  if (before === now) return false;
  if (before.serviceName !== now.serviceName) return true;
  if (kind !== 'tools') return before.source !== now.source;
  return !equalJson(before.tools, now.tools) || !equalJson(before.policy, now.policy);
}

function addAll<T>(set: Set<T>, items: Iterable<T>): void {
  for (const item of items) set.add(item);
}
