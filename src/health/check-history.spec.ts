import { describe, expect, it } from '@jest/globals';
import { basicCheck } from '../../test/support/fake-probe-conversation.js';
import { CheckHistory, KEPT_RESULTS } from './check-history.js';
import type { PlannedCheck } from './check-plan.js';
import type { ProbeOutcome } from './check-state.js';
import { probeFailure } from './probe-failure.js';

function check(label: string): PlannedCheck {
  return { key: label, label, config: basicCheck() };
}

function outcome(second: number, over: Partial<ProbeOutcome> = {}): ProbeOutcome {
  const at = new Date(Date.UTC(2026, 0, 1, 0, 0, second)).toISOString();
  return { result: 'pass', failure: null, evidence: 'seen', duration_ms: 1, at, ...over };
}

describe('CheckHistory', () => {
  it('answers the newest first, of all checks or of one', () => {
    const history = new CheckHistory();
    history.note('s', check('a'), outcome(1));
    history.note('s', check('b'), outcome(2));
    history.note('s', check('a'), outcome(3));
    const seen = (limit: number, name?: string): string[] =>
      history.of('s', limit, name).map((one) => one.check + one.at.slice(17, 19));
    expect(seen(10)).toEqual(['a03', 'b02', 'a01']);
    expect(seen(10, 'a')).toEqual(['a03', 'a01']);
    expect(seen(1)).toEqual(['a03']);
    expect(seen(10, 'c')).toEqual([]);
    expect(history.of('nobody', 10)).toEqual([]);
  });

  it('keeps what failed with its reason, and of passes that they were', () => {
    const history = new CheckHistory();
    const failure = probeFailure('tool-error', 'no');
    history.note(
      's',
      check('a'),
      outcome(1, { result: 'fail', failure, evidence: 'x'.repeat(600) }),
    );
    history.note('s', check('a'), outcome(2));
    const [passed, failed] = history.of('s', 2);
    expect(failed).toMatchObject({
      result: 'fail',
      code: 'health.tool-error',
      reason: 'ToolError',
    });
    expect(failed?.evidence).toHaveLength(512);
    expect(passed).toMatchObject({ result: 'pass', code: null, evidence: null });
  });

  it('answers each result as it was noted, whatever came before and after', () => {
    const history = new CheckHistory();
    const functional = { ...check('a'), config: { ...basicCheck(), kind: 'dependency' as const } };
    history.note('s', check('a'), outcome(1, { duration_ms: 7 }));
    history.note('s', check('a'), outcome(2, { result: 'unknown', evidence: 'no answer' }));
    history.note('s', functional as PlannedCheck, outcome(3, { duration_ms: 9 }));
    const of = (second: string, over: object): object => ({
      check: 'a',
      kind: 'basic',
      result: 'pass',
      code: null,
      reason: null,
      evidence: null,
      duration_ms: 1,
      at: `2026-01-01T00:00:${second}.000Z`,
      ...over,
    });
    expect(history.of('s', 10)).toEqual([
      of('03', { kind: 'dependency', duration_ms: 9 }),
      of('02', { result: 'unknown', evidence: 'no answer' }),
      of('01', { duration_ms: 7 }),
    ]);
  });

  it('is bounded by result and by check, and forgets a service', () => {
    const history = new CheckHistory();
    for (let at = 0; at < KEPT_RESULTS + 5; at += 1) history.note('s', check('a'), outcome(at));
    expect(history.of('s', 1_000)).toHaveLength(KEPT_RESULTS);
    for (let at = 0; at < 70; at += 1) history.note('s', check(`b${String(at)}`), outcome(at));
    expect(history.of('s', 1_000, 'a')).toEqual([]);
    expect(history.of('s', 1_000)).toHaveLength(64);
    history.forget('s');
    expect(history.of('s', 1_000)).toEqual([]);
  });
});
