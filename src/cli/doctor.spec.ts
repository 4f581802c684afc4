import { describe, expect, it } from '@jest/globals';
import { examine, isWell, renderFindings, type DoctorFacts } from './doctor.js';

const WELL: DoctorFacts = {
  version: '1.0.0',
  ready: { status: 200, body: { checks: {} } },
  system: {
    version: '1.0.0',
    node: 'v20',
    settings: { host: '127.0.0.1', api_keys: false },
    storage: { read_only: false, disk_full: false, revision: 7, faults: [] },
  },
  services: [{ name: 'a', status: 'active', health: { level: 'healthy' } }],
  alerts: [],
};

const withStorage = (change: object): DoctorFacts => ({
  ...WELL,
  system: { ...WELL.system, storage: { ...(WELL.system['storage'] as object), ...change } },
});

const sick = (level: string): DoctorFacts => ({
  ...WELL,
  services: [{ name: 'a', health: { level, summary: 'It hangs.', action: 'Look.' } }],
});

describe('the doctor', () => {
  it('finds nothing wrong with a gateway that is well', () => {
    const findings = examine(WELL);
    expect(findings.map(({ verdict }) => verdict)).toEqual(findings.map(() => 'ok'));
    expect(isWell(findings)).toBe(true);
  });

  it.each<[string, DoctorFacts, 'warn' | 'fail', string]>([
    ['another version', { ...WELL, version: '0.9.0' }, 'warn', 'this command line is 0.9.0'],
    [
      'a gateway that is not ready',
      { ...WELL, ready: { status: 503, body: { checks: { routes: 'waits' } } } },
      'fail',
      'not ready (routes: waits)',
    ],
    [
      'a read-only store',
      withStorage({ read_only: true, reason: 'damaged' }),
      'fail',
      'read-only: damaged',
    ],
    ['a full disk', withStorage({ disk_full: true }), 'fail', 'the disk is full'],
    [
      'a file edited by hand',
      withStorage({ faults: [{ kind: 'service', id: 'x', fault: 'drifted', detail: 'd' }] }),
      'warn',
      'service x is drifted: d',
    ],
    [
      'a damaged file',
      withStorage({ faults: [{ kind: 'service', id: 'x', fault: 'corrupt', detail: 'd' }] }),
      'fail',
      'service x is corrupt: d',
    ],
    ['an unhealthy service', sick('unhealthy'), 'fail', 'a is unhealthy: It hangs.'],
    ['a degraded service', sick('degraded'), 'warn', 'a is degraded: It hangs.'],
    [
      'an alert',
      {
        ...WELL,
        alerts: [
          { state: 'firing', rule: 'DiskFull', name: null },
          { state: 'firing', rule: 'ServiceError', name: 'a' },
        ],
      },
      'warn',
      '2 firing: DiskFull of the gateway, ServiceError of a',
    ],
  ])('tells of %s, and what to do', (_what, facts, verdict, message) => {
    const found = examine(facts).find((one) => one.message.includes(message));
    expect(found?.verdict).toBe(verdict);
    expect(found?.action).not.toBe('');
    expect(isWell(examine(facts))).toBe(verdict !== 'fail');
    expect(renderFindings(examine(facts))).toContain(`next: ${found?.action ?? ''}`);
  });
});
