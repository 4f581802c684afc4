import { describe, expect, it } from '@jest/globals';
import { ManualClock, settle } from '../../test/support/manual-clock.js';
import { Random } from '../kernel/random.js';
import { CheckRounds, POOL, type RoundFacts } from './check-rounds.js';

class Zero extends Random {
  override uuid(): string {
    return '';
  }
  override fraction(): number {
    return 0;
  }
  override bytes(count: number): Buffer {
    return Buffer.alloc(count);
  }
}

class Bench {
  readonly clock = new ManualClock();
  readonly begun: string[] = [];
  readonly lateness: number[] = [];
  readonly ends = new Map<string, () => void>();
  facts: RoundFacts | null = { intervalMs: 1_000, starts: false };
  readonly rounds = new CheckRounds(
    this.clock,
    new Zero(),
    () => this.facts,
    ({ serviceId, checkKey }) => {
      const key = `${serviceId}/${checkKey}`;
      this.begun.push(key);
      return new Promise((resolve) => this.ends.set(key, resolve));
    },
    (latenessMs) => this.lateness.push(latenessMs),
  );

  async end(key: string): Promise<void> {
    this.ends.get(key)?.();
    await settle();
  }

  async tickAfter(ms: number): Promise<void> {
    await this.clock.advance(ms);
    this.rounds.tick();
  }
}

