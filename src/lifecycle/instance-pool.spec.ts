import { describe, expect, it } from '@jest/globals';
import type { JsonObject } from '../kernel/json.js';
import type { HostingMode } from '../registry/service.js';
import { FakeUpstreamMaker } from '../../test/support/fake-upstream.js';
import { ManualClock, settle } from '../../test/support/manual-clock.js';
import { revisionOf } from '../../test/transcripts/fake-registry.js';
import { CountingRandom } from '../../test/transcripts/lifecycle-world.js';
import { InstanceBudget } from './instance-budget.js';
import { InstancePool } from './instance-pool.js';
import { InstanceStarter } from './instance-starter.js';
import { runnableOf } from './service-observer.js';
import { UpstreamError } from '../upstream/upstream.errors.js';

const NEVER = new AbortController().signal;
const SESSION = { purpose: 'session' } as const;

function setUp(
  runtime: JsonObject = {},
  hosting_mode: HostingMode = 'stdio',
  limit = 64,
  security: JsonObject = {},
) {
  const clock = new ManualClock();
  const maker = new FakeUpstreamMaker(clock);
  const budget = new InstanceBudget(limit);
  const parts = { maker, budget, clock, random: new CountingRandom(), environment: {} };
  const resolveReference = () => Promise.reject(new Error('none'));
  const starter = new InstanceStarter({ ...parts, resolveReference });
  const failures: string[] = [];
  const asked: number[] = [];
  const bereft: boolean[] = [];
  const policy: { startAtMs: number; barrier: UpstreamError | null } = {
    startAtMs: 0,
    barrier: null,
  };
  const revision = runnableOf(
    revisionOf('id', 'weather', 1, { config: { runtime, security }, hosting_mode }),
  );
  const pool = new InstancePool(revision, starter, {
    onProofWanted: (number) => asked.push(number),
    onFailure: ({ error, counted, isBereft }) => {
      failures.push(`${error.code} ${String(counted)}`);
      bereft.push(isBereft);
    },
    onEnding: () => undefined,
    barrier: () => policy.barrier,
    startAtMs: () => policy.startAtMs,
  });
  /** Proves it, as an attempt does. */
  const open = async () => {
    const options = { reuse: false, reclaim: true, onDown: () => undefined };
    pool.admit(await pool.beginTrial(NEVER, options), null);
    await settle();
  };
  return { clock, maker, budget, pool, failures, bereft, asked, policy, open };
}

describe('a pool before its proof', () => {
  it('asks for the proof, and lets callers wait for it', async () => {
    const { pool, asked, open, maker } = setUp({ isolation: 'shared' });
    const acquired = pool.acquire(SESSION);
    expect(asked).toEqual([1]);
    expect(pool.waiters).toBe(1);
    await open();
    expect((await acquired).upstream).toBe(maker.at(0));
  });

  it('lets nobody wait longer than a start may take', async () => {
    const { pool, clock } = setUp();
    const acquired = expect(pool.acquire(SESSION)).rejects.toMatchObject({ code: 'start-timeout' });
    await clock.advance(30_000);
    await acquired;
    expect(clock.pendingTimers).toBe(0);
  });

  it('tells whoever waits why it could not be proven', async () => {
    const { pool } = setUp();
    const acquired = expect(pool.acquire(SESSION)).rejects.toMatchObject({ code: 'exited-early' });
    pool.refuseWaiting(new UpstreamError('exited-early', 'it exited'));
    await acquired;
  });

  it('lets a caller go who gives up', async () => {
    const { pool, clock } = setUp();
    const giveUp = new AbortController();
    const acquired = pool.acquire({ ...SESSION, signal: giveUp.signal });
    giveUp.abort();
    await expect(acquired).rejects.toMatchObject({ code: 'aborted' });
    expect(clock.pendingTimers).toBe(0);
  });
});

describe('a pool whose service is blocked', () => {
  it('lets nobody in but who looks at it, not even those who waited for its proof', async () => {
    const { pool, policy, open } = setUp({ isolation: 'shared' });
    const waiting = expect(pool.acquire(SESSION)).rejects.toMatchObject({ message: 'blocked' });
    policy.barrier = new UpstreamError('stopped', 'blocked');
    await open();
    await waiting;
    await expect(pool.acquire(SESSION)).rejects.toMatchObject({ message: 'blocked' });
    const lease = await pool.acquire({ purpose: 'call', inspects: true });
    lease.release();
    policy.barrier = null;
    (await pool.acquire(SESSION)).release();
  });
});

describe('a pool that proves what starts', () => {
  it('asks for a proof once nothing ran any more, and is as good as proven meanwhile', async () => {
    const { pool, asked, open, maker } = setUp({ isolation: 'shared' }, 'stdio', 64, {
      tool_pinning: 'block',
    });
    await open();
    (await pool.acquire(SESSION)).release();
    expect(asked).toEqual([]);
    maker.at(0).crash();
    await settle();
    const acquired = pool.acquire(SESSION);
    expect(asked).toEqual([1]);
    expect(pool.proven).toBe(true);
    await open();
    expect((await acquired).upstream).toBe(maker.at(1));
  });
});

