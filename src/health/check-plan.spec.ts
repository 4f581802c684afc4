import { describe, expect, it } from '@jest/globals';
import { basicCheck, functionalCheck } from '../../test/support/fake-probe-conversation.js';
import { serviceConfig } from '../../test/support/service-fixture.js';
import { DEFAULT_CHECKS } from '../config/defaults.js';
import { intervalOf, plannedChecks, type PlannedCheck } from './check-plan.js';

function planned(config: PlannedCheck['config']): PlannedCheck {
  return { key: 'k', label: 'l', config };
}

describe('plannedChecks', () => {
  it('names each and leaves out what is switched off', () => {
    const checks = [
      basicCheck(),
      functionalCheck({ tool: 'echo' }),
      functionalCheck({ enabled: false }),
      functionalCheck({ name: 'mine', tool: 'echo' }),
    ];
    const plan = plannedChecks(serviceConfig({ monitoring: { checks } }));
    expect(plan.map(({ key, label }) => [key, label])).toEqual([
      ['basic-0', 'basic'],
      ['functional-1', 'functional echo'],
      ['mine', 'mine'],
    ]);
  });
});

describe('a dependency check', () => {
  const checks = [{ ...DEFAULT_CHECKS.dependency }];
  const external = [{ name: 'db', url: null, tcp: 'db:1', timeout_ms: 1, required: false }];

  it('is planned for a service that needs something, and for no other', () => {
    expect(plannedChecks(serviceConfig({ monitoring: { checks } }))).toEqual([]);
    const needy = serviceConfig({ monitoring: { checks }, integration: { external } });
    expect(plannedChecks(needy).map(({ label }) => label)).toEqual(['dependency']);
  });
});

describe('a security check', () => {
  const security = { ...DEFAULT_CHECKS.security, enabled: false };
  const keysWith = (tool_pinning: 'off' | 'warn' | 'block', enabled: boolean): string[] =>
    plannedChecks(
      serviceConfig({
        security: { tool_pinning },
        monitoring: { checks: [{ ...security, enabled }] },
      }),
    ).map(({ label }) => label);

  it('that is switched off is planned for pinned tools alone', () => {
    expect(keysWith('off', true)).toEqual(['security']);
    expect(keysWith('off', false)).toEqual([]);
    expect(keysWith('warn', false)).toEqual(['security']);
  });

  it.each([
    [false, false, 86_400_000],
    [true, false, 60_000],
    [true, true, 900_000],
  ])('that blocks (%s) an idle (%s) service runs every %i ms', (blocking, idle, expected) => {
    const circumstances = { idle, failing: blocking, blocking };
    expect(intervalOf(planned(security), circumstances)).toBe(expected);
  });
});

describe('intervalOf', () => {
  it.each<[string, PlannedCheck['config'], boolean, boolean, number]>([
    ['a basic check keeps its own', basicCheck(), false, false, 10_000],
    ['a failing basic check is sooner', basicCheck(), false, true, 5_000],
    [
      'a short one is not stretched by failing',
      basicCheck({ interval_ms: 1_000 }),
      false,
      true,
      1_000,
    ],
    ['an idle basic check keeps its own', basicCheck(), true, false, 10_000],
    ['a named tool keeps its own', functionalCheck({ tool: 'a' }), false, false, 60_000],
    ['a chosen tool is spared', functionalCheck(), false, false, 300_000],
    ['a chosen tool that fails is not', functionalCheck(), false, true, 60_000],
    ['what fails is started soon', functionalCheck({ tool: 'a' }), true, true, 60_000],
    ['an idle service is started seldom', functionalCheck({ tool: 'a' }), true, false, 900_000],
    [
      'a longer interval stands',
      functionalCheck({ tool: 'a', interval_ms: 3_600_000 }),
      true,
      false,
      3_600_000,
    ],
  ])('%s', (_name, config, idle, failing, expected) => {
    expect(intervalOf(planned(config), { idle, failing })).toBe(expected);
  });
});