describe('CheckRounds', () => {
  it('runs what is due, and again after its interval', async () => {
    const bench = new Bench();
    bench.rounds.plan('s', ['a']);
    bench.rounds.tick();
    await bench.end('s/a');
    await bench.tickAfter(899);
    expect(bench.begun).toEqual(['s/a']);
    await bench.tickAfter(1);
    expect(bench.begun).toEqual(['s/a', 's/a']);
  });

  it('does not overlap a run that takes longer than its interval', async () => {
    const bench = new Bench();
    bench.rounds.plan('s', ['a']);
    bench.rounds.tick();
    await bench.tickAfter(10_000);
    expect(bench.begun).toEqual(['s/a']);
  });

  it('runs no more at once than the pool holds', async () => {
    const bench = new Bench();
    const keys = Array.from({ length: POOL + 2 }, (_, at) => String(at));
    bench.rounds.plan('s', keys);
    bench.rounds.tick();
    bench.rounds.tick();
    expect(bench.begun).toHaveLength(POOL);
    expect(bench.rounds.underWay).toBe(POOL);
  });

  it('runs a quick check on time whatever number of slow ones hangs', async () => {
    const bench = new Bench();
    const facts = { intervalMs: 1_000, starts: false };
    const rounds = new CheckRounds(
      bench.clock,
      new Zero(),
      ({ serviceId }) => ({ ...facts, slow: serviceId === 'hangs' }),
      ({ serviceId, checkKey }) => {
        bench.begun.push(serviceId + checkKey);
        if (serviceId === 'good') return Promise.resolve();
        return new Promise((resolve) => bench.ends.set(checkKey, resolve));
      },
    );
    rounds.plan(
      'hangs',
      Array.from({ length: POOL + 2 }, (_, at) => String(at)),
    );
    rounds.plan('good', ['']);
    rounds.tick();
    await settle();
    expect([bench.begun.length, bench.begun.includes('good')]).toEqual([9, true]);
    await bench.clock.advance(1_000);
    rounds.tick();
    await settle();
    expect(bench.begun.slice(9)).toEqual(['good']);
    const [one = ''] = bench.ends.keys();
    await bench.end(one);
    expect(bench.begun.slice(10)).toEqual([expect.stringContaining('hangs')]);
    expect(rounds.underWay).toBe(8);
  });

  it('begins the next check that is due as soon as one ends, and says how late it is', async () => {
    const bench = new Bench();
    const keys = Array.from({ length: POOL + 2 }, (_, at) => String(at));
    bench.rounds.plan('s', keys);
    bench.rounds.tick();
    await bench.clock.advance(700);
    await bench.end(bench.begun[0] ?? '');
    expect(bench.begun).toHaveLength(POOL + 1);
    await bench.end(bench.begun[1] ?? '');
    expect(bench.begun).toHaveLength(POOL + 2);
    expect(bench.lateness).toEqual([...Array.from({ length: POOL }, () => 0), 700, 700]);
  });

  it('begins what was asked for soon at once, but only as far as there is room', async () => {
    const bench = new Bench();
    bench.facts = { intervalMs: 60_000, starts: false };
    const keys = Array.from({ length: POOL + 1 }, (_, at) => String(at));
    bench.rounds.plan('s', keys);
    bench.rounds.tick();
    await bench.end('s/0');
    expect(bench.begun).toHaveLength(POOL + 1);
    bench.rounds.soon({ serviceId: 's', checkKey: '0' });
    expect(bench.begun).toHaveLength(POOL + 1);
    await bench.end('s/1');
    expect(bench.begun.at(-1)).toBe('s/0');
    bench.rounds.soon({ serviceId: 's', checkKey: '0' });
    bench.rounds.soon({ serviceId: 's', checkKey: 'unknown' });
    await bench.end('s/0');
    expect(bench.begun).toHaveLength(POOL + 2);
  });

  it('starts at most two upstreams at once, and the others as soon as one has ended', async () => {
    const bench = new Bench();
    bench.facts = { intervalMs: 900_000, starts: true };
    bench.rounds.plan('s', ['a', 'b', 'c']);
    bench.rounds.tick();
    expect(bench.begun).toHaveLength(2);
    bench.rounds.tick();
    await bench.clock.advance(2_000);
    await bench.end(bench.begun[0] ?? '');
    expect(bench.begun).toHaveLength(3);
    expect(bench.lateness).toEqual([0, 0, 2_000]);
  });

  it('does not start an upstream for a check that was dropped while it waited for that', async () => {
    const bench = new Bench();
    bench.facts = { intervalMs: 900_000, starts: true };
    bench.rounds.plan('s', ['a', 'b', 'c']);
    bench.rounds.tick();
    const begun = bench.begun.map((key) => key.slice(2));
    bench.rounds.plan('s', begun);
    await bench.end(bench.begun[0] ?? '');
    await bench.tickAfter(5_000);
    expect(bench.begun).toHaveLength(2);
    expect(bench.rounds.size).toBe(2);
  });

  it('drops checks that are planned no more, and a service whole', async () => {
    const bench = new Bench();
    bench.rounds.plan('s', ['a', 'b']);
    bench.rounds.plan('s', ['b']);
    bench.rounds.tick();
    expect(bench.begun).toEqual(['s/b']);
    bench.rounds.plan('s', []);
    await bench.end('s/b');
    await bench.tickAfter(100_000);
    expect(bench.begun).toEqual(['s/b']);
    expect(bench.rounds.size).toBe(0);
  });

  it('brings a check forward whose interval has become shorter, and none back', async () => {
    const bench = new Bench();
    bench.facts = { intervalMs: 900_000, starts: false };
    bench.rounds.plan('s', ['a']);
    bench.rounds.tick();
    await bench.end('s/a');
    bench.facts = { intervalMs: 1_000, starts: false };
    bench.rounds.plan('s', ['a']);
    await bench.tickAfter(1_000);
    bench.rounds.plan('s', ['a']);
    expect(bench.begun).toHaveLength(1);
    await bench.tickAfter(100);
    expect(bench.begun).toHaveLength(2);
  });

  it('drops a check that its owner knows no more', async () => {
    const bench = new Bench();
    bench.rounds.plan('s', ['a']);
    bench.facts = null;
    bench.rounds.tick();
    expect(bench.begun).toEqual([]);
    expect(bench.rounds.size).toBe(0);
  });

  it('waits for the run under way when one is asked for now', async () => {
    const bench = new Bench();
    bench.rounds.plan('s', ['a']);
    bench.rounds.tick();
    let done = false;
    const asked = bench.rounds.now({ serviceId: 's', checkKey: 'a' }).then(() => {
      done = true;
    });
    await settle();
    expect(done).toBe(false);
    await bench.end('s/a');
    await asked;
    expect(bench.begun).toEqual(['s/a']);
  });
});