describe('a shared pool', () => {
  it('serves all from the upstream that was proven', async () => {
    const { pool, maker, open } = setUp({ isolation: 'shared' });
    await open();
    const leases = await Promise.all([pool.acquire(SESSION), pool.acquire({ purpose: 'call' })]);
    expect(leases.map(({ upstream }) => upstream)).toEqual([maker.at(0), maker.at(0)]);
    for (const lease of leases) lease.release();
    expect(maker.at(0).state).toBe('running');
  });

  it('starts its replicas on demand, and gives the one with the least to do', async () => {
    const { pool, maker, open } = setUp({ isolation: 'shared', replicas: 2 });
    await open();
    expect(maker.made).toHaveLength(2);
    maker.at(0).setInFlight(3);
    expect((await pool.acquire(SESSION)).upstream).toBe(maker.at(1));
  });

  it('has all wait after a crash for one upstream that is proven', async () => {
    const { pool, maker, open, failures, bereft, asked } = setUp({ isolation: 'shared' });
    await open();
    maker.at(0).crash();
    expect([bereft, pool.outage]).toEqual([[true], null]);
    pool.awaitProof(new UpstreamError('exited', 'it ended'));
    expect([pool.outage?.code, pool.proven]).toEqual(['exited', true]);
    const waiting = Promise.all([pool.acquire(SESSION), pool.acquire(SESSION)]);
    await settle();
    expect([maker.made.length, asked.length]).toEqual([1, 2]);
    await open();
    const leases = await waiting;
    expect(failures).toEqual(['exited true']);
    expect(pool.outage).toBeNull();
    expect(maker.made).toHaveLength(2);
    expect(leases[0]?.upstream).toBe(leases[1]?.upstream);
  });

  it('needs no new proof while another one serves', async () => {
    const { pool, maker, open, bereft } = setUp({ isolation: 'shared', replicas: 2 });
    await open();
    await settle();
    maker.at(0).crash();
    expect([maker.made.length, bereft]).toEqual([2, [false]]);
    expect((await pool.acquire(SESSION)).upstream).toBe(maker.at(1));
  });

  it('starts nothing before the restart policy allows it, and refuses when that is far away', async () => {
    const { pool, maker, open, policy, clock } = setUp({ isolation: 'shared', idle_stop_ms: 1000 });
    await open();
    await clock.advance(5000);
    policy.startAtMs = 7000;
    const acquired = pool.acquire(SESSION);
    await clock.advance(1999);
    expect(maker.made).toHaveLength(1);
    await clock.advance(1);
    expect((await acquired).upstream).toBe(maker.at(1));
    maker.at(1).crash();
    policy.startAtMs = 307_000;
    await expect(pool.acquire(SESSION)).rejects.toMatchObject({
      code: 'crash-loop',
      facts: { retryAfterS: 300 },
    });
  });

  it('stops what nobody uses, but not under a call or a standing stream', async () => {
    const { pool, maker, open, clock } = setUp({ isolation: 'shared' });
    await open();
    maker.at(0).countListener(1);
    await clock.advance(900_000);
    expect(maker.at(0).state).toBe('running');
    maker.at(0).countListener(-1);
    await clock.advance(600_000);
    expect(maker.at(0).state).toBe('stopped');
    expect(clock.pendingTimers).toBe(0);
    expect(pool.running).toBe(false);
  });

  it('keeps the connection to a remote server, which costs no permit', async () => {
    const { maker, open, clock, budget } = setUp({ command: null }, 'streamable_http');
    await open();
    await clock.advance(3_600_000);
    expect(maker.at(0).state).toBe('running');
    expect(budget.used).toBe(0);
  });
});

