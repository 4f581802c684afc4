import { describe, expect, it } from '@jest/globals';
import type { RecordKind, StorageFault } from '../storage/record-store.js';
import { conditionOf, damageOf, serviceOf } from './storage-condition.js';

const fault = (kind: RecordKind, id: string, how: StorageFault['fault'] = 'corrupt') => {
  return { kind, id, fault: how, file: 'corrupt/x.json', detail: 'It is cut.' };
};

describe('a fault of a stored file', () => {
  it.each<[RecordKind, string, string | null]>([
    ['service', 'a', 'a'],
    ['revision', 'a/7', 'a'],
    ['service_status', 'a', null],
    ['route', 'a', null],
    ['template', 'a', null],
  ])('of kind %s with id %s is told with %s', (kind, id, expected) => {
    expect(serviceOf(fault(kind, id))).toBe(expected);
  });

  it('is a condition that names the file', () => {
    expect(conditionOf(fault('service', 'a'))).toMatchObject({
      type: 'StorageCorrupt',
      status: 'true',
      message: damageOf(fault('service', 'a')),
    });
    const edited = conditionOf(fault('service', 'a', 'drifted'));
    expect(edited).toMatchObject({ type: 'Drifted', status: 'true', reason: 'EditedByHand' });
    expect(edited.message).toContain('corrupt/x.json');
  });
});
