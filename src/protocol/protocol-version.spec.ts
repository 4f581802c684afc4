import { describe, expect, it } from '@jest/globals';
import { compareVersions, eraOf, isKnownVersion, LEGACY_VERSIONS } from './protocol-version.js';

describe('protocol versions', () => {
  it('are listed newest first', () => {
    expect([...LEGACY_VERSIONS].sort(compareVersions).reverse()).toEqual([...LEGACY_VERSIONS]);
  });

  it.each([
    ['2025-11-25', true, 'legacy'],
    ['2024-11-05', true, 'legacy'],
    ['2026-07-28', false, 'modern'],
    ['2027-01-01', false, 'modern'],
    ['9', false, 'legacy'],
    ['', false, 'legacy'],
  ])('%s: known %s, %s', (version, known, era) => {
    expect(isKnownVersion(version)).toBe(known);
    expect(eraOf(version)).toBe(era);
  });

  it('compare equal to themselves', () => {
    expect(compareVersions('2025-06-18', '2025-06-18')).toBe(0);
  });
});
