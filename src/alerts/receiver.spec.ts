import { describe, expect, it } from '@jest/globals';
import { receiver, SECRET } from '../../test/support/alert-fixture.js';
import { serviceConfig } from '../../test/support/service-fixture.js';
import { KeyFileError } from '../auth/api-keys.js';
import type { ServiceConfig } from '../config/service-config.js';
import { isMeant, parseReceivers, receiversOfService } from './receiver.js';

const ENTRY = { name: 'on-call', url: 'https://hooks.example/in', secret: SECRET };

function faultsOf(...receivers: readonly unknown[]): readonly string[] {
  try {
    parseReceivers(Buffer.from(JSON.stringify({ receivers })));
  } catch (error) {
    if (error instanceof KeyFileError) return error.faults;
    throw error;
  }
  return [];
}

describe('the file of receivers', () => {
  it('is read with its defaults', () => {
    const file = {
      receivers: [ENTRY, { ...ENTRY, name: 'geo', services: ['geo-*'], min_severity: 'critical' }],
    };
    expect(parseReceivers(Buffer.from(JSON.stringify(file)))).toEqual([
      receiver(),
      receiver({
        receiver_id: 'gateway:geo',
        name: 'geo',
        services: ['geo-*'],
        min_severity: 'critical',
      }),
    ]);
  });

  it('may refer to secrets', () => {
    expect(faultsOf({ ...ENTRY, secret: '${env:SWITCHYARD_SECRET_HOOK}' })).toEqual([]);
  });

  it.each<[string, unknown, string]>([
    ['something else', 7, '/receivers/0 is not an object'],
    ['an unknown member', { ...ENTRY, x: 1 }, '/receivers/0/x is unknown'],
    ['a bad name', { ...ENTRY, name: 'a b' }, '/receivers/0/name'],
    ['no URL', { ...ENTRY, url: undefined }, '/receivers/0/url must be an absolute URL.'],
    ['another scheme', { ...ENTRY, url: 'ftp://x' }, '/receivers/0/url must be an http'],
    ['credentials in the URL', { ...ENTRY, url: 'https://a:b@c' }, '/receivers/0/url must not'],
    ['a weak secret', { ...ENTRY, secret: 'whsec_hush' }, '/receivers/0/secret is neither'],
    ['a broken reference', { ...ENTRY, secret: '${env:' }, '/receivers/0/secret is neither'],
    ['text around a reference', { ...ENTRY, secret: 'x${env:A}' }, '/receivers/0/secret'],
    ['an unknown severity', { ...ENTRY, min_severity: 'info' }, '/receivers/0/min_severity'],
    ['bad patterns', { ...ENTRY, services: ['A B'] }, '/receivers/0/services is neither'],
  ])('is refused with %s, and the secret is not shown', (_what, entry, fault) => {
    const faults = faultsOf(entry);
    expect(faults.join('\n')).toContain(fault);
    expect(faults.join('\n')).not.toContain('hush');
  });

  it('is refused with two of one name, and with too many', () => {
    expect(faultsOf(ENTRY, ENTRY)).toEqual(['Two entries have the name "on-call"']);
    const many = Array.from({ length: 65 }, (_, at) => ({ ...ENTRY, name: `r${String(at)}` }));
    expect(faultsOf(...many)).toEqual(['There are more than 64 receivers']);
  });
});

describe('the receivers of a service', () => {
  const webhooks = [
    { url: 'https://a.example', secret: '${env:A}', min_severity: 'warning' },
  ] as const;

  it('have the same id as long as their URL is the same', () => {
    const config = serviceConfig({ integration: { webhooks } });
    const [first] = receiversOfService('s1', 'weather', config);
    expect(first).toMatchObject({ name: 'weather#0', service_id: 's1', min_severity: 'warning' });
    expect(first?.receiver_id).toMatch(/^service:s1:[0-9a-f]{8}$/);
    const [again] = receiversOfService('s1', 'renamed', config);
    expect(again?.receiver_id).toBe(first?.receiver_id);
  });

  it('are none where a stored configuration is older than webhooks', () => {
    const integration = { dependencies: [] };
    const older = { ...serviceConfig(), integration } as unknown as ServiceConfig;
    expect(receiversOfService('s1', 'weather', older)).toEqual([]);
  });
});

describe('isMeant', () => {
  const own = { service_id: 's1', name: 'geo-a' };
  const gateway = { service_id: null, name: 'gateway' };

  it.each([
    ['everything of everybody', receiver(), own, 'warning', true],
    ['the gateway’s own', receiver(), gateway, 'critical', true],
    ['nothing below its severity', receiver({ min_severity: 'critical' }), own, 'warning', false],
    ['what its patterns name', receiver({ services: ['geo-*'] }), own, 'warning', true],
    ['not what they leave out', receiver({ services: ['map-*'] }), own, 'critical', false],
    [
      'not the gateway’s own, with patterns',
      receiver({ services: ['*'] }),
      gateway,
      'critical',
      false,
    ],
    ['its own service', receiver({ service_id: 's1' }), own, 'warning', true],
    ['no other service', receiver({ service_id: 's2' }), own, 'critical', false],
    [
      'not the gateway’s own, as a service',
      receiver({ service_id: 's2' }),
      gateway,
      'critical',
      false,
    ],
  ] as const)('tells a receiver %s', (_what, who, alert, severity, expected) => {
    expect(isMeant(who, alert, severity)).toBe(expected);
  });
});
