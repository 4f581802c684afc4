import { afterEach, describe, expect, it } from '@jest/globals';
import { SilentLogger } from '../../../src/kernel/logger.js';
import { NodeSpawner, type SpawnRequest } from '../../../src/upstream/spawner.js';
import { UpstreamFactory } from '../../../src/upstream/upstream.factory.js';
import type { Upstream } from '../../../src/upstream/upstream.js';
import {
  cleanUp,
  clock,
  fixture,
  isAlive,
  nodeCommand,
  spec,
  startUpstream,
  until,
  watched,
} from './harness.js';
import { ALICE, LegacyClient, startStateless } from './stateless-harness.js';

const NO_SINK = { onMessage() {}, onEnd() {} };

afterEach(cleanUp);

/** Keeps which children were started to be asked what they speak. */
class WatchedSpawner extends NodeSpawner {
  readonly probes: number[] = [];
  /** The most of them that lived at once. */
  most = 0;

  override async spawn(request: SpawnRequest): ReturnType<NodeSpawner['spawn']> {
    const spawned = await super.spawn(request);
    if (request.env.SWITCHYARD_INSTANCE?.endsWith('.era') === true) {
      this.probes.push(spawned.pid);
      this.most = Math.max(this.most, this.probes.filter(isAlive).length);
    }
    return spawned;
  }
}

function setUp(): { spawner: WatchedSpawner; from: UpstreamFactory } {
  const spawner = new WatchedSpawner();
  const watchdog = {
    run: 'contract.1',
    add: (group: number) => watched.add(group),
    remove: (group: number) => watched.delete(group),
  };
  const egress = { policy: 'any' as const, ownListeners: () => [] };
  const parts = { clock, logger: new SilentLogger(), spawner, watchdog, egress };
  return { spawner, from: new UpstreamFactory(parts) };
}

/** A stateless client was there, and was served as one of the earlier protocol. */
async function serveByTranslation(upstream: Upstream): Promise<{ told: () => number }> {
  let told = 0;
  expect(await upstream.openStateless(NO_SINK)).toBeNull();
  upstream.onStateless(() => {
    told += 1;
  });
  const client = await LegacyClient.open(upstream);
  expect(await client.tool('echo', { message: 'm' })).toBe('m');
  return { told: () => told };
}

describe('a command that answers initialize', () => {
  it('is asked once, on a child of its own, whether it speaks the stateless protocol', async () => {
    const { spawner, from } = setUp();
    const first = await startStateless('stdio', 'dual', [], from);
    const second = await startStateless('stdio', 'dual', [], from);
    const { told } = await serveByTranslation(first);
    const other = await serveByTranslation(second);
    expect(await until(() => told() === 1 && other.told() === 1, 10_000)).toBe(true);
    const native = await startStateless('stdio', 'dual', [], from);
    const conversation = await native.openStateless(NO_SINK);
    expect(conversation?.server.protocolVersion).toBe('2026-07-28');
    // Clients of the earlier protocol are still greeted in it, and that makes nobody forget.
    const legacy = await LegacyClient.open(await startStateless('stdio', 'dual', [], from), () => ({
      result: {},
    }));
    expect(legacy.conversation.server.protocolVersion).toBe(ALICE.protocolVersion);
    const later = await startStateless('stdio', 'dual', [], from);
    expect(await later.openStateless(NO_SINK)).not.toBeNull();
    expect(spawner.probes).toHaveLength(1);
    const [pid = 0] = spawner.probes;
    expect(await until(() => !isAlive(pid) && !watched.has(pid), 10_000)).toBe(true);
  });

  it.each([
    ['refuses the question', []],
    ['ends over the question', ['--exit-on', 'server/discover']],
  ])('is not asked again when it %s', async (_what, knobs) => {
    const { spawner, from } = setUp();
    const first = await startStateless('stdio', 'legacy', knobs, from);
    const { told } = await serveByTranslation(first);
    const gone = (): boolean =>
      spawner.probes.length === 1 && !spawner.probes.some((pid) => watched.has(pid));
    expect(await until(gone, 10_000)).toBe(true);
    await serveByTranslation(await startStateless('stdio', 'legacy', knobs, from));
    expect(told()).toBe(0);
    expect(spawner.probes).toHaveLength(1);
  });

  it('is not asked for clients of the earlier protocol, nor where only one child may run', async () => {
    const { spawner, from } = setUp();
    await LegacyClient.open(await startStateless('stdio', 'dual', [], from));
    const script = fixture('../stateless-server.mjs');
    const command = nodeCommand(script, {}, null, ['--transport', 'stdio', '--era', 'dual']);
    const made = spec('stdio', { command, alone: true });
    await serveByTranslation(await startUpstream(made, from));
    expect(spawner.probes).toEqual([]);
  });

  it('is not waited for by nobody: with its last upstream the probe is over', async () => {
    const { spawner, from } = setUp();
    const [first, second] = await Promise.all(
      ['a', 'b'].map((name) => startStateless('stdio', 'dual', ['--name', name], from)),
    );
    if (first === undefined || second === undefined) throw new Error('not started');
    await Promise.all([serveByTranslation(first), serveByTranslation(second)]);
    await until(() => spawner.probes.length > 0, 10_000);
    await Promise.all([first.stop(), second.stop()]);
    expect(spawner.probes.filter((pid) => isAlive(pid) || watched.has(pid))).toEqual([]);
    expect(spawner.most).toBe(1);
    // Neither answer was heard out, and neither counts.
    const later = await serveByTranslation(
      await startStateless('stdio', 'dual', ['--name', 'b'], from),
    );
    expect(await until(() => later.told() === 1, 10_000)).toBe(true);
  });

  it('that has become another one is taken at its word', async () => {
    const { from } = setUp();
    const script = fixture('../stateless-server.mjs');
    const args = ['--transport', 'stdio', '--era', 'dual'];
    const start = async (era: string): Promise<Upstream> => {
      const command = nodeCommand(script, {}, null, args);
      const made = from.create(spec('stdio', { command, startTimeoutMs: 15_000 }));
      // The same command starts another server now: what names it does not say so.
      Object.assign(command, { args: [script, ...args.slice(0, -1), era] });
      await made.start(new AbortController().signal);
      return made;
    };
    const dual = await start('dual');
    const { told } = await serveByTranslation(dual);
    expect(await until(() => told() === 1, 10_000)).toBe(true);
    const legacy = await start('legacy');
    try {
      await serveByTranslation(legacy);
    } finally {
      await Promise.all([dual.stop(), legacy.stop()]);
    }
  });
});
