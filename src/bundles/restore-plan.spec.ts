import { describe, expect, it } from '@jest/globals';
import { serviceDocument } from '../../test/support/service-fixture.js';
import type { JsonObject } from '../kernel/json.js';
import type { RevisionDocument, ServiceDocument } from '../registry/service.js';
import type { PreparedSpec } from '../registry/prepared-spec.js';
import type { RecordKind, StoredRecord } from '../storage/record-store.js';
import {
  isAsWanted,
  planHistory,
  planServices,
  targetsOf,
  type PresentState,
} from './restore-plan.js';
import { planRecords, planTemplates } from './restore-records.js';
import type { RestoreSet } from './restore-set.js';

const uuid = (number: number): string =>
  `00000000-0000-4000-8000-${String(number).padStart(12, '0')}`;

function service(number: number, name: string, more: Partial<ServiceDocument> = {}) {
  return serviceDocument(name, { service_id: uuid(number), ...more });
}

function setOf(over: Partial<RestoreSet>): RestoreSet {
  return {
    services: new Map(),
    revisions: new Map(),
    templates: new Map(),
    templateRevisions: [],
    routes: new Map(),
    approvals: new Map(),
    archives: new Map(),
    ...over,
  };
}

const byId = (...services: ServiceDocument[]): Map<string, ServiceDocument> =>
  new Map(services.map((one) => [one.service_id, one]));

interface Stored {
  readonly kind: RecordKind;
  readonly id: string;
  readonly doc: JsonObject;
}

function presentOf(services: readonly ServiceDocument[], ...stored: Stored[]): PresentState {
  const records = stored.map((one, index): StoredRecord => ({ ...one, version: index + 1 }));
  return {
    services,
    isArchived: (id) => records.some((one) => one.kind === 'archive' && one.id === id),
    hasHistory: (id) => services.some((one) => one.service_id === id),
    get: (kind, id) => records.find((one) => one.kind === kind && one.id === id),
    list: (kind) => records.filter((one) => one.kind === kind),
  };
}

const prepare = (doc: ServiceDocument): PreparedSpec => ({
  spec: doc.spec,
  effective: doc.effective,
  command_file: null,
  provenance: {},
});

const ALL = { keepOthers: false, unfit: new Map<string, string>() };

describe('whom a service of the backup is taken for', () => {
  it('is the one of its id, else one of its name that the backup does not have', () => {
    const set = setOf({ services: byId(service(1, 'a'), service(2, 'b'), service(3, 'c')) });
    const targets = targetsOf(set, [service(1, 'renamed'), service(3, 'b'), service(9, 'c')]);
    const found = [...targets].map(([id, one]) => [id, one.stored.service_id, one.isNamesake]);
    expect(found).toEqual([
      [uuid(1), uuid(1), false],
      [uuid(3), uuid(3), false],
    ]);
    const other = targetsOf(setOf({ services: byId(service(1, 'a')) }), [service(9, 'a')]);
    expect(other.get(uuid(1))).toMatchObject({ isNamesake: true });
  });
});

describe('isAsWanted', () => {
  it.each<[string, Partial<ServiceDocument>, Partial<ServiceDocument>, boolean]>([
    ['the same', {}, {}, true],
    ['of another revision and generation', { revision: 4, generation: 9 }, {}, true],
    ['with a candidate', { candidate: 2 }, {}, false],
    ['with another state', { desired: 'inactive' }, {}, false],
    ['with former names', { former_names: ['x'] }, {}, false],
    [
      'never started, as a draft is not served either',
      { desired: 'draft' },
      { desired: 'inactive' },
      true,
    ],
  ])('of a service that is %s', (_, now, wanted, answer) => {
    expect(isAsWanted(service(1, 'a', wanted), service(1, 'a', now))).toBe(answer);
  });
});

describe('planServices', () => {
  it('creates, updates, brings back and archives', () => {
    const wanted = [service(1, 'a'), service(2, 'b'), service(3, 'c'), service(4, 'd')];
    const set = setOf({ services: byId(...wanted) });
    const now = [service(1, 'a'), service(2, 'b', { desired: 'inactive' }), service(8, 'new')];
    const archived: Stored = { kind: 'archive', id: uuid(4), doc: {} };
    const prepared = new Map(wanted.map((one) => [one.service_id, prepare(one)]));
    const { items, changes } = planServices(set, presentOf(now, archived), prepared, ALL);
    expect(items.map(({ name, action }) => [name, action])).toEqual([
      ['a', 'unchanged'],
      ['b', 'update'],
      ['c', 'create'],
      ['d', 'restore'],
      ['new', 'archive'],
    ]);
    expect(changes).toMatchObject([
      { op: 'update', service_id: uuid(2), desired: 'active', allow_breaking: true },
      { op: 'create', service_id: uuid(3), desired: 'active', revision: 1 },
      { op: 'create', service_id: uuid(4), desired: 'active' },
      { op: 'desire', service_id: uuid(8), desired: 'archived' },
    ]);
  });

  it('leaves out what does not fit, and does not archive it for that', () => {
    const set = setOf({ services: byId(service(1, 'a', { desired: 'inactive' })) });
    const scope = { keepOthers: false, unfit: new Map([[uuid(1), 'no command']]) };
    const { items, changes } = planServices(set, presentOf([service(1, 'a')]), new Map(), scope);
    expect(items).toMatchObject([{ action: 'skip', detail: 'no command' }]);
    expect(changes).toEqual([]);
  });
});

