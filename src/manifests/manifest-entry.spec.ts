import { describe, expect, it } from '@jest/globals';
import { pointerInManifest, serviceNameOf, type ManifestEntry } from './manifest-entry.js';

const ENTRY: ManifestEntry = {
  label: 'x',
  spec: {},
  origins: [
    ['/config/runtime/env', '/wrapper/env'],
    ['/config', '/rest'],
  ],
  declaredTools: [],
};

describe('pointerInManifest', () => {
  it.each([
    ['/config/runtime/env/TOKEN', '/wrapper/env/TOKEN'],
    ['/config/runtime/env', '/wrapper/env'],
    ['/config/runtime/environment', '/rest/runtime/environment'],
    ['/version', '/version'],
    ['', ''],
  ])('finds %p at %p', (pointer, expected) => {
    expect(pointerInManifest(ENTRY, pointer)).toBe(expected);
  });
});

describe('serviceNameOf', () => {
  it.each([
    ['weather', 'weather'],
    ['My Server!', 'my-server'],
    ['_a__b_', 'a-b'],
    ['GitHub', 'github'],
    ['x'.repeat(80), 'x'.repeat(63)],
    [`${'x'.repeat(62)}-y`, 'x'.repeat(62)],
    ['', null],
    ['···', null],
  ])('makes %p into %p', (text, name) => {
    expect(serviceNameOf(text)).toBe(name);
  });
});
