import { describe, expect, it } from '@jest/globals';
import { serviceDocument, serviceSpec } from '../../test/support/service-fixture.js';
import type { RevisionDocument } from '../registry/service.js';
import { resolveVersion } from './version-resolution.js';

function revision(
  number: number,
  version: string,
  outcome: RevisionDocument['outcome'],
): RevisionDocument {
  const spec = serviceSpec({ version });
  return { revision: number, spec, outcome } as RevisionDocument;
}

const HISTORY = [
  revision(5, '2.0.0', 'candidate'),
  revision(4, '1.2.0', 'current'),
  revision(3, '1.1.0', 'superseded'),
  revision(2, '1.1.0', 'superseded'),
  revision(1, '9.0.0', 'draft'),
];
const CURRENT = serviceDocument('weather', {
  revision: 4,
  spec: serviceSpec({ version: '1.2.0' }),
});

describe('resolveVersion', () => {
  it.each([
    ['1.2.0', 4],
    ['4', 4],
    ['1.1.0', 3],
    ['v1.1.0', 3],
    ['2', 2],
    ['9.0.0', null],
    ['2.0.0', null],
    ['5', null],
    ['77', null],
    ['nonsense', null],
  ])('%s is revision %s', async (version, wanted) => {
    const registry = { revisions: () => Promise.resolve(HISTORY) };
    expect(await resolveVersion(registry, CURRENT, version)).toBe(wanted);
  });
});
