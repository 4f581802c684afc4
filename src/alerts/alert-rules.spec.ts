import { describe, expect, it } from '@jest/globals';
import { serviceConfig } from '../../test/support/service-fixture.js';
import { DEFAULT_CHECKS } from '../config/defaults.js';
import type { ServiceConfig } from '../config/service-config.js';
import type { Condition, HealthRecord } from '../lifecycle/service-status.js';
import type { StoreStatus } from '../storage/record-store.js';
import { alertConfigOf, reportOfService, reportOfStore, type ServiceFacts } from './alert-rules.js';

const ALERTS = { enabled: true, hold_intervals: 2, repeat_ms: 14_400_000 };
const CONFIG = serviceConfig({
  monitoring: { checks: [DEFAULT_CHECKS.basic, DEFAULT_CHECKS.functional], alerts: ALERTS },
});

function record(over: Partial<HealthRecord> = {}): HealthRecord {
  return {
    level: 'healthy',
    summary: 'Fine.',
    reason: 'Proven',
    action: null,
    checked_at: null,
    ...over,
  };
}

function condition(
  type: Condition['type'],
  status: Condition['status'],
  reason: string,
): Condition {
  return { type, status, reason, message: `${reason}.`, since: '2026-01-01T00:00:00.000Z' };
}

function failure(over: Partial<ServiceFacts['failure'] & object> = {}): ServiceFacts['failure'] {
  return {
    stage: 'start',
    code: 'upstream.exited',
    reason: 'Exited',
    message: 'It ended.',
    action: 'Read stderr.',
    stderr: [],
    revision: 1,
    at: '2026-01-01T00:00:00.000Z',
    ...over,
  };
}

function rulesOf(over: Partial<ServiceFacts>): string[] {
  const facts: ServiceFacts = {
    state: 'active',
    conditions: [],
    failure: null,
    hasServed: true,
    record: record(),
    config: CONFIG,
    ...over,
  };
  const { status, observations } = reportOfService('weather', facts);
  return [
    status,
    ...observations.map(({ rule, severity, hold_ms }) => `${rule} ${severity} ${String(hold_ms)}`),
  ];
}

const BROKEN = record({ level: 'unhealthy', reason: 'Exited', summary: 'It ended.' });

describe('what is alerted of a service', () => {
  it.each<[string, Partial<ServiceFacts>, string[]]>([
    ['a healthy one', {}, ['known']],
    ['one that is not wanted active', { state: 'inactive', record: BROKEN }, ['off']],
    ['one on its way out', { state: 'deactivating' }, ['off']],
    ['a draft', { state: 'draft' }, ['off']],
    ['one that is being started', { state: 'deploying', record: BROKEN }, ['unknown']],
    [
      'one that is mounted and not proven since the start',
      { record: record({ level: 'unknown', reason: 'NotYetProven' }) },
      ['unknown'],
    ],
    [
      'one whose functional check fails',
      { record: record({ level: 'degraded', reason: 'AssertionFailed' }) },
      ['known', 'ServiceDegraded warning 120000'],
    ],
    ['one out of rotation', { record: BROKEN }, ['known', 'ServiceUnhealthy critical 20000']],
    [
      'one in error that has served before',
      { state: 'error', failure: failure(), record: BROKEN },
      ['known', 'ServiceUnhealthy critical 20000'],
    ],
    [
      'one whose activation failed',
      { state: 'error', failure: failure(), record: BROKEN, hasServed: false },
      ['known', 'ServiceError critical 20000'],
    ],
    [
      'one whose credentials were refused: at once',
      { state: 'error', failure: failure({ code: 'upstream.unauthorized' }), record: BROKEN },
      ['known', 'ServiceError critical 0'],
    ],
    [
      'one that crashes in a loop: at once, before the plain fault',
      {
        state: 'error',
        failure: failure(),
        record: BROKEN,
        conditions: [condition('CrashLoopBackOff', 'true', 'CrashLoopBackOff')],
      },
      ['known', 'CrashLoop critical 0', 'ServiceUnhealthy critical 20000'],
    ],
    [
      'one in error for a dependency',
      { state: 'error', failure: failure({ stage: 'dependencies' }), record: BROKEN },
      ['known', 'DependencyDown warning 20000'],
    ],
    [
      'an active one whose dependency is gone',
      { record: record({ level: 'unhealthy', reason: 'DependencyNotActive' }) },
      ['known', 'DependencyDown warning 20000'],
    ],
    [
      'a security finding that warns',
      {
        conditions: [condition('Secure', 'false', 'ToolsChanged')],
        record: record({ level: 'degraded', reason: 'ToolsChanged' }),
      },
      ['known', 'SecurityFinding warning 20000'],
    ],
    [
      'a security finding that blocks: at once',
      {
        conditions: [condition('Secure', 'false', 'LiteralSecret')],
        record: record({ level: 'unhealthy', reason: 'LiteralSecret' }),
      },
      ['known', 'SecurityFinding critical 0'],
    ],
    [
      'a security finding beside another fault',
      { conditions: [condition('Secure', 'false', 'PlainHttp')], record: BROKEN },
      ['known', 'SecurityFinding warning 20000', 'ServiceUnhealthy critical 20000'],
    ],
    [
      'a security finding of one that is not proven yet',
      {
        conditions: [condition('Secure', 'false', 'PlainHttp')],
        record: record({ level: 'unknown', reason: 'NotYetProven' }),
      },
      ['unknown', 'SecurityFinding warning 20000'],
    ],
  ])('%s', (_what, facts, expected) => {
    expect(rulesOf(facts)).toEqual(expected);
  });

  it('says what the health record says', () => {
    const { observations } = reportOfService('weather', {
      state: 'active',
      conditions: [],
      failure: null,
      hasServed: true,
      record: { ...BROKEN, action: 'Read stderr.' },
      config: CONFIG,
    });
    expect(observations[0]).toMatchObject({
      level: 'unhealthy',
      reason: 'Exited',
      summary: 'It ended.',
      action: 'Read stderr.',
    });
  });
});

