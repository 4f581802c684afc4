import { describe, expect, it } from '@jest/globals';
import { looksReferring, replaceReferences, scanReferences } from './secret-reference.js';

describe('scanReferences', () => {
  it('finds references among other text', () => {
    const { references, malformed, remainder } = scanReferences(
      'Bearer ${env:TOKEN}-${file:/run/s/a}!',
    );
    expect(references).toEqual([
      { source: 'env', name: 'TOKEN', text: '${env:TOKEN}' },
      { source: 'file', path: '/run/s/a', text: '${file:/run/s/a}' },
    ]);
    expect(malformed).toEqual([]);
    expect(remainder).toBe('Bearer -!');
  });

  it.each(['plain', '${port}', '${HOME}', '$env:X', '{env:X}', ''])(
    'finds none in "%s"',
    (text) => {
      expect(scanReferences(text)).toEqual({ references: [], malformed: [], remainder: text });
      expect(looksReferring(text)).toBe(false);
    },
  );

  it.each([
    '${env:}',
    '${env:A B}',
    '${env:1A}',
    '${env:A',
    '${file:}',
    '${file:relative}',
    '${file:/a/../b}',
    '${file:/a/./b}',
    '${file:/a/}',
  ])('calls "%s" malformed', (text) => {
    const { references, malformed } = scanReferences(text);
    expect(references).toEqual([]);
    expect(malformed).toHaveLength(1);
    expect(looksReferring(text)).toBe(true);
  });

  it('takes linear time on a hostile text', () => {
    expect(scanReferences('${env:'.repeat(100_000)).references).toEqual([]);
  });
});

describe('replaceReferences', () => {
  it('replaces each and never looks into what it put in', async () => {
    const replaced = await replaceReferences('a ${env:A} ${env:B} ${env:A}', (reference) =>
      Promise.resolve(reference.text === '${env:A}' ? '${env:B}' : 'two'),
    );
    expect(replaced).toBe('a ${env:B} two ${env:B}');
  });

  it('fails when a value cannot be had', async () => {
    const failing = replaceReferences('${env:A}', () => Promise.reject(new Error('no')));
    await expect(failing).rejects.toThrow('no');
  });
});
