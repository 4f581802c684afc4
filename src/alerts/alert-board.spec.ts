import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { AlertReference, type Told } from '../../test/support/alert-reference.js';
import { observation } from '../../test/support/alert-fixture.js';
import { AlertBoard } from './alert-board.js';
import type { Report } from './alert-rules.js';
import { FLAP_WINDOW_MS, type Observation } from './alert.js';

const MINUTE = 60_000;

function board(required: Readonly<Record<string, readonly string[]>> = {}): AlertBoard {
  let last = 0;
  return new AlertBoard(
    () => {
      last += 1;
      return `a${String(last)}`;
    },
    (id) => required[id] ?? [],
  );
}

function report(...observations: readonly Observation[]): Report {
  return { name: 'weather', status: 'known', observations };
}

function told(made: AlertBoard): string[] {
  return made.takeNews().notices.map(({ kind, alert }) => `${kind} ${alert.alert_id}`);
}

describe('AlertBoard', () => {
  it('keeps one open alert for each rule of a service', () => {
    const made = board();
    made.see('s', report(observation(), observation({ rule: 'SecurityFinding' })), 0);
    made.see('s', report(observation({ summary: 'Still.' })), 1_000);
    expect(made.openAlerts().map(({ rule, summary }) => [rule, summary])).toEqual([
      ['ServiceUnhealthy', 'Still.'],
    ]);
  });

  it('fires nothing before everything that is seen at once was taken in', () => {
    const made = board({ b: ['a'] });
    const definite = observation({ hold_ms: 0 });
    made.see('b', report(definite), 0);
    made.see('a', report(definite), 0);
    made.mature(0);
    made.mature(1_000);
    expect(told(made)).toEqual(['firing a2']);
    expect(made.find('a1')).toMatchObject({ state: 'pending', inhibited_by: 'a2' });
  });

  it('says which services something is due of', () => {
    const made = board();
    made.see('s', report(observation()), 0);
    made.see(null, report(observation({ rule: 'DiskFull', hold_ms: 0 })), 0);
    expect([...made.dueSubjects(0)]).toEqual([null]);
    expect([...made.dueSubjects(20_000)]).toEqual(['s', null]);
  });

  it('has stored what changes, and not what is only worded differently', () => {
    const made = board();
    const definite = observation({ hold_ms: 0 });
    made.see('s', report(definite), 0);
    expect(made.takeNews().changed.size).toBe(0);
    made.mature(0);
    expect([...made.takeNews().changed]).toEqual(['a1']);
    made.see('s', report({ ...definite, summary: 'It took 7 ms.' }), 1_000);
    expect(made.takeNews().changed.size).toBe(0);
    made.see('s', report({ ...definite, reason: 'Exited' }), 2_000);
    expect([...made.takeNews().changed]).toEqual(['a1']);
  });

  it('takes up an incident again under its old id', () => {
    const made = board();
    const brief = observation({ hold_ms: 0, clear_ms: 0 });
    made.see('s', report(brief), 0);
    made.mature(0);
    made.see('s', report(), MINUTE);
    made.mature(MINUTE);
    made.see('s', report(brief), 2 * MINUTE);
    made.mature(2 * MINUTE);
    expect(told(made)).toEqual(['firing a1', 'resolved a1']);
    expect(made.all()).toHaveLength(1);
    expect(made.find('a1')).toMatchObject({ state: 'firing', flaps: 1 });
  });

  it('tells apart who is told of an end and who is not', () => {
    const made = board();
    made.see('s', report(observation({ hold_ms: 0 })), 0);
    made.mature(0);
    made.takeNews();
    made.see('s', { name: '', status: 'gone', observations: [] }, MINUTE);
    const { notices, silent } = made.takeNews();
    expect(notices).toEqual([]);
    expect(silent.map(({ resolution }) => resolution)).toEqual(['NotWatched']);
  });

  it('acknowledges what fires, and nothing else', () => {
    const made = board();
    made.see('s', report(observation()), 0);
    const given = { by: 'me', note: null, at_ms: 0, until_ms: null };
    expect(made.acknowledge('a1', given)).toBeNull();
    expect(made.acknowledge('nobody', given)).toBeNull();
    made.mature(20_000);
    expect(made.acknowledge('a1', given)?.acknowledged).toEqual(given);
    expect(made.acknowledge('a1', null)?.acknowledged).toBeNull();
  });

  it('forgets resolved alerts after 30 days', () => {
    const made = board();
    made.see('s', report(observation({ hold_ms: 0, clear_ms: 0 })), 0);
    made.mature(0);
    made.see('s', report(), 1_000);
    made.mature(1_000);
    made.takeNews();
    made.prune(1_000 + 30 * 86_400_000 - 1);
    expect(made.all()).toHaveLength(1);
    made.prune(1_000 + 30 * 86_400_000);
    expect(made.all()).toEqual([]);
    expect([...made.takeNews().changed]).toEqual(['a1']);
  });

  it('keeps the last 1,000 resolved alerts', () => {
    const made = board();
    const brief = observation({ hold_ms: 0, clear_ms: 0 });
    for (let at = 0; at < 1_003; at += 1) made.see(`s${String(at)}`, report(brief), at);
    made.mature(2_000);
    for (let at = 0; at < 1_003; at += 1) made.see(`s${String(at)}`, report(), 3_000 + at);
    made.mature(10_000);
    for (const alert of made.all()) expect(alert.state).toBe('resolved');
    made.prune(10_000);
    expect(made.all()).toHaveLength(1_000);
  });
});

