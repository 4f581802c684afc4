import { Injectable } from '@nestjs/common';
import { RecordStore, type CommitMeta, type StoredRecord } from '../storage/record-store.js';
import type { RouteDocument } from './route-claims.js';

/** Extra routes in the store: record kind `route`. Used by `RoutesService` alone. */
@Injectable()
export class RouteRepository {
  constructor(private readonly store: RecordStore) {}

  find(routeId: string): StoredRecord<RouteDocument> | undefined {
    return this.store.get<RouteDocument>('route', routeId);
  }

  list(): readonly StoredRecord<RouteDocument>[] {
    return this.store.list<RouteDocument>('route');
  }

  ofService(serviceId: string): RouteDocument[] {
    return this.list()
      .map((record) => record.doc)
      .filter((route) => route.service_id === serviceId);
  }

  async create(document: RouteDocument, meta: CommitMeta): Promise<void> {
    const change = {
      kind: 'route',
      id: document.route_id,
      op: 'put',
      doc: document,
      expect: null,
    } as const;
    await this.store.commit([change], meta);
  }

  async remove(record: StoredRecord<RouteDocument>, meta: CommitMeta): Promise<void> {
    const change = { kind: 'route', id: record.id, op: 'delete', expect: record.version } as const;
    await this.store.commit([change], meta);
  }

  /** Removes every route of a service in one commit; nothing is committed when there is none. */
  async removeOfService(serviceId: string, meta: CommitMeta): Promise<number> {
    const changes = this.list()
      .filter((record) => record.doc.service_id === serviceId)
      .map((record) => ({ kind: 'route', id: record.id, op: 'delete' }) as const);
    if (changes.length > 0) await this.store.commit(changes, meta);
    return changes.length;
  }
}
