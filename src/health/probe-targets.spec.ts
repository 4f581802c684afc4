import { describe, expect, it } from '@jest/globals';
import { FakeHealthLifecycle } from '../../test/support/fake-health-lifecycle.js';
import { basicCheck, functionalCheck } from '../../test/support/fake-probe-conversation.js';
import { serviceConfig, serviceDocument } from '../../test/support/service-fixture.js';
import { DEFAULT_CHECKS } from '../config/defaults.js';
import type { HealthCheckConfig, ServiceConfig, ToolPinning } from '../config/service-config.js';
import { ProbeTargets } from './probe-targets.js';
import type { ProbeTarget } from './probe.js';

const BLOCKAGE = { reason: 'LiteralSecret', message: '', action: '' };

class World {
  readonly lifecycle = new FakeHealthLifecycle();
  used = false;
  readonly targets = new ProbeTargets(this.lifecycle, { usedWithin: () => this.used });

  target(
    config: HealthCheckConfig,
    effective: ServiceConfig = serviceConfig(),
    announced = false,
  ): ProbeTarget | null {
    const doc = serviceDocument('weather', { effective });
    return this.targets.targetOf(doc, { key: 'k', label: 'l', config }, announced);
  }
}

describe('ProbeTargets', () => {
  it('points no probe at what cannot be called, but those that look elsewhere', () => {
    const world = new World();
    expect(world.target(basicCheck())).not.toBeNull();
    world.lifecycle.serving = false;
    expect(world.target(basicCheck())).toBeNull();
    expect(world.target(functionalCheck())).toBeNull();
    expect(world.target({ ...DEFAULT_CHECKS.dependency })).not.toBeNull();
    expect(world.target({ ...DEFAULT_CHECKS.security })).not.toBeNull();
  });

  it('knows the endpoint of this revision alone', () => {
    const world = new World();
    expect(world.target(basicCheck())?.endpoint).toBe('/mcp/weather');
    world.lifecycle.state = 'updating';
    expect(world.target(basicCheck())?.endpoint).toBeNull();
  });

  it.each<[ToolPinning, boolean, boolean, boolean, boolean]>([
    ['block', false, true, false, true],
    ['block', false, false, true, true],
    ['block', false, false, false, false],
    ['warn', false, true, false, false],
    ['warn', true, true, false, true],
    ['off', true, true, false, false],
  ])(
    'with pinning %s, announced %s, serving %s, blocked %s has its tools listed: %s',
    (tool_pinning, announced, serving, blocked, lists) => {
      const world = new World();
      world.lifecycle.serving = serving;
      world.lifecycle.blockage = blocked ? BLOCKAGE : null;
      const config = serviceConfig({ security: { tool_pinning } });
      const found = world.target({ ...DEFAULT_CHECKS.security }, config, announced);
      expect(found?.lists).toBe(lists);
    },
  );

  it('knows what is idle and what is asleep', () => {
    const world = new World();
    const doc = serviceDocument('weather');
    const { targets, lifecycle } = world;
    expect([targets.isIdle(doc), targets.isAsleep(doc)]).toEqual([false, false]);
    lifecycle.instanceViews = [{ state: 'ready', uptime_s: 301 }];
    expect([targets.isIdle(doc), targets.isAsleep(doc)]).toEqual([true, false]);
    world.used = true;
    expect(targets.isIdle(doc)).toBe(false);
    lifecycle.instanceViews = [];
    expect([targets.isIdle(doc), targets.isAsleep(doc)]).toEqual([true, true]);
  });

  it('calls a remote service neither idle nor asleep', () => {
    const world = new World();
    world.lifecycle.instanceViews = [];
    const effective = serviceConfig({ runtime: { command: null } });
    const doc = serviceDocument('weather', { effective });
    expect([world.targets.isIdle(doc), world.targets.isAsleep(doc)]).toEqual([false, false]);
  });
});
