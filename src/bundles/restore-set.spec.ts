import { describe, expect, it } from '@jest/globals';
import type { JsonObject } from '../kernel/json.js';
import type { FieldError } from '../kernel/problem.js';
import type { BackupKind, BackupRecord } from './backup-document.js';
import { assembleSet } from './restore-set.js';

const ID = '00000000-0000-4000-8000-000000000001';
const OTHER = '00000000-0000-4000-8000-000000000002';

function service(id: string, name: string, more: JsonObject = {}): JsonObject {
  return {
    schema_version: '1.0',
    service_id: id,
    spec: { name },
    effective: {},
    revision: 1,
    desired: 'active',
    former_names: [],
    updated_at: '2026-01-01T00:00:00.000Z',
    ...more,
  };
}

const record = (kind: BackupKind, id: string, doc: JsonObject): BackupRecord => ({ kind, id, doc });
const template = { template_id: 'team', revision: 2, extends: null, config: {}, overlays: {} };
const route = { route_id: 'r1', service_id: ID, path: '/mcp/a/b', priority: 0 };

function assembled(...records: BackupRecord[]) {
  const faults: FieldError[] = [];
  return { set: assembleSet(records, faults), faults };
}

describe('assembleSet', () => {
  it('sorts the records by what they are', () => {
    const { set, faults } = assembled(
      record('service', ID, service(ID, 'a')),
      record('revision', `${ID}/2`, { service_id: ID, revision: 2, spec: {}, effective: {} }),
      record('revision', `${ID}/1`, { service_id: ID, revision: 1, spec: {}, effective: {} }),
      record('template', 'team', template),
      record('template_revision', 'team/2', template),
      record('route', 'r1', route),
      record('approval', ID, { service_id: ID }),
      record('archive', OTHER, { service: service(OTHER, 'b') }),
    );
    expect(faults).toEqual([]);
    expect([...set.services.keys(), ...set.archives.keys()]).toEqual([ID, OTHER]);
    expect(set.revisions.get(ID)?.map(({ revision }) => revision)).toEqual([2, 1]);
    expect([set.templates.size, set.templateRevisions.length]).toEqual([1, 1]);
    expect([set.routes.size, set.approvals.size]).toEqual([1, 1]);
  });

  it('takes a service that was being deleted for one in the archive', () => {
    const { set } = assembled(record('service', ID, service(ID, 'a', { desired: 'archived' })));
    expect(set.services.size).toBe(0);
    expect(set.archives.get(ID)).toMatchObject({
      service: { service_id: ID },
      deleted_at: '2026-01-01T00:00:00.000Z',
    });
  });

  it.each<[BackupKind, string, JsonObject]>([
    ['service', ID, service(OTHER, 'a')],
    ['service', ID, service(ID, 'a', { spec: null })],
    ['service', ID, service(ID, 'a', { desired: 'gone' })],
    ['service', ID, service(ID, 'a', { former_names: [1] })],
    ['revision', `${ID}/2`, { service_id: ID, revision: 1, spec: {}, effective: {} }],
    ['revision', `${ID}/2`, { service_id: ID, revision: 2, spec: {} }],
    ['template', 'team', { ...template, template_id: 'other' }],
    ['template', 'team', { ...template, config: [] }],
    ['template_revision', 'team/1', template],
    ['route', 'r1', { ...route, path: '/api/v1' }],
    ['route', 'r2', route],
    ['route', 'r1', { ...route, priority: 'high' }],
    ['archive', ID, { service: service(OTHER, 'a') }],
    ['archive', ID, {}],
  ])('names what is no %s %s', (kind, id, doc) => {
    const { faults } = assembled(record(kind, id, doc));
    expect(faults.map(({ pointer }) => pointer)).toEqual([`/records/${kind}/${id}`]);
  });

  it('names services of one name, and those that are archived as well', () => {
    const twice = assembled(
      record('service', ID, service(ID, 'a')),
      record('service', OTHER, service(OTHER, 'b', { former_names: ['a'] })),
      record('archive', ID, { service: service(ID, 'a') }),
    );
    expect(twice.faults.map(({ pointer }) => pointer)).toEqual([
      `/records/archive/${ID}`,
      `/records/service/${OTHER}`,
    ]);
  });
});
