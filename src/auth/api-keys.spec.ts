import { describe, expect, it } from '@jest/globals';
import { sha256Hex } from '../kernel/ids.js';
import { Random, SystemRandom } from '../kernel/random.js';
import { createApiKey, KeyFileError, parseApiKeys, readList, repeated } from './api-keys.js';

const bytes = (value: unknown): Buffer => Buffer.from(JSON.stringify(value));
const entry = { id: 'ci', sha256: sha256Hex('secret'), scopes: ['read'] };
const file = (...keys: unknown[]): Buffer => bytes({ keys });

function faultsOf(read: () => unknown): readonly string[] {
  try {
    read();
  } catch (error) {
    if (error instanceof KeyFileError) return error.faults;
    throw error;
  }
  return [];
}

describe('parseApiKeys', () => {
  it('reads a key, which by default sees every service and never expires', () => {
    const [key] = parseApiKeys(file(entry));
    expect(key?.principal).toEqual({
      id: 'ci',
      kind: 'key',
      scopes: new Set(['read']),
      services: null,
    });
    expect(key?.digest.toString('hex')).toBe(entry.sha256);
    expect(key?.expiresAtMs).toBeNull();
  });

  it('reads patterns of services and the time of expiry, offset included', () => {
    const [key] = parseApiKeys(
      file({ ...entry, services: ['geo-*'], expires_at: '2026-01-01T02:00:00.5+02:00' }),
    );
    expect(key?.principal.services).toEqual(['geo-*']);
    expect(key?.expiresAtMs).toBe(Date.UTC(2026, 0, 1) + 500);
  });

  it('takes an empty list of services as none, not as all', () => {
    expect(parseApiKeys(file({ ...entry, services: [] }))[0]?.principal.services).toEqual([]);
  });

  it('reads a file without keys, with which nobody may enter', () => {
    expect(parseApiKeys(file())).toEqual([]);
  });

  it.each<[string, Buffer]>([
    ['The file is not JSON', Buffer.from('{')],
    ['The file is not JSON', Buffer.from('')],
    ['The file is not an object with an array "keys"', bytes([])],
    ['The file is not an object with an array "keys"', bytes(null)],
    ['The file is not an object with an array "keys"', bytes({})],
    ['The file is not an object with an array "keys"', bytes({ keys: {} })],
    ['/more is unknown', bytes({ keys: [], more: 1 })],
    ['/keys/0 is not an object', file('secret')],
    ['/keys/0/key is unknown', file({ ...entry, key: 'secret' })],
  ])('refuses a file because %s', (fault, content) => {
    expect(faultsOf(() => parseApiKeys(content))).toEqual([fault]);
  });

  it.each<[string, unknown]>([
    ['id', undefined],
    ['id', ''],
    ['id', '-a'],
    ['id', 'a b'],
    ['id', 'a'.repeat(65)],
    ['sha256', undefined],
    ['sha256', 'secret'],
    ['sha256', sha256Hex('a').toUpperCase()],
    ['scopes', undefined],
    ['scopes', []],
    ['scopes', 'read'],
    ['scopes', ['reed']],
    ['scopes', ['read', 1]],
    ['services', 'all'],
    ['services', ['Geo']],
    ['services', ['']],
    ['expires_at', 0],
    ['expires_at', 'tomorrow'],
    ['expires_at', '2026-01-01'],
    ['expires_at', '2026-01-01T00:00:00'],
    ['expires_at', '2026-13-01T00:00:00Z'],
    ['expires_at', '2026-02-30T00:00:00Z'],
    ['expires_at', '2025-02-29T00:00:00+01:00'],
    ['expires_at', '2026-01-01T24:00:00Z'],
    ['expires_at', '2026-01-01T00:00:00+25:00'],
  ])('points at %s when it is %p', (member, value) => {
    const [fault, ...more] = faultsOf(() => parseApiKeys(file({ ...entry, [member]: value })));
    expect(fault).toMatch(new RegExp(`^/keys/0/${member} is `));
    expect(more).toEqual([]);
  });

  it('takes the leap day of a leap year', () => {
    const [key] = parseApiKeys(file({ ...entry, expires_at: '2028-02-29T23:59:59-11:00' }));
    expect(key?.expiresAtMs).toBe(Date.UTC(2028, 2, 1, 10, 59, 59));
  });

  it('tells every fault of every key at once', () => {
    const faults = faultsOf(() => parseApiKeys(file({ ...entry, id: '' }, 1, { ...entry })));
    expect(faults).toHaveLength(3);
    expect(faults[0]).toContain('/keys/0/id');
    expect(faults[1]).toBe('/keys/1 is not an object');
    expect(faults[2]).toContain('Two entries have the sha256');
  });

  it('refuses two keys of one name, even with different secrets', () => {
    const other = { ...entry, sha256: sha256Hex('other') };
    expect(faultsOf(() => parseApiKeys(file(entry, other)))).toEqual([
      'Two entries have the id "ci"',
    ]);
  });
});

describe('createApiKey', () => {
  class CountingRandom extends Random {
    readonly asked: number[] = [];
    override uuid(): string {
      throw new Error('not asked for');
    }
    override fraction(): number {
      throw new Error('not asked for');
    }
    override bytes(count: number): Buffer {
      this.asked.push(count);
      return Buffer.alloc(count, 0xff);
    }
  }

  it('makes a key of 256 random bits and keeps only its hash', () => {
    const random = new CountingRandom();
    const { key, entry: made } = createApiKey(random, { id: 'ci', scopes: ['read'] });
    expect(random.asked).toEqual([32]);
    expect(key).toBe(`sy_${Buffer.alloc(32, 0xff).toString('base64url')}`);
    expect(made).toEqual({
      id: 'ci',
      sha256: sha256Hex(key),
      scopes: ['read'],
      services: null,
      expires_at: null,
    });
  });

  it('makes an entry that the file takes as it is', () => {
    const { key, entry: made } = createApiKey(new SystemRandom(), {
      id: 'ci',
      scopes: ['read', 'exec'],
      services: ['a-*'],
      expires_at: '2027-01-01T00:00:00Z',
    });
    const [read] = parseApiKeys(file(made));
    expect(read?.digest.toString('hex')).toBe(sha256Hex(key));
    expect(read?.principal.services).toEqual(['a-*']);
  });

  it('refuses what the file would refuse', () => {
    const options = { id: 'a b', scopes: [], expires_at: 'soon' };
    expect(faultsOf(() => createApiKey(new SystemRandom(), options))).toHaveLength(3);
  });
});

describe('readList and repeated', () => {
  it('points at a foreign member by its escaped name', () => {
    expect(faultsOf(() => readList(bytes({ keys: [], 'a/b': 1 }), 'keys'))).toEqual([
      '/a~1b is unknown',
    ]);
  });

  it('finds values that entries share, whatever else the entries are', () => {
    expect(repeated([{ id: 'a' }, null, { id: 1 }, { id: 1 }, { id: 'a' }, 'a'], 'id')).toEqual([
      'Two entries have the id "a"',
    ]);
  });
});
