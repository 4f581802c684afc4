import type { HealthRecord, ServiceState } from '../lifecycle/service-status.js';
import { simpleStatus } from '../lifecycle/service-status.js';
import type { ServiceDocument } from '../registry/service.js';
import { compareKeys, pageOf, type Page, type PageKey, type PageOrder } from '../routes/page.js';

/** What a list can be narrowed and ordered by; absent members do not narrow. */
export interface ServiceQuery {
  readonly type?: string;
  readonly status?: string;
  readonly state?: string;
  readonly health?: string;
  readonly tag?: string;
  readonly hosting_mode?: string;
  readonly owner?: string;
  readonly script_id?: string;
  readonly q?: string;
  readonly sort?: string;
  readonly limit?: number;
  readonly cursor?: string;
}

/** What is observed of a service, read only where a filter asks for it. */
export interface ObservedFacts {
  stateOf(serviceId: string): ServiceState;
  healthOf(serviceId: string): HealthRecord['level'];
}

const DEFAULT_LIMIT = 50;

export function fitsQuery(
  { service_id, spec }: ServiceDocument,
  query: ServiceQuery,
  facts: ObservedFacts,
): boolean {
  const is = (wanted: string | undefined, value: string | null): boolean =>
    wanted === undefined || wanted === value;
  return (
    is(query.type, spec.type) &&
    is(query.hosting_mode, spec.hosting_mode) &&
    is(query.owner, spec.owner) &&
    is(query.script_id, spec.script_id) &&
    (query.tag === undefined || spec.tags.includes(query.tag)) &&
    (query.state === undefined || facts.stateOf(service_id) === query.state) &&
    (query.status === undefined || simpleStatus(facts.stateOf(service_id)) === query.status) &&
    (query.health === undefined || facts.healthOf(service_id) === query.health)
  );
}

/** One page of `documents` in the order asked for; `scores` order a search by relevance. `null`: the cursor is not ours. */
export function servicePage(
  documents: readonly ServiceDocument[],
  query: ServiceQuery,
  scores: ReadonlyMap<string, number> | null,
): Page<ServiceDocument> | null {
  const order = orderOf(query, scores !== null);
  const keyOf = (document: ServiceDocument): PageKey => [
    sortValue(document, order.name, scores),
    document.service_id,
  ];
  const sorted = [...documents].sort((left, right) => {
    return compareKeys(keyOf(left), keyOf(right), order.descending);
  });
  return pageOf(sorted, keyOf, order, query.limit ?? DEFAULT_LIMIT, query.cursor ?? null);
}

function orderOf({ sort }: ServiceQuery, isSearch: boolean): PageOrder {
  if (sort === undefined) return { name: isSearch ? 'relevance' : 'name', descending: isSearch };
  const descending = sort.startsWith('-');
  return { name: descending ? sort.slice(1) : sort, descending };
}

function sortValue(
  document: ServiceDocument,
  field: string,
  scores: ReadonlyMap<string, number> | null,
): string {
  switch (field) {
    case 'created_at':
      return document.created_at;
    case 'updated_at':
      return document.updated_at;
    case 'relevance':
      return String(Math.round((scores?.get(document.service_id) ?? 0) * 1_000)).padStart(12, '0');
    default:
      return document.spec.name;
  }
}
