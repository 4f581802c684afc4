import { describe, expect, it } from '@jest/globals';
import { Registry } from 'prom-client';
import { ServiceLabels } from './service-labels.js';

const registry = new Registry();
const series = new ServiceLabels(registry);

async function shown(
  services: Readonly<Record<string, Record<string, string>>>,
): Promise<string[]> {
  const readings = Object.entries(services).map(([service, labels]) => ({
    ...{ service, labels, health: 'healthy', crash_looping: false, instances: {} },
    memory_bytes: null,
  }));
  series.refresh(readings);
  const lines = (await registry.metrics()).split('\n');
  return lines.filter((line) => line.startsWith('switchyard_service_info'));
}

describe('the labels of services', () => {
  it('are one series for each service that has some', async () => {
    expect(await shown({ a: { team: 'geo', tier: '1' }, b: { team: 'web' }, c: {} })).toEqual([
      'switchyard_service_info{service="a",label_team="geo",label_tier="1"} 1',
      'switchyard_service_info{service="b",label_team="web"} 1',
    ]);
  });

  it('follow what is configured, and cannot take the place of ours', async () => {
    expect(await shown({ a: { service: 'x"y' } })).toEqual([
      'switchyard_service_info{service="a",label_service="x\\"y"} 1',
    ]);
    expect(await shown({ a: {} })).toEqual([]);
  });

  it('have at most 64 names over all services', async () => {
    const many = Array.from({ length: 10 }, (_, at) => {
      const names = Array.from({ length: 8 }, (_one, name) => [`n${10 + at}_${name}`, 'v']);
      return [`s${at}`, Object.fromEntries(names) as Record<string, string>] as const;
    });
    const lines = await shown(Object.fromEntries(many));
    expect(lines).toHaveLength(10);
    expect(lines.join().match(/label_/g)).toHaveLength(64);
    expect(lines[9]).toBe('switchyard_service_info{service="s9"} 1');
  });
});
