import { expect, it } from '@jest/globals';
import fc from 'fast-check';
import { serviceConfig } from '../../test/support/service-fixture.js';
import { CHECK_KINDS, DEFAULT_CHECKS } from '../config/defaults.js';
import type { HealthCheckConfig } from '../config/service-config.js';
import { OUTDATED_AFTER } from './check-state.js';
import { ServiceBoard } from './health-board.js';
import { probeFailure } from './probe-failure.js';
import { verdictOf, type JudgedCheck, type VerdictFacts } from './verdict.js';

/** One step of a service's life: a result of one of its checks, a proof, or what else changes. */
type Step =
  | { readonly do: 'result'; readonly check: number; readonly letter: Letter }
  | { readonly do: 'proof' }
  | { readonly do: 'facts'; readonly facts: Facts };
/** Pass, fail, definite failure, unknown, skipped. */
type Letter = 'P' | 'F' | 'D' | 'U' | 'S';
interface Facts {
  readonly serving: boolean;
  readonly idle: boolean;
  readonly circuit: 'open' | 'trying' | null;
}

const RESULTS = { P: 'pass', F: 'fail', D: 'fail', U: 'unknown', S: 'skipped' } as const;
const BLIND_AFTER = 3;

/** The reference: from the whole history, without any state. */
function isFailing(history: string, fail_after: number, pass_after: number): boolean {
  const known = history.replaceAll('U', '');
  const outdated = known.lastIndexOf('S'.repeat(OUTDATED_AFTER));
  const told = (outdated < 0 ? known : known.slice(outdated + OUTDATED_AFTER)).replaceAll('S', '');
  const runs = told.replaceAll('D', 'F');
  const triggers = [...told].flatMap((letter, at) => {
    const run = runs.slice(0, at + 1).endsWith('F'.repeat(fail_after));
    return letter === 'D' || run ? [at] : [];
  });
  const last = triggers.at(-1);
  return last !== undefined && !runs.slice(last).includes('P'.repeat(pass_after));
}

function isBlind(history: string): boolean {
  return history.endsWith('U'.repeat(BLIND_AFTER));
}

function expectedLevel(
  checks: readonly HealthCheckConfig[],
  histories: readonly string[],
  proven: boolean,
  { serving, idle, circuit }: Facts,
): string {
  const failing = checks.filter((check, at) =>
    isFailing(histories[at] ?? '', check.fail_after, check.pass_after),
  );
  const isOut = failing.some(
    ({ kind, critical }) =>
      critical && (kind === 'basic' || kind === 'functional' || kind === 'performance'),
  );
  if (!serving || isOut || circuit === 'open') return 'unhealthy';
  if (failing.length > 0 || circuit === 'trying') return 'degraded';
  if (!proven) return 'unknown';
  if (!idle && histories.some(isBlind)) return 'unknown';
  return 'healthy';
}

const checkArbitrary = fc.record({
  kind: fc.constantFrom(...CHECK_KINDS),
  critical: fc.boolean(),
  fail_after: fc.integer({ min: 1, max: 4 }),
  pass_after: fc.integer({ min: 1, max: 3 }),
});
const stepArbitrary: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 12,
    arbitrary: fc.record({
      do: fc.constant('result' as const),
      check: fc.nat(3),
      letter: fc.constantFrom<Letter>('P', 'P', 'F', 'F', 'D', 'U', 'S', 'S'),
    }),
  },
  { weight: 1, arbitrary: fc.constant({ do: 'proof' as const }) },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('facts' as const),
      facts: fc.record({
        serving: fc.boolean(),
        idle: fc.boolean(),
        circuit: fc.constantFrom('open' as const, 'trying' as const, null, null),
      }),
    }),
  },
);

function factsOf(board: ServiceBoard, proven: boolean, facts: Facts): VerdictFacts {
  const { serving, idle, circuit } = facts;
  const checks = board.checks.map(({ key, label, config }): JudgedCheck => {
    const { kind, critical } = config;
    return { kind, label, critical, state: board.stateOf(key) };
  });
  return {
    state: 'active',
    serving,
    idle,
    proven,
    checks,
    unavailable: { reason: 'Away', message: 'It is away.' },
    failure: null,
    proof: null,
    circuit: circuit === null ? null : { state: circuit, failures: 5 },
  };
}

it('every sequence of results leads to the verdict that the whole history leads to', () => {
  let seen = new Set<string>();
  fc.assert(
    fc.property(
      fc.array(checkArbitrary, { minLength: 1, maxLength: 4 }),
      fc.array(stepArbitrary, { maxLength: 40 }),
      (kinds, steps) => {
        const checks = kinds.map((over) => ({ ...DEFAULT_CHECKS[over.kind], ...over }));
        const external = [{ name: 'x', url: null, tcp: 'x:1', timeout_ms: 1, required: false }];
        const config = serviceConfig({ monitoring: { checks }, integration: { external } });
        const board = new ServiceBoard(1, config);
        let histories = checks.map(() => '');
        let proven = false;
        let facts: Facts = { serving: true, idle: false, circuit: null };
        let second = 0;
        for (const step of steps) {
          second += 1;
          if (step.do === 'facts') ({ facts } = step);
          else if (step.do === 'proof') {
            proven = true;
            board.clear();
            histories = checks.map(() => '');
          } else {
            const at = step.check % checks.length;
            const definite = step.letter === 'D';
            const failure = { ...probeFailure('tool-error', 'no'), definite };
            const result = RESULTS[step.letter];
            board.note(board.checks[at] as (typeof board.checks)[number], {
              result,
              failure: result === 'fail' ? failure : null,
              evidence: '',
              duration_ms: 1,
              at: new Date(second * 1_000).toISOString(),
            });
            histories[at] += step.letter;
          }
          const record = verdictOf(factsOf(board, proven, facts));
          expect(record.level).toBe(expectedLevel(checks, histories, proven, facts));
          const isFine = record.level === 'healthy';
          expect(isFine || record.action !== null).toBe(true);
          expect(record.summary).not.toBe('');
          seen = seen.add(record.level);
        }
      },
    ),
    { numRuns: 3_000 },
  );
  expect([...seen].sort()).toEqual(['degraded', 'healthy', 'unhealthy', 'unknown']);
});
