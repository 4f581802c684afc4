import { describe, expect, it } from '@jest/globals';
import {
  BACKUP_KINDS,
  decodeLost,
  decodeManifest,
  decodeRecord,
  encodeMember,
  encodeRecord,
  isBackupMember,
  memberOf,
  recordOfMember,
  type BackupManifest,
} from './backup-document.js';

const ID = '00000000-0000-4000-8000-000000000001';
const counts = Object.fromEntries(BACKUP_KINDS.map((kind) => [kind, 0]));
const MANIFEST = {
  format: 'switchyard-backup',
  schema_version: '1.0',
  product_version: '0.1.0',
  backup_id: 'x',
  origin: 'on_demand',
  created_at: '2026-01-01T00:00:00.000Z',
  store_revision: 3,
  counts,
} as unknown as BackupManifest;

describe('the name of a member', () => {
  it('is the place of its record', () => {
    expect(memberOf('revision', `${ID}/3`)).toBe(`records/revision/${ID}/3.json`);
    expect(recordOfMember(`records/revision/${ID}/3.json`)).toEqual({
      kind: 'revision',
      id: `${ID}/3`,
    });
  });

  it.each([
    'records/service/../x.json',
    '/records/service/x.json',
    `records/service/${ID}.json/`,
    `records/revision/${ID}.json`,
    `records/service/${ID}/3.json`,
    'records/service/index.json',
    'records/service_status/x.json',
    'records/idempotency/x.json',
    'records/service/X.json',
    'records/service/a//b.json',
    './manifest.json',
    'manifest.json\0',
    'keys/session.json',
  ])('is not %j', (name) => {
    expect(isBackupMember(name)).toBe(false);
  });
});

describe('a record', () => {
  it('has the same bytes whatever the order of its keys, and is read again', () => {
    const name = memberOf('service', ID);
    const record = {
      kind: 'service',
      id: ID,
      doc: { schema_version: '1.1', a: { d: 1, c: [] } },
    } as const;
    const other = { ...record, doc: { a: { c: [], d: 1 }, schema_version: '1.1' } };
    expect(encodeRecord({ ...other, doc: { ...other.doc } })).toEqual(
      encodeRecord({ ...record, doc: { ...record.doc, a: { d: 1, c: [] } } }),
    );
    expect(decodeRecord(name, encodeRecord({ ...other }))).toEqual({ state: 'read', value: other });
  });

  it.each<[unknown, 'damaged' | 'newer']>([
    [{ schema_version: '1.0', kind: 'service', id: 'other', doc: {} }, 'damaged'],
    [{ schema_version: '1.0', kind: 'route', id: ID, doc: {} }, 'damaged'],
    [{ schema_version: '1.0', kind: 'service', id: ID, doc: [] }, 'damaged'],
    [{ kind: 'service', id: ID, doc: {} }, 'damaged'],
    [[], 'damaged'],
    [{ schema_version: '2.0', kind: 'service', id: ID, doc: {} }, 'newer'],
    [{ schema_version: '1.0', kind: 'service', id: ID, doc: { schema_version: '2.1' } }, 'newer'],
  ])('is not %j: %s', (value, state) => {
    expect(decodeRecord(memberOf('service', ID), encodeMember(value)).state).toBe(state);
  });

  it('comes back in the form of today, whichever version made the backup', () => {
    const doc = { schema_version: '1.0', effective: {} };
    const found = decodeRecord(
      memberOf('service', ID),
      encodeRecord({ kind: 'service', id: ID, doc }),
    );
    expect(found).toMatchObject({ value: { doc: { schema_version: '1.1' } } });
  });

  it('is none when it is nested deeper than anything could walk', () => {
    const deep = `${'{"x":'.repeat(9000)}1${'}'.repeat(9000)}`;
    const text = `{"doc":${deep},"id":"${ID}","kind":"service","schema_version":"1.0"}`;
    expect(decodeRecord(memberOf('service', ID), Buffer.from(text)).state).toBe('damaged');
  });

  it('is not what is no text', () => {
    const found = decodeRecord(memberOf('service', ID), Buffer.from([0xff, 0x7b, 0x7d]));
    expect(found.state).toBe('damaged');
  });
});

describe('the manifest', () => {
  it('is read, that of a newer minor too', () => {
    expect(decodeManifest(encodeMember(MANIFEST))).toMatchObject({ state: 'read' });
    const newer = { ...MANIFEST, schema_version: '1.7', more: true };
    expect(decodeManifest(encodeMember(newer))).toMatchObject({ state: 'read' });
    expect(decodeManifest(encodeMember({ ...MANIFEST, schema_version: '2.0' })).state).toBe(
      'newer',
    );
  });

  it.each(['format', 'backup_id', 'store_revision', 'counts', 'created_at'])(
    'is not one without %s',
    (member) => {
      const found = decodeManifest(encodeMember({ ...MANIFEST, [member]: null }));
      expect(found.state).toBe('damaged');
    },
  );
});

describe('the list of what was lost', () => {
  it.each<[unknown, string]>([
    [{ schema_version: '1.0', records: [] }, 'read'],
    [{ schema_version: '1.0', records: [{ kind: 'revision', id: 'x' }] }, 'read'],
    [{ schema_version: '1.0', records: [{ kind: 'key', id: 'x' }] }, 'damaged'],
    [{ schema_version: '1.0' }, 'damaged'],
  ])('%j is %s', (value, state) => {
    expect(decodeLost(encodeMember(value)).state).toBe(state);
  });
});
