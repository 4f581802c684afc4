import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { memberName, partsOf } from './member-name.js';

describe('memberName', () => {
  it.each([
    ['files', 'read', 'files__read'],
    ['files', 'read__all', 'files__read__all'],
    ['a', 'x'.repeat(61), `a__${'x'.repeat(61)}`],
  ])('puts %s and %.10s together as they are', (service, name, expected) => {
    expect(memberName(service, name)).toBe(expected);
    expect(partsOf(expected)).toEqual({ service, name });
  });

  it('cuts and mends what clients would refuse, and keeps such names apart', () => {
    const names = [
      memberName('files', 'read.all'),
      memberName('files', 'read/all'),
      memberName('files', 'read_all'),
      memberName('files', 'é'),
      memberName('a', 'x'.repeat(62)),
      memberName('a', 'x'.repeat(63)),
      memberName('s'.repeat(63), 'tool'),
      memberName('s'.repeat(63), 'pool'),
    ];
    expect(new Set(names).size).toBe(names.length);
    expect(names[0]).toBe('files__read_all_6e11c2c4');
    expect(names[6]).toMatch(/^s{24}__tool_[0-9a-f]{8}$/);
  });

  it('is always a name that clients take, and the same each time', () => {
    const service = fc.stringMatching(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/);
    fc.assert(
      fc.property(service, fc.string({ minLength: 1, maxLength: 90 }), (owner, name) => {
        const shown = memberName(owner, name);
        expect(shown).toMatch(/^[A-Za-z0-9_-]{1,64}$/);
        expect(memberName(owner, name)).toBe(shown);
      }),
    );
  });
});

describe('partsOf', () => {
  it.each(['', 'plain', '__x', 'a__', 'a_b'])('finds no parts in %j', (name) => {
    expect(partsOf(name)).toBeNull();
  });
});
