import { describe, expect, it } from '@jest/globals';
import { settle } from '../../test/support/manual-clock.js';
import { openWorld, register, serve, SHARED } from '../../test/transcripts/world-service.js';
import { ToolsChanged } from './lifecycle.events.js';
import type { HealthRecord } from './service-status.js';

const HEALTHY: HealthRecord = {
  level: 'healthy',
  summary: 'All checks pass',
  reason: 'Passing',
  action: null,
  checked_at: '2026-01-01T00:00:10.000Z',
};

describe('what upper layers saw', () => {
  it('of an attempt: the upstream is given out only while a proof is waited for', async () => {
    const world = await openWorld();
    const id = await register(world, 'weather');
    const attempt = world.core.parts.runtimes.of(id).attempt;
    const seen = world.lifecycle.upstreamOf(attempt?.id ?? '');
    expect(seen).toMatchObject({ service_id: id, service_name: 'weather', revision: 1 });
    expect(seen?.upstream).toBe(world.maker.at(0));
    expect(seen?.deadline_ms).toBe(50_000);
    await world.prove('weather', 'ok');
    expect(world.lifecycle.upstreamOf(attempt?.id ?? '')).toBeNull();
    await world.lifecycle.stop();
  });

  it('of an attempt that is over is ignored', async () => {
    const world = await openWorld();
    const id = await serve(world, 'weather');
    const before = world.lifecycle.statusOf(id);
    const failure = {
      stage: 'prove',
      code: 'health.x',
      reason: 'X',
      message: '',
      action: '',
      stderr: [],
    } as const;
    await world.lifecycle.recordProof('nobody', { ok: false, failure });
    expect(world.lifecycle.statusOf(id)).toEqual(before);
  });

  it('of health is stored when it changes; the time of a check alone is not', async () => {
    const world = await openWorld();
    const id = await serve(world, 'weather');
    await world.lifecycle.recordHealth(id, HEALTHY);
    const { revision } = world.store;
    const later = { ...HEALTHY, checked_at: '2026-01-01T00:00:20.000Z' };
    await world.lifecycle.recordHealth(id, later);
    expect(world.store.revision).toBe(revision);
    expect(world.lifecycle.statusOf(id).health).toEqual(later);
    await world.lifecycle.recordHealth(id, { ...later, level: 'degraded', reason: 'Slow' });
    expect(world.store.revision).toBe(revision + 1);
    await world.lifecycle.recordHealth('nobody', HEALTHY);
  });

  it('of its safety keeps callers away while it runs on, until it is withdrawn', async () => {
    const world = await openWorld();
    const id = await serve(world, 'weather');
    world.autoPublish = true;
    const blockage = { reason: 'LiteralSecret', message: 'It is written out.', action: 'Mend it.' };
    const told = world.lifecycle.recordBlockage(id, blockage);
    expect(world.lifecycle.availabilityOf(id)).toMatchObject({ serving: false, ...blockage });
    await settle();
    await world.clock.advance(1_000);
    await told;
    expect(world.lifecycle.statusOf(id).state).toBe('active');
    expect(world.lifecycle.instances(id)).toHaveLength(1);
    void world.lifecycle.recordBlockage(id, null);
    expect(world.lifecycle.availabilityOf(id).serving).toBe(true);
    await world.lifecycle.recordBlockage('nobody', blockage);
    await world.lifecycle.stop();
  });

  it('of its safety does not hold up an update that waits for a table which will not name it', async () => {
    const world = await openWorld();
    const id = await register(world, 'weather');
    await world.prove('weather', 'ok');
    expect(world.core.parts.runtimes.of(id).attempt?.phase).toBe('publishing');
    const blockage = { reason: 'LiteralSecret', message: 'It is written out.', action: 'Mend it.' };
    void world.lifecycle.recordBlockage(id, blockage);
    await settle();
    expect(world.lifecycle.statusOf(id).state).toBe('active');
    await world.lifecycle.stop();
  });

  it('of a required resource outside keeps callers away until it is back, when the service starts by itself', async () => {
    const world = await openWorld();
    const id = await serve(world, 'weather');
    world.autoProve = world.autoPublish = true;
    world.lifecycle.recordExternal(id, 'The resource "db" is away.');
    await world.core.reconciler.wake(id);
    expect(world.lifecycle.availabilityOf(id)).toMatchObject({
      serving: false,
      reason: 'DependencyExternal',
      message: 'The resource "db" is away.',
    });
    expect(world.lifecycle.statusOf(id).conditions).toContainEqual(
      expect.objectContaining({ type: 'DependenciesReady', status: 'false' }),
    );
    world.lifecycle.recordExternal(id, null);
    await world.core.reconciler.wake(id);
    await settle();
    expect(world.lifecycle.statusOf(id).state).toBe('active');
    expect(world.lifecycle.availabilityOf(id).serving).toBe(true);
    await world.lifecycle.stop();
  });

  it('of tools is announced when they are others', async () => {
    const world = await openWorld();
    const id = await serve(world, 'weather');
    const heard: string[] = [];
    world.core.parts.bus.subscribe(ToolsChanged, ({ service_id }) => {
      heard.push(service_id);
    });
    await world.lifecycle.recordTools(id, [{ name: 'other' }]);
    await world.lifecycle.recordTools(id, [{ name: 'other' }]);
    expect(heard).toEqual([id]);
    expect(world.lifecycle.statusOf(id).tools).toEqual([{ name: 'other' }]);
  });

  it('of a service that is not in rotation changes nothing', async () => {
    const world = await openWorld();
    const id = await register(world, 'weather');
    world.lifecycle.recordUnhealthy(id, 'PingFailed', 'no answer');
    await world.settle();
    expect(world.lifecycle.statusOf(id).state).toBe('deploying');
    await world.lifecycle.stop();
  });

  it('of a published table ends the revisions that it no longer names', async () => {
    const world = await openWorld();
    const id = await serve(world, 'weather');
    world.registry.propose(id, SHARED);
    await world.settle();
    await world.prove('weather', 'ok');
    await world.settle();
    // A route is pinned to revision 1: it keeps its instances.
    world.lifecycle.recordPublished(90, new Map([[id, [2, 1]]]));
    await world.settle();
    expect(world.lifecycle.statusOf(id).state).toBe('active');
    expect(world.maker.at(0).state).toBe('running');
    world.lifecycle.recordPublished(91, new Map([[id, [2]]]));
    await world.settle();
    expect(world.maker.at(0).state).toBe('stopped');
    expect(world.lifecycle.sourceFor(id, 1)).toBeNull();
  });

  it('of other conditions is set and dropped', async () => {
    const world = await openWorld();
    const id = await serve(world, 'weather');
    const degraded = { type: 'Degraded', status: 'true', reason: 'Slow', message: '' } as const;
    await world.lifecycle.recordCondition(id, degraded);
    expect(world.lifecycle.statusOf(id).conditions).toContainEqual({
      ...degraded,
      since: world.clock.timestamp(),
    });
    await world.lifecycle.recordCondition(id, null, ['Degraded']);
    expect(world.lifecycle.statusOf(id).conditions.map(({ type }) => type)).not.toContain(
      'Degraded',
    );
  });
});
