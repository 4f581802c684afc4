import { describe, expect, it } from '@jest/globals';
import { gzipSync } from 'node:zlib';
import { packTar } from 'modern-tar';
import { sha256Hex } from '../kernel/ids.js';
import { renderSums } from './archive-sums.js';
import { BackupFault, checkBackup, readManifest, type BackupFiles } from './backup-check.js';
import { BACKUP_KINDS, encodeMember, encodeRecord, memberOf } from './backup-document.js';

const ID = '00000000-0000-4000-8000-000000000001';
const FILE = 'x.tar.gz';
const RECORD = memberOf('service', ID);

type Members = [string, Uint8Array][];

function members(over: { counts?: object; lost?: object[] } = {}): Members {
  const counts = Object.fromEntries(BACKUP_KINDS.map((kind) => [kind, kind === 'service' ? 1 : 0]));
  const manifest = {
    format: 'switchyard-backup',
    schema_version: '1.0',
    product_version: '0.1.0',
    backup_id: 'x',
    origin: 'on_demand',
    created_at: '2026-01-01T00:00:00.000Z',
    store_revision: 3,
    counts: { ...counts, ...over.counts },
  };
  const lost = { schema_version: '1.0', records: over.lost ?? [] };
  return [
    ['manifest.json', encodeMember(manifest)],
    [RECORD, encodeRecord({ kind: 'service', id: ID, doc: { schema_version: '1.0' } })],
    ['lost-records.json', encodeMember(lost)],
  ];
}

function withSums(list: Members): Members {
  const sums = new Map(list.map(([name, content]) => [name, sha256Hex(content)]));
  return [...list, ['SHA256SUMS', Buffer.from(renderSums(sums))]];
}

/** An archive of these members, whose own sum is right. */
async function filesOf(list: Members): Promise<BackupFiles> {
  const entries = list.map(([name, body]) => ({ header: { name, size: body.length }, body }));
  const content = gzipSync(await packTar(entries));
  const sidecar = Buffer.from(renderSums(new Map([[FILE, sha256Hex(content)]])));
  return { file: FILE, content, sidecar };
}

async function faultOf(work: Promise<unknown>): Promise<string> {
  try {
    await work;
  } catch (error) {
    if (error instanceof BackupFault) return error.kind;
    throw error;
  }
  return 'none';
}

describe('checkBackup', () => {
  it('answers the manifest, what was lost and the records with their sums', async () => {
    const list = members();
    const checked = await checkBackup(await filesOf(withSums(list)));
    expect(checked.manifest).toMatchObject({ store_revision: 3 });
    expect(checked.lost).toEqual([]);
    expect(checked.sums).toEqual(new Map([[RECORD, sha256Hex(list[1]?.[1] ?? '')]]));
  });

  it('counts what was lost', async () => {
    const lost = [{ kind: 'revision', id: `${ID}/1` }];
    const list = members({ counts: { revision: 1 }, lost });
    expect(await faultOf(checkBackup(await filesOf(withSums(list))))).toBe('none');
  });

  it('looks at nothing before the sum beside the archive', async () => {
    const files = await filesOf(withSums(members()));
    const kept: string[] = [];
    const keep = ({ name }: { name: string }): Promise<void> => {
      kept.push(name);
      return Promise.resolve();
    };
    for (const sidecar of [null, Buffer.from('x'), Buffer.alloc(0)]) {
      expect(await faultOf(checkBackup({ ...files, sidecar }, keep))).toBe('damaged');
    }
    expect(await faultOf(checkBackup({ ...files, file: 'y.tar.gz' }, keep))).toBe('damaged');
    expect(kept).toEqual([]);
  });

  it.each<[string, () => Members]>([
    ['a member was changed', () => changed(withSums(members()))],
    ['a member is missing', () => withSums(members()).filter(([name]) => name !== RECORD)],
    ['the sums are missing', () => members()],
    ['the manifest is missing', () => withSums(members().slice(1))],
    ['the manifest is not first', () => withSums(members()).reverse()],
    ['something comes after the sums', () => [...withSums(members()), extra()]],
    ['a member has no sum', () => [...members(), extra(), ...withSums(members()).slice(-1)]],
    ['the manifest counts others', () => withSums(members({ counts: { route: 1 } }))],
    ['a record is at the wrong place', () => withSums(misplaced())],
    ['a record is no JSON', () => withSums([...members(), [memberOf('route', 'r1'), bytes('{')]])],
  ])('refuses a backup of which %s', async (_, list) => {
    expect(await faultOf(checkBackup(await filesOf(list())))).toBe('damaged');
  });

  it('refuses what a newer version wrote, and says so', async () => {
    const [manifest, , lost] = members();
    const doc = { schema_version: '2.0' };
    const record = encodeRecord({ kind: 'service', id: ID, doc });
    const list = [manifest, [RECORD, record], lost] as Members;
    expect(await faultOf(checkBackup(await filesOf(withSums(list))))).toBe('newer');
  });

  it('refuses any bit turned in any member, whatever the sum beside it says', async () => {
    const whole = withSums(members());
    for (const [index, [name, content]] of whole.entries()) {
      for (let round = 0; round < 25; round += 1) {
        const at = (round * 7919 + index * 104_729) % (content.length * 8);
        const damaged = Buffer.from(content);
        damaged[at >> 3] = (damaged[at >> 3] ?? 0) ^ (1 << (at & 7));
        const list = whole.map((one, place): [string, Uint8Array] =>
          place === index ? [name, damaged] : one,
        );
        expect(await faultOf(checkBackup(await filesOf(list)))).not.toBe('none');
      }
    }
  });
});

describe('readManifest', () => {
  it('reads the first member alone', async () => {
    const { content } = await filesOf(changed(withSums(members())));
    expect(await readManifest(content)).toMatchObject({ backup_id: 'x' });
    const other = await filesOf(members().slice(1));
    expect(await faultOf(readManifest(other.content))).toBe('damaged');
    expect(await faultOf(readManifest(Buffer.from('x')))).toBe('damaged');
  });
});

function bytes(text: string): Uint8Array {
  return Buffer.from(text);
}

function extra(): [string, Uint8Array] {
  const doc = { schema_version: '1.0' };
  return [memberOf('route', 'r1'), encodeRecord({ kind: 'route', id: 'r1', doc })];
}

function changed(list: Members): Members {
  const other = encodeRecord({ kind: 'service', id: ID, doc: { schema_version: '1.0', a: 1 } });
  return list.map(([name, content]) => [name, name === RECORD ? other : content]);
}

function misplaced(): Members {
  return members().map(([name, content]) => [
    name === RECORD ? memberOf('service', ID.replace('1', '2')) : name,
    content,
  ]);
}
