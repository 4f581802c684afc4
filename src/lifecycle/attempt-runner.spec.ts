import { describe, expect, it } from '@jest/globals';
import { openWorld, register, serve, SHARED } from '../../test/transcripts/world-service.js';
import { revisionOf } from '../../test/transcripts/fake-registry.js';
import { proofBudgetMs } from './attempt-runner.js';
import { InstanceReady, ToolsChanged } from './lifecycle.events.js';
import { failureOf } from './failure-mapping.js';
import { NO_CRASHES } from './restart-policy.js';
import { UpstreamError } from '../upstream/upstream.errors.js';
import { runnableOf } from './service-observer.js';

const check = (timeout_ms: number, kind = 'functional', enabled = true) => ({
  kind,
  enabled,
  timeout_ms,
});

describe('an activation', () => {
  it.each([
    [[], 50_000],
    [[check(25_000)], 65_000],
    [[check(25_000), check(5_000), check(20_000)], 90_000],
    [[check(25_000, 'basic'), check(25_000, 'functional', false)], 40_000],
  ])('with the checks %j may take %i ms to be proven', (checks, expected) => {
    const revision = revisionOf('id', 'x', 1, { config: { monitoring: { checks } } });
    expect(proofBudgetMs(runnableOf(revision))).toBe(expected);
  });

  it('stores tools, proof and server before it asks for a table', async () => {
    const world = await openWorld();
    const id = await register(world, 'weather');
    const seen: unknown[] = [];
    world.core.parts.bus.subscribe(InstanceReady, () => {
      const { tools, proof, server } = world.lifecycle.statusOf(id);
      seen.push([tools.length, proof?.tool, server?.protocol_version]);
    });
    await world.prove('weather', 'ok');
    await world.settle();
    expect(seen).toEqual([[1, 'echo', '2025-11-25']]);
    await world.lifecycle.stop();
  });

  it('tells of tools only when they are others than before', async () => {
    const world = await openWorld();
    const heard: string[] = [];
    world.core.parts.bus.subscribe(ToolsChanged, ({ service_id }) => {
      heard.push(service_id);
    });
    const id = await serve(world, 'weather');
    world.registry.propose(id, SHARED);
    await world.settle();
    await world.prove('weather', 'ok');
    await world.settle();
    expect(heard).toEqual([id]);
    await world.lifecycle.stop();
  });

  it('whose upstream ends before its proof fails with the reason of that end', async () => {
    const world = await openWorld();
    const id = await register(world, 'weather');
    world.maker.at(0).crash('memory-limit');
    await world.clock.advance(1000);
    expect(world.lifecycle.statusOf(id)).toMatchObject({
      state: 'error',
      last_failure: { code: 'upstream.memory-limit', stage: 'prove' },
    });
  });

  it.each([
    ['upstream.exited-early', 'handshake', 'upstream.exited-early', 'handshake'],
    ['health.prober-fault', 'prove', 'upstream.exited', 'prove'],
  ] as const)(
    'whose prover says %s at %s of an upstream that ended fails as %s at %s',
    async (code, stage, toldCode, toldStage) => {
      const world = await openWorld();
      const id = await register(world, 'weather');
      const heard = world.core.attempts;
      world.maker.at(0).crash('exited');
      const attempt = world.core.parts.runtimes.of(id).attempt;
      expect(heard.find(attempt?.id ?? '')).toBe(attempt);
      const said = { code, stage, reason: 'X', message: 'x', action: 'y', stderr: [] };
      await world.lifecycle.recordProof(attempt?.id ?? '', { ok: false, failure: said });
      await world.settle();
      expect(world.lifecycle.statusOf(id).last_failure).toMatchObject({
        code: toldCode,
        stage: toldStage,
      });
      await world.lifecycle.stop();
    },
  );

  it('whose upstream ended is not proven, whatever its prover says', async () => {
    const world = await openWorld();
    const id = await register(world, 'weather');
    world.maker.at(0).crash('exited');
    await world.prove('weather', 'ok');
    await world.settle();
    expect(world.lifecycle.statusOf(id)).toMatchObject({
      state: 'error',
      last_failure: { code: 'upstream.exited', stage: 'prove' },
    });
    await world.lifecycle.stop();
  });

  it('keeps the fault of what ended between its promotion and its end', async () => {
    const world = await openWorld();
    const id = await serve(world, 'weather');
    const { attempts, parts } = world.core;
    const runtime = parts.runtimes.of(id);
    const error = new UpstreamError('crash-loop', 'It keeps failing');
    const looping = { ...NO_CRASHES, looping: true };
    for (const fault of [{ failure: failureOf(error), error, restartable: true }, null]) {
      const attempt = attempts.open(runnableOf(revisionOf(id, 'weather', 1, {})), 'prove');
      runtime.fault = fault;
      runtime.restarts = looping;
      attempts.finish(runtime, attempt);
      expect(runtime.fault).toBe(fault);
      expect(runtime.restarts.looping).toBe(fault !== null);
    }
    await world.lifecycle.stop();
  });

  it('leaves what serves when the promotion is refused', async () => {
    const world = await openWorld();
    const id = await serve(world, 'weather');
    world.registry.propose(id, SHARED);
    await world.settle();
    world.registry.promote = () => Promise.reject(new Error('not a candidate'));
    await world.prove('weather', 'ok');
    await world.settle();
    expect(world.lifecycle.statusOf(id)).toMatchObject({
      state: 'active',
      stable_revision: 1,
      last_failure: { code: 'lifecycle.promotion-refused', stage: 'mount' },
    });
    expect(world.maker.running).toEqual([world.maker.at(0)]);
    expect(world.lifecycle.availabilityOf(id).serving).toBe(true);
  });
});
