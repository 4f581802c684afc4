import { describe, expect, it } from '@jest/globals';
import { DependentIndex } from './dependent-index.js';

const need = (service: string) => ({ service, version: null, tools: [], required: true });

describe('DependentIndex', () => {
  it('finds those that need a service, whichever of its names they use', () => {
    const index = new DependentIndex();
    index.note('a', [need('id-1'), need('other')]);
    index.note('b', [need('weather')]);
    index.note('c', []);
    expect(index.of('id-1', 'weather')).toEqual(['a', 'b']);
    expect(index.of('id-1', undefined)).toEqual(['a']);
  });

  it('forgets what is needed no more', () => {
    const index = new DependentIndex();
    index.note('a', [need('x')]);
    index.note('b', [need('x')]);
    index.note('a', []);
    index.forget('b');
    expect(index.of('x', undefined)).toEqual([]);
  });
});
