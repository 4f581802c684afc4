import { describe, expect, it } from '@jest/globals';
import { JournalFailure } from './journal.js';
import { WriteGate } from './write-gate.js';

function failure(code: string, isContained = true): JournalFailure {
  return new JournalFailure(Object.assign(new Error(code), { code }), isContained);
}

describe('the write gate', () => {
  it('closes at the third failure in a row, and stays closed', () => {
    const gate = new WriteGate();
    gate.recordFailure(failure('EIO'));
    gate.recordFailure(failure('EIO'));
    gate.recordSuccess();
    gate.recordFailure(failure('EIO'));
    gate.recordFailure(failure('EIO'));
    expect(gate.refusal()).toBeNull();
    gate.recordFailure(failure('EIO'));
    gate.recordSuccess();
    expect(gate.refusal()).toMatchObject({ code: 'storage.read-only' });
  });

  it('does not close for want of space', () => {
    const gate = new WriteGate();
    for (let n = 0; n < 5; n += 1) {
      expect(gate.recordFailure(failure(n % 2 ? 'ENOSPC' : 'EDQUOT')).status).toBe(507);
    }
    expect(gate.reason).toBeNull();
  });

  it('knows whether the disk is full: from a write that found no room, until one finds some', () => {
    const gate = new WriteGate();
    expect(gate.isFull).toBe(false);
    gate.recordFailure(failure('ENOSPC'));
    // A deletion that was written out of the reserve does not make room.
    gate.recordSuccess();
    expect(gate.isFull).toBe(true);
    gate.recordRoom(true);
    expect(gate.isFull).toBe(false);
    gate.recordRoom(false);
    expect(gate.isFull).toBe(true);
    gate.recordFailure(failure('EIO'));
    expect(gate.isFull).toBe(true);
  });

  it.each<[unknown, string]>([
    [failure('EIO'), 'refused'],
    [failure('EIO', false), 'unknown'],
    [failure('ENOSPC', false), 'unknown'],
    [new Error('a bug'), 'unknown'],
  ])('says of %s that the outcome is %s', (error, outcome) => {
    expect(new WriteGate().recordFailure(error).details.extra).toEqual({ outcome });
  });

  it('keeps the first reason', () => {
    const gate = new WriteGate();
    gate.close('first');
    gate.close('second');
    expect(gate.reason).toBe('first');
  });
});
