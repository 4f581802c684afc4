import { describe, expect, it } from '@jest/globals';
import { basicCheck } from '../../test/support/fake-probe-conversation.js';
import { serviceConfig } from '../../test/support/service-fixture.js';
import { probeFailure } from './probe-failure.js';
import { HealthBoards } from './health-board.js';

const config = serviceConfig({ monitoring: { checks: [basicCheck({ fail_after: 1 })] } });
const failed = {
  result: 'fail',
  failure: probeFailure('ping-failed', 'no'),
  evidence: '',
  duration_ms: 1,
  at: '',
} as const;

describe('HealthBoards', () => {
  it('keeps what is known of a revision, and forgets it with the next', () => {
    const boards = new HealthBoards();
    const board = boards.of('s', 1, config);
    const [check] = board.checks;
    if (check === undefined) throw new Error('no check');
    expect(board.note(check, failed)).toBe(true);
    expect(board.note(check, failed)).toBe(false);
    expect(boards.of('s', 1, config).stateOf(check.key).status).toBe('failing');
    expect(boards.of('s', 2, config).stateOf(check.key).status).toBe('pending');
  });

  it('starts anew with a proof', () => {
    const boards = new HealthBoards();
    const board = boards.of('s', 1, config);
    const [check] = board.checks;
    if (check === undefined) throw new Error('no check');
    board.note(check, failed);
    boards.markProven('s', 1);
    expect(board.stateOf(check.key).status).toBe('pending');
    expect([boards.isProven('s', 1), boards.isProven('s', 2)]).toEqual([true, false]);
  });

  it('knows the proof of a candidate beside that of what serves, until the candidate serves', () => {
    const boards = new HealthBoards();
    boards.of('s', 1, config);
    boards.markProven('s', 1);
    boards.markProven('s', 2);
    expect([boards.isProven('s', 1), boards.isProven('s', 2)]).toEqual([true, true]);
    boards.of('s', 2, config);
    expect([boards.isProven('s', 1), boards.isProven('s', 2)]).toEqual([false, true]);
    boards.remove('s');
    expect(boards.isProven('s', 2)).toBe(false);
    expect(boards.size).toBe(0);
  });
});
