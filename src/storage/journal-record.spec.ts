import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { decodeRecord, encodeRecord, GENESIS } from './journal-record.js';
import type { CommitRecord } from './record-store.js';

const COMMIT: CommitRecord = {
  revision: 7,
  at: '2026-01-01T00:00:00.000Z',
  meta: { actor: 'alice', source: 'api', verb: 'service.create' },
  changes: [
    { kind: 'service', id: 'x', op: 'put', doc: { text: 'line\nfeed ü "hash":"' } },
    { kind: 'route', id: 'y', op: 'delete' },
  ],
};

function line(commit = COMMIT): Buffer {
  return Buffer.from(encodeRecord(commit, GENESIS.hash, 6).line).subarray(0, -1);
}

describe('a record of the journal', () => {
  it('is one line, and reads back as it was', () => {
    const encoded = encodeRecord(COMMIT, GENESIS.hash, 6);
    expect(encoded.line.indexOf('\n')).toBe(encoded.line.length - 1);
    expect(decodeRecord(line())).toMatchObject({
      ...COMMIT,
      schema_version: '1.0',
      synced: 6,
      prev_hash: GENESIS.hash,
      hash: encoded.hash,
    });
  });

  it('has a hash that depends on the record before it', () => {
    const other = encodeRecord(COMMIT, 'f'.repeat(64), 6);
    expect(other.hash).not.toBe(encodeRecord(COMMIT, GENESIS.hash, 6).hash);
  });

  it('is refused after the change of any one byte, or when cut anywhere', () => {
    const whole = line();
    fc.assert(
      fc.property(
        fc.nat(whole.length - 1),
        fc.integer({ min: 1, max: 255 }),
        fc.boolean(),
        (at, mask, isCut) => {
          const damaged = Buffer.from(whole);
          damaged[at] = (damaged[at] ?? 0) ^ mask;
          expect(typeof decodeRecord(isCut ? whole.subarray(0, at) : damaged)).toBe('string');
        },
      ),
      { numRuns: 300, seed: 1 },
    );
  });

  it('is never taken for damage when a newer version wrote it', async () => {
    const { createHash } = await import('node:crypto');
    const { crc32 } = await import('node:zlib');
    const body = '{"schema_version":"2.0","other":1';
    const sealed = `${body},"hash":"${createHash('sha256').update(body).digest('hex')}"`;
    const crc = crc32(sealed).toString(16).padStart(8, '0');
    expect(() => decodeRecord(Buffer.from(`${sealed},"crc":"${crc}"}`))).toThrow(
      expect.objectContaining({ code: 'storage.newer-schema' }),
    );
  });
});
