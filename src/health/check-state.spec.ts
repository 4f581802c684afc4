import { describe, expect, it } from '@jest/globals';
import {
  advance,
  OUTDATED_AFTER,
  PENDING,
  type CheckState,
  type ProbeOutcome,
} from './check-state.js';
import { probeFailure } from './probe-failure.js';

const THRESHOLDS = { fail_after: 3, pass_after: 2 };

function outcome(letter: string): ProbeOutcome {
  const failure = { ...probeFailure('ping-failed', 'no'), definite: letter === 'D' };
  const base = { failure: null, evidence: '', duration_ms: 1, at: '2026-01-01T00:00:00.000Z' };
  if (letter === 'p') return { ...base, result: 'pass' };
  if (letter === 'u') return { ...base, result: 'unknown' };
  return { ...base, result: 'fail', failure };
}

function after(letters: string): CheckState {
  return [...letters].reduce(
    (state, letter) => advance(state, outcome(letter), THRESHOLDS),
    PENDING,
  );
}

describe('a check, after passes (p), failures (f), definite failures (D) and unknowns (u)', () => {
  it.each([
    ['', 'pending'],
    ['u', 'pending'],
    ['p', 'passing'],
    ['f', 'pending'],
    ['ff', 'pending'],
    ['fff', 'failing'],
    ['pff', 'passing'],
    ['pffpff', 'passing'],
    ['pfff', 'failing'],
    ['pffuf', 'failing'],
    ['pfffp', 'failing'],
    ['pfffpf', 'failing'],
    ['pfffpfp', 'failing'],
    ['pfffpp', 'passing'],
    ['pD', 'failing'],
    ['pDpuup', 'passing'],
    ['pfffu', 'failing'],
  ])('%j is %s', (letters, expected) => {
    expect(after(letters).status).toBe(expected);
  });

  it('keeps the last telling outcome beside the last one', () => {
    const state = after('pfu');
    expect(state.last?.result).toBe('unknown');
    expect(state.telling?.result).toBe('fail');
  });

  it('counts unknowns in a row', () => {
    expect(after('uuu').unknowns).toBe(3);
    expect(after('uupu').unknowns).toBe(1);
  });
});

describe('a run that had nothing to judge', () => {
  const limits = { fail_after: 1, pass_after: 1 };
  const outcome = { failure: null, evidence: '', duration_ms: 1, at: '' };

  it('changes nothing, until what was judged before is out of date', () => {
    let state = advance(PENDING, { ...outcome, result: 'fail' }, limits);
    for (let run = 1; run < OUTDATED_AFTER; run += 1) {
      state = advance(state, { ...outcome, result: 'skipped' }, limits);
      expect(state).toMatchObject({ status: 'failing', fails: 1, skips: run });
    }
    state = advance(state, { ...outcome, result: 'skipped' }, limits);
    expect(state).toMatchObject({ status: 'pending', fails: 0, telling: null });
  });

  it('is counted anew after one that was judged', () => {
    const skipped = advance(PENDING, { ...outcome, result: 'skipped' }, limits);
    expect(advance(skipped, { ...outcome, result: 'pass' }, limits).skips).toBe(0);
  });
});