describe('planTemplates', () => {
  const doc = (revision: number) => ({
    schema_version: '1.0',
    template_id: 'team',
    revision,
    title: 'Team',
    description: '',
    extends: null,
    config: {},
    overlays: {},
  });

  it('makes the revision of the backup the newest again, and loses none', () => {
    const set = setOf({ templates: new Map([['team', doc(2)]]), templateRevisions: [doc(1)] });
    const present = presentOf(
      [],
      { kind: 'template', id: 'team', doc: doc(3) },
      { kind: 'template_revision', id: 'team/2', doc: doc(2) },
    );
    const { items, extra } = planTemplates(set, present, ALL);
    expect(items).toMatchObject([{ id: 'team', action: 'update' }]);
    expect(extra).toEqual([
      { kind: 'template', id: 'team', op: 'put', doc: doc(2), expect: 1 },
      { kind: 'template_revision', id: 'team/1', op: 'put', doc: doc(1) },
      { kind: 'template_revision', id: 'team/3', op: 'put', doc: doc(3) },
      { kind: 'template_revision', id: 'team/2', op: 'delete' },
    ]);
  });

  it('removes one that the backup does not have, and keeps it readable by its number', () => {
    const present = presentOf([], { kind: 'template', id: 'team', doc: doc(3) });
    expect(planTemplates(setOf({}), present, ALL).extra).toEqual([
      { kind: 'template', id: 'team', op: 'delete', expect: 1 },
      { kind: 'template_revision', id: 'team/3', op: 'put', doc: doc(3) },
    ]);
    const kept = planTemplates(setOf({}), present, { ...ALL, keepOthers: true });
    expect(kept).toMatchObject({ items: [{ action: 'keep' }], extra: [] });
  });

  it('changes nothing that is as it was', () => {
    const set = setOf({ templates: new Map([['team', doc(2)]]) });
    const present = presentOf([], { kind: 'template', id: 'team', doc: doc(2) });
    expect(planTemplates(set, present, ALL)).toMatchObject({
      items: [{ action: 'unchanged' }],
      extra: [],
    });
  });
});

describe('planRecords', () => {
  it('brings approvals back only for the revision they are of', () => {
    const approval = (number: number): JsonObject => ({ service_id: uuid(number), revision: 1 });
    const wanted = [service(1, 'a'), service(2, 'b'), service(3, 'c')];
    const set = setOf({
      services: byId(...wanted),
      approvals: new Map([1, 2, 3].map((number) => [uuid(number), approval(number)])),
    });
    const changed = service(2, 'b');
    const other = { ...changed, spec: { ...changed.spec, version: '9.9.9' } };
    const { items, extra } = planRecords(set, presentOf([service(1, 'a'), other]), ALL);
    expect(items.map(({ name, action }) => [name, action])).toEqual([
      ['a', 'create'],
      ['b', 'skip'],
      ['c', 'create'],
    ]);
    expect(extra.map(({ id }) => id)).toEqual([uuid(1), uuid(3)]);
  });

  it('leads the routes of a service to the one that it is taken for', () => {
    const route = {
      schema_version: '1.0',
      route_id: 'r1',
      service_id: uuid(1),
      path: '/mcp/a/x',
      priority: 0,
      version: null,
      description: null,
      created_at: '',
      actor: 'alice',
    };
    const set = setOf({ services: byId(service(1, 'a')), routes: new Map([['r1', route]]) });
    const present = presentOf([service(9, 'a')], { kind: 'route', id: 'r2', doc: {} });
    expect(planRecords(set, present, ALL).extra).toEqual([
      { kind: 'route', id: 'r1', op: 'put', doc: { ...route, service_id: uuid(9) }, expect: null },
      { kind: 'route', id: 'r2', op: 'delete', expect: 1 },
    ]);
  });
});

describe('planHistory', () => {
  const revision = (number: number, outcome: RevisionDocument['outcome'] = 'superseded') =>
    ({
      service_id: uuid(1),
      revision: number,
      outcome,
      created_at: `2026-01-0${number}`,
    }) as RevisionDocument;
  const set = setOf({
    revisions: new Map([
      [uuid(1), [revision(1), revision(2), revision(3), revision(4, 'candidate')]],
    ]),
  });
  const create = {
    op: 'create',
    service_id: uuid(1),
    prepared: prepare(service(1, 'a')),
    desired: 'active',
    revision: 3,
  } as const;

  it('takes all but what the batch writes itself; a candidate becomes a draft', () => {
    const { extra, leftOut } = planHistory(set, presentOf([]), [create]);
    expect(extra.map(({ id }) => id)).toEqual([4, 2, 1].map((number) => `${uuid(1)}/${number}`));
    expect(extra[0]?.doc).toMatchObject({ outcome: 'draft' });
    expect(leftOut).toBe(0);
  });

  it('takes the newest when there are too many, and none where there is a history', () => {
    const { extra, leftOut } = planHistory(set, presentOf([]), [create], 250);
    expect([extra.length, leftOut]).toEqual([2, 1]);
    expect(planHistory(set, presentOf([service(1, 'a')]), [create]).extra).toEqual([]);
  });
});