describe('the configuration of alerts', () => {
  const config = (alerts: Partial<typeof ALERTS>): ServiceConfig =>
    serviceConfig({
      monitoring: { checks: [DEFAULT_CHECKS.basic], alerts: { ...ALERTS, ...alerts } },
    });

  it('switches them off', () => {
    expect(rulesOf({ record: BROKEN, config: config({ enabled: false }) })).toEqual(['gone']);
  });

  it('says for how many intervals of the checks they are held', () => {
    const rules = rulesOf({ record: BROKEN, config: config({ hold_intervals: 5 }) });
    expect(rules).toEqual(['known', 'ServiceUnhealthy critical 50000']);
    const degraded = record({ level: 'degraded' });
    // No functional check is on: 10 s are assumed.
    expect(rulesOf({ record: degraded, config: config({ hold_intervals: 3 }) })).toEqual([
      'known',
      'ServiceDegraded warning 30000',
    ]);
  });

  it('says how often they are told again', () => {
    const facts: ServiceFacts = {
      state: 'active',
      conditions: [],
      failure: null,
      hasServed: true,
      record: BROKEN,
      config: config({ repeat_ms: 90_000 }),
    };
    expect(reportOfService('weather', facts).observations[0]?.repeat_ms).toBe(90_000);
  });

  it('is the default where a stored configuration is older than alerts', () => {
    const { checks } = CONFIG.monitoring;
    const older = { ...CONFIG, monitoring: { checks } } as unknown as ServiceConfig;
    expect(alertConfigOf(older)).toEqual(ALERTS);
  });
});

describe('what is alerted of the gateway', () => {
  const status = (over: Partial<StoreStatus>): StoreStatus => ({
    adapter: 'file',
    revision: 1,
    records: {},
    read_only: false,
    reason: null,
    faults: [],
    boot: {},
    ...over,
  });

  it.each<[string, Partial<StoreStatus>, string[]]>([
    ['nothing of a store that works', {}, []],
    ['nothing of one that found room', { disk_full: false }, []],
    [
      'a store that is read-only',
      { read_only: true, reason: 'The disk fails.' },
      ['StorageReadOnly'],
    ],
    ['a full disk', { disk_full: true }, ['DiskFull']],
  ])('%s', (_what, over, rules) => {
    const { name, status: known, observations } = reportOfStore(status(over));
    expect([name, known, ...observations.map(({ rule }) => rule)]).toEqual([
      'gateway',
      'known',
      ...rules,
    ]);
    for (const one of observations) expect([one.severity, one.hold_ms]).toEqual(['critical', 0]);
  });
});
