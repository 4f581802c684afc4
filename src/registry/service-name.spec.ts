import { describe, expect, it } from '@jest/globals';
import { nameFault, SERVICE_NAME } from './service-name.js';

const isWellFormed = (name: string): boolean => new RegExp(SERVICE_NAME).test(name);

describe('service names', () => {
  it.each(['a', '7', 'weather', 'a-b-c', 'x'.repeat(63), 'v1', 'sse-server'])(
    'may be %s',
    (name) => {
      expect(isWellFormed(name)).toBe(true);
      expect(nameFault(name)).toBeNull();
    },
  );

  it.each(['', '-a', 'a-', 'A', 'a_b', 'a.b', 'a/b', 'ä', 'x'.repeat(64), 'a\n'])(
    'have the form of a DNS label, unlike "%s"',
    (name) => {
      expect(isWellFormed(name)).toBe(false);
    },
  );

  it.each(['sse', 'message', 'v', '7f000000-0000-4000-8000-000000000001'])(
    'are not %s, which means something else in a path',
    (name) => {
      expect(nameFault(name)).not.toBeNull();
    },
  );
});
