import type { FakeSpec } from './fake-registry.js';
import { LifecycleWorld } from './lifecycle-world.js';

export const SHARED: FakeSpec = { config: { runtime: { isolation: 'shared' } } };

/** A booted world. */
export async function openWorld(maxInstances = 64): Promise<LifecycleWorld> {
  const world = new LifecycleWorld();
  world.maxInstances = maxInstances;
  await world.open();
  return world;
}

/** Registers a service; answers its id. */
export async function register(
  world: LifecycleWorld,
  name: string,
  spec: FakeSpec = SHARED,
): Promise<string> {
  const id = world.random.uuid();
  world.registry.create(id, name, spec);
  await world.settle();
  return id;
}

/** Registers a service, and sees it become active. */
export async function serve(
  world: LifecycleWorld,
  name: string,
  spec: FakeSpec = SHARED,
): Promise<string> {
  const before = [world.autoProve, world.autoPublish] as const;
  world.autoProve = true;
  world.autoPublish = true;
  const id = await register(world, name, spec);
  [world.autoProve, world.autoPublish] = before;
  world.take();
  return id;
}
