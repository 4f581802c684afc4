import { describe, expect, it } from '@jest/globals';
import {
  ARCHIVE_RETENTION_MS,
  archivesToPurge,
  KEPT_ARCHIVES,
  revisionsToRemove,
  versionsNamedBy,
} from './retention.js';

const numbers = (count: number): number[] => Array.from({ length: count }, (_, n) => n + 1);

describe('revisionsToRemove', () => {
  it('removes the oldest beyond 20', () => {
    expect(revisionsToRemove(numbers(20), () => false)).toEqual([]);
    expect(revisionsToRemove(numbers(23).reverse(), () => false)).toEqual([1, 2, 3]);
  });

  it('passes over those that are exempt', () => {
    expect(revisionsToRemove(numbers(22), (one) => one === 1)).toEqual([2, 3]);
    expect(revisionsToRemove(numbers(22), () => true)).toEqual([]);
  });
});

describe('versionsNamedBy', () => {
  it.each<[string, string | null, string[]]>([
    ['/mcp/a/v/1.2.0', null, ['1.2.0']],
    ['/mcp/a/v/7', '7', ['7']],
    ['/mcp/a/old', '1.0.0-rc.1', ['1.0.0-rc.1']],
    ['/mcp/a/v/1.2.0/more', null, []],
    ['/mcp/v/1', null, []],
    ['/mcp/a', null, []],
  ])('finds in %s with version %s: %j', (path, version, expected) => {
    expect([...versionsNamedBy([{ path, version }])]).toEqual(expected);
  });
});

describe('archivesToPurge', () => {
  const now = Date.UTC(2026, 5, 1);
  const at = (ageMs: number, service_id: string): { service_id: string; deleted_at: string } => ({
    service_id,
    deleted_at: new Date(now - ageMs).toISOString(),
  });

  it('takes those past their time', () => {
    const archives = [
      at(ARCHIVE_RETENTION_MS, 'kept'),
      at(ARCHIVE_RETENTION_MS + 1, 'due'),
      at(0, 'new'),
    ];
    expect(archivesToPurge(archives, now)).toEqual(['due']);
  });

  it('takes the oldest beyond a thousand, one whose time is unknown first', () => {
    const archives = Array.from({ length: KEPT_ARCHIVES }, (_, n) => at(n, `s${n}`));
    expect(archivesToPurge([...archives, { service_id: 'x', deleted_at: '' }], now)).toEqual(['x']);
    expect(archivesToPurge([at(9999, 'old'), ...archives], now)).toEqual(['old']);
  });
});