type Seen = 'warning' | 'critical' | 'definite' | 'clear' | 'unknown' | 'off' | 'gone';
const SEEN: readonly Seen[] = [
  'warning',
  'critical',
  'definite',
  'clear',
  'unknown',
  'off',
  'gone',
];
const PAUSES = [1_000, 7_000, 20_000, MINUTE, 4 * MINUTE, 14_400_000];
const scripts = fc.array(
  fc.record({ seen: fc.constantFrom(...SEEN), pause: fc.constantFrom(...PAUSES) }),
  { maxLength: 40 },
);

function reportOf(seen: Seen): Report {
  switch (seen) {
    case 'warning':
    case 'critical':
      return report(observation({ severity: seen }));
    case 'definite':
      return report(observation({ hold_ms: 0 }));
    case 'clear':
      return report();
    case 'unknown':
    case 'off':
    case 'gone':
      return { name: 'weather', status: seen, observations: [] };
  }
}

/** Runs a script with a tick every 10 s (or one after a pause of hours), and answers what was told when. */
function run(script: readonly { seen: Seen; pause: number }[]): { told: Told[]; expected: Told[] } {
  const made = board();
  const reference = new AlertReference();
  const found: Told[] = [];
  let nowMs = 0;
  const tick = (): void => {
    made.mature(nowMs);
    for (const { kind } of made.takeNews().notices) found.push([kind, nowMs]);
    reference.tick(nowMs);
  };
  for (const { seen, pause } of script) {
    made.see('s', reportOf(seen), nowMs);
    for (const { kind } of made.takeNews().notices) found.push([kind, nowMs]);
    reference.see(seen, nowMs);
    tick();
    const step = pause > 10 * MINUTE ? pause : Math.min(pause, 10_000);
    for (let passed = 0; passed < pause; passed += step) {
      nowMs += Math.min(step, pause - passed);
      tick();
    }
  }
  return { told: found, expected: reference.told };
}

describe('whatever is seen of a service', () => {
  it('is told as the simple reference tells it', () => {
    fc.assert(
      fc.property(scripts, (script) => {
        const { told: found, expected } = run(script);
        expect(found).toEqual(expected);
      }),
      { numRuns: 3_000, seed: 7 },
    );
  });

  it('is told at most as one pair in five minutes', () => {
    const severe = scripts.map((script) =>
      script.map((step) =>
        step.seen === 'warning' ? { ...step, seen: 'critical' as const } : step,
      ),
    );
    fc.assert(
      fc.property(severe, (script) => {
        const { told: found } = run(script);
        for (const kind of ['firing', 'resolved']) {
          const times = found.filter(([one]) => one === kind).map(([, atMs]) => atMs);
          if (kind === 'firing') {
            times.slice(1).forEach((atMs, at) => {
              expect(atMs - (times[at] ?? 0)).toBeGreaterThanOrEqual(FLAP_WINDOW_MS);
            });
          }
        }
        const pairs = found.map(([kind]) => kind).filter((kind) => kind !== 'repeated');
        const firing = pairs.filter((kind) => kind === 'firing').length;
        expect(pairs.length - firing).toBeLessThanOrEqual(firing);
      }),
      { numRuns: 2_000, seed: 11 },
    );
  });

  it('is never told of a dependent while the alert of what it requires fires', () => {
    const required = { b: ['a'], c: ['b'], d: ['c', 'a'] };
    const above: Readonly<Record<string, string[]>> = {
      b: ['a'],
      c: ['b', 'a'],
      d: ['c', 'b', 'a'],
    };
    const steps = fc.array(
      fc.record({
        id: fc.constantFrom('a', 'b', 'c', 'd'),
        seen: fc.constantFrom<Seen>('critical', 'definite', 'clear', 'unknown'),
        pause: fc.constantFrom(0, 1_000, 10_000, 30_000, 6 * MINUTE),
      }),
      { maxLength: 40 },
    );
    fc.assert(
      fc.property(steps, (script) => {
        const made = board(required);
        let nowMs = 0;
        for (const { id, seen, pause } of script) {
          made.see(id, reportOf(seen), nowMs);
          for (let passed = 0; passed <= pause; passed += 1_000) {
            const before = new Set(
              made.openAlerts().flatMap((one) => (one.state === 'firing' ? [one.service_id] : [])),
            );
            made.mature(nowMs + passed);
            for (const { kind, alert } of made.takeNews().notices) {
              if (kind === 'resolved') continue;
              const causes = (above[alert.service_id ?? ''] ?? []).filter((one) => before.has(one));
              const left = causes.filter((one) =>
                made
                  .openAlerts()
                  .some((other) => other.service_id === one && other.state === 'firing'),
              );
              expect(left).toEqual([]);
            }
          }
          nowMs += pause;
        }
      }),
      { numRuns: 1_000, seed: 3 },
    );
  });
});