describe('a pool of own upstreams', () => {
  it('gives each lease its own, which ends with it', async () => {
    const { pool, maker, open, budget } = setUp();
    await open();
    expect(maker.at(0).state).toBe('stopped');
    const lease = await pool.acquire(SESSION);
    const other = await pool.acquire({ purpose: 'call' });
    expect(other.upstream).not.toBe(lease.upstream);
    lease.release();
    lease.release();
    await settle();
    expect(maker.running).toEqual([other.upstream]);
    expect(budget.used).toBe(1);
  });

  it('takes from the warm stock, and fills it up again', async () => {
    const { pool, maker, open } = setUp({ warm: 1 });
    await open();
    expect(maker.running.map(({ name }) => name)).toEqual(['u2']);
    expect((await pool.acquire(SESSION)).upstream).toBe(maker.at(1));
    await settle();
    expect(maker.running.map(({ name }) => name)).toEqual(['u2', 'u3']);
  });

  it('holds the cap of the service, the stock included', async () => {
    const { pool, open } = setUp({ max_instances: 1 });
    await open();
    await pool.acquire(SESSION);
    await expect(pool.acquire(SESSION)).rejects.toMatchObject({
      code: 'capacity',
      facts: { retryAfterS: 1 },
    });
  });

  it('holds the cap of the gateway', async () => {
    const { pool, open } = setUp({}, 'stdio', 1);
    await open();
    await pool.acquire(SESSION);
    await expect(pool.acquire(SESSION)).rejects.toMatchObject({ code: 'capacity' });
  });

  it('does not hold a crash against the service when a client had the child', async () => {
    const { pool, maker, open, failures } = setUp({ warm: 1 });
    await open();
    await pool.acquire(SESSION);
    await settle();
    maker.at(1).crash();
    maker.at(2).crash();
    expect(failures).toEqual(['exited false', 'exited true']);
  });

  it('counts starts that failed side by side as one failure', async () => {
    const { pool, maker, open, failures } = setUp();
    await open();
    maker.fail('exited-early');
    await Promise.allSettled([1, 2, 3].map(() => pool.acquire(SESSION)));
    expect(failures).toEqual(['exited-early true', 'exited-early false', 'exited-early false']);
  });

  it('stops the child of a session that was idle for long', async () => {
    const { pool, maker, open, clock } = setUp();
    await open();
    const { upstream } = await pool.acquire(SESSION);
    await clock.advance(300_000);
    expect(maker.running).not.toContain(upstream);
  });
});

describe('the end of a pool', () => {
  it('refuses new leases and whoever waits, once it is retired', async () => {
    const { pool, maker, open } = setUp({ isolation: 'shared' });
    await open();
    maker.at(0).crash();
    maker.fail('hang');
    const waiting = expect(pool.acquire(SESSION)).rejects.toMatchObject({ code: 'retired' });
    await settle();
    pool.retire();
    await waiting;
    await expect(pool.acquire(SESSION)).rejects.toMatchObject({ code: 'retired' });
  });

  it('waits for the calls under way, at most as long as it is given', async () => {
    const { pool, maker, open, clock } = setUp({ isolation: 'shared' });
    await open();
    maker.at(0).setInFlight(1);
    const drained = pool.drain(30_000, 0);
    await clock.advance(10_000);
    expect(maker.at(0).state).toBe('running');
    maker.at(0).setInFlight(0);
    await clock.advance(50);
    await drained;
    expect(maker.at(0).state).toBe('stopped');
  });

  it('stops at once when told to, though a drain is under way; no timer, process or permit is left', async () => {
    const { pool, maker, open, clock, budget } = setUp({ warm: 2 });
    await open();
    const { upstream } = await pool.acquire(SESSION);
    maker.made.find((one) => one === upstream)?.setInFlight(1);
    const drained = pool.drain(30_000, 3_600_000);
    await settle();
    expect(maker.running).toEqual([upstream]);
    await Promise.all([pool.stop(), drained]);
    expect(maker.running).toEqual([]);
    expect(clock.pendingTimers).toBe(0);
    expect(budget.used).toBe(0);
    expect(pool.running).toBe(false);
  });

  it('ends a start that is under way', async () => {
    const { pool, maker, clock, budget } = setUp();
    maker.fail('hang');
    const options = { reuse: false, reclaim: true, onDown: () => undefined };
    const trial = expect(pool.beginTrial(NEVER, options)).rejects.toMatchObject({
      code: 'aborted',
    });
    await settle();
    await pool.stop();
    await trial;
    expect(clock.pendingTimers).toBe(0);
    expect(budget.used).toBe(0);
  });
});

describe('a pool out of rotation', () => {
  it('stops everything and refuses with the reason, until another trial is admitted', async () => {
    const { pool, maker, open } = setUp({ isolation: 'shared' });
    await open();
    pool.suspend(new UpstreamError('crash-loop', 'it keeps ending'));
    await settle();
    expect(maker.running).toEqual([]);
    await expect(pool.acquire(SESSION)).rejects.toMatchObject({ code: 'crash-loop' });
    await open();
    expect((await pool.acquire(SESSION)).upstream).toBe(maker.at(1));
  });

  it('replaces what serves only when the new one is admitted', async () => {
    const { pool, maker, open, clock } = setUp({ isolation: 'shared' });
    await open();
    maker.at(0).setInFlight(1);
    const options = { reuse: false, reclaim: true, onDown: () => undefined };
    const fresh = await pool.beginTrial(NEVER, options);
    expect((await pool.acquire(SESSION)).upstream).toBe(maker.at(0));
    pool.admit(fresh, 1000);
    expect((await pool.acquire(SESSION)).upstream).toBe(maker.at(1));
    await clock.advance(1000);
    expect(maker.running).toEqual([maker.at(1)]);
  });

  it('proves with what serves already, when that will do', async () => {
    const { pool, maker, open } = setUp({ isolation: 'shared' });
    await open();
    const options = { reuse: true, reclaim: true, onDown: () => undefined };
    const trial = await pool.beginTrial(NEVER, options);
    pool.dismiss(trial);
    expect(maker.made).toHaveLength(1);
    expect(maker.at(0).state).toBe('running');
  });
});
